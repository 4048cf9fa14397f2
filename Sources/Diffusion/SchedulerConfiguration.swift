import Foundation

/// What `scheduler/scheduler_config.json` says about the noise a model was trained with.
///
/// A value the file leaves out is taken from the sampler that is chosen, not from the class the file names: that is what diffusers does
/// when it makes one scheduler from another's configuration.
package struct SchedulerConfiguration: Sendable, Equatable {
    /// How beta goes from its start to its end.
    package enum BetaSchedule: String, Sendable, CaseIterable { case linear, scaledLinear = "scaled_linear" }
    /// What the UNet was trained to say about a noisy latent.
    package enum Prediction: String, Sendable, CaseIterable { case epsilon, velocity = "v_prediction", sample }
    /// How N steps are spread over the training steps.
    package enum Spacing: String, Codable, Sendable, CaseIterable { case leading, trailing, linspace }

    /// Training steps, T.
    package var trainingSteps = 1000
    package var betaStart = 0.0001
    package var betaEnd = 0.02
    package var betaSchedule = BetaSchedule.linear
    package var prediction = Prediction.epsilon
    /// Nil: the sampler's own.
    package var spacing: Spacing?
    /// Added to every timestep of leading spacing.
    package var stepsOffset = 0
    /// Whether DDIM treats the step after the last as noiseless instead of as the first training step. Nil: true, as the class has it.
    package var noiselessEnd: Bool?
    /// Whether the estimate of the clean latent is clamped, by the samplers that know of it. Nil: by DDIM only, as the classes have it.
    package var clipsEstimate: Bool?
    /// The magnitude it is clamped to.
    package var clipRange: Float = 1
    /// Whether the schedule is moved so that its last step is noise alone (`rescale_betas_zero_snr`).
    package var rescalesToNoise = false
    /// Steps that a latent consistency model was distilled with.
    package var originalSteps = 50
    /// What LCM multiplies timesteps with in its boundary condition.
    package var timestepScaling = 10.0
    /// The noise of a model without training steps, which then takes the place of the betas'; nil: it has them.
    package var continuous: ContinuousNoise?
    /// The sampler that the file's class stands for, where this engine has it.
    package var namedSampler: SamplerName?

    /// The configuration of Stable Diffusion 1.x and what follows its training.
    package static let stableDiffusion: SchedulerConfiguration = {
        var configuration = SchedulerConfiguration()
        configuration.betaStart = 0.00085
        configuration.betaEnd = 0.012
        configuration.betaSchedule = .scaledLinear
        configuration.stepsOffset = 1
        configuration.noiselessEnd = false
        configuration.clipsEstimate = false
        return configuration
    }()

    package init() {}

    /// Reads a `scheduler_config.json`.
    /// - Throws: `DiffusionError` that names the key, for values this engine does not know.
    package init(contentsOf url: URL) throws {
        let file = try ConfigurationFile(contentsOf: url)
        trainingSteps = try file.integer("num_train_timesteps", default: 1000)
        guard (2...StepSpacing.mostTrained).contains(trainingSteps) else {
            throw file.unsupported("num_train_timesteps", "\(trainingSteps)", supported: "2 to \(StepSpacing.mostTrained)")
        }
        betaStart = try file.number("beta_start", default: 0.0001)
        betaEnd = try file.number("beta_end", default: 0.02)
        guard betaStart > 0, betaEnd >= betaStart, betaEnd < 1 else {
            throw file.unsupported("beta_end", "\(betaEnd)", supported: "0 < beta_start <= beta_end < 1")
        }
        betaSchedule = try file.choice("beta_schedule", default: .linear)
        prediction = try file.choice("prediction_type", default: .epsilon)
        spacing = file.has("timestep_spacing") ? try file.choice("timestep_spacing", default: .leading) : nil
        stepsOffset = try file.integer("steps_offset", default: 0)
        guard (0..<trainingSteps).contains(stepsOffset) else {
            throw file.unsupported("steps_offset", "\(stepsOffset)", supported: "0 to \(trainingSteps - 1)")
        }
        noiselessEnd = file.has("set_alpha_to_one") ? try file.flag("set_alpha_to_one", default: true) : nil
        clipsEstimate = file.has("clip_sample") ? try file.flag("clip_sample", default: true) : nil
        clipRange = Float(try file.number("clip_sample_range", default: 1))
        guard clipRange > 0 else { throw file.unsupported("clip_sample_range", "\(clipRange)", supported: "numbers above 0") }
        rescalesToNoise = try file.flag("rescale_betas_zero_snr", default: false)
        originalSteps = try file.integer("original_inference_steps", default: min(50, trainingSteps))
        guard (1...trainingSteps).contains(originalSteps) else {
            throw file.unsupported("original_inference_steps", "\(originalSteps)", supported: "1 to \(trainingSteps)")
        }
        timestepScaling = try file.number("timestep_scaling", default: 10)
        guard timestepScaling.isFinite else {
            throw file.unsupported("timestep_scaling", "\(timestepScaling)", supported: "finite numbers")
        }

        for key in [
            "thresholding", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "use_flow_sigmas",
        ] where try file.flag(key, default: false) {
            throw file.unsupported(key, "true", supported: "false")
        }
        if file.has("trained_betas") { throw file.unsupported("trained_betas", "a list", supported: "null") }
        try file.require("final_sigmas_type", in: ["zero"])
        // DEIS' own words, which diffusers reads as DPM++'s where such a file is run with DPM++: they say nothing about the noise.
        try file.require("algorithm_type", in: ["dpmsolver++", "sde-dpmsolver++", "deis"])
        // UniPC's own bh1 is another solver than its bh2.
        let isUniPC = try file.text("_class_name", default: "") == "UniPCMultistepScheduler"
        try file.require("solver_type", in: ["midpoint", "bh2", "logrho"] + (isUniPC ? [] : ["bh1"]))
        continuous = try ContinuousNoise(file)
        namedSampler = try Self.sampler(file)
        try file.require("interpolation_type", in: ["linear"])
        try file.require("timestep_type", in: ["discrete"])
        guard continuous != nil || NoiseSchedule(self).rises else {
            throw file.unsupported(
                "beta_start", "\(betaStart) (to a beta_end of \(betaEnd))", supported: "betas that come to rising noise in single precision"
            )
        }
    }

    /// The sampler of the class that the file names, with its options.
    private static func sampler(_ file: ConfigurationFile) throws(DiffusionError) -> SamplerName? {
        let karras = try file.flag("use_karras_sigmas", default: false)
        switch try file.text("_class_name", default: "") {
        case "DDIMScheduler": return .ddim
        case "PNDMScheduler": return try file.flag("skip_prk_steps", default: false) ? .pndm : .pndmRungeKutta
        case "EulerDiscreteScheduler": return karras ? .eulerKarras : .euler
        case "EDMEulerScheduler": return .euler
        case "EulerAncestralDiscreteScheduler": return .eulerAncestral
        case "HeunDiscreteScheduler": return karras ? .heunKarras : .heun
        case "LCMScheduler": return .lcm
        case "TCDScheduler": return .tcd
        case "UniPCMultistepScheduler": return karras ? .unipcKarras : .unipc
        case "DPMSolverMultistepScheduler", "EDMDPMSolverMultistepScheduler":
            let stochastic = try file.text("algorithm_type", default: "dpmsolver++") == "sde-dpmsolver++"
            return stochastic ? (karras ? .dpmpp2MSDEKarras : .dpmpp2MSDE) : (karras ? .dpmpp2MKarras : .dpmpp2M)
        default: return nil
        }
    }
}

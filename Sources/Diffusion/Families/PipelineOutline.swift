import Pixels
import Tensors

/// What is known of a latent diffusion model with a UNet before a weight of it is read, whichever family it is of: enough to say what a run on
/// it comes to, and what it costs.
package struct PipelineOutline: Sendable {
    package let unet: UNetConfiguration
    package let autoencoder: AutoencoderConfiguration
    package let noise: NoiseSchedule
    /// Whether they are held in two bytes a number.
    package let isHeldInHalves: Bool
    /// In which numbers its products are made.
    package let arithmetic: Arithmetic
    /// Bytes that the UNet's convolutions keep for their fast algorithm, by the level of the map they work on.
    let transformMemory: [Int]

    /// - Throws: `DiffusionError.unsupported` where the parts do not fit each other.
    init(
        unet: UNetConfiguration, autoencoder: AutoencoderConfiguration, scheduler: SchedulerConfiguration,
        isHeldInHalves: Bool = false, arithmetic: Arithmetic = .f32, transformMemory: [Int] = []
    ) throws(DiffusionError) {
        let latents = autoencoder.latentChannels
        let (input, output) = (unet.inputChannels, unet.outputChannels)
        guard input == latents || input == 2 * latents + 1 else {
            throw .unsupported(
                file: "unet/config.json", key: "in_channels", value: "\(input)",
                supported: "\(latents), as many as the autoencoder's latents have, or \(2 * latents + 1) for repainting")
        }
        guard output == latents else {
            throw .unsupported(
                file: "unet/config.json", key: "out_channels", value: "\(output)",
                supported: "\(latents), as many as the autoencoder's latents have")
        }
        guard scheduler.continuous == nil || scheduler.prediction != .sample else {
            throw .unsupported(
                file: "a model without training steps (EDM)", key: "prediction_type", value: "sample", supported: "epsilon, v_prediction")
        }
        (self.unet, self.autoencoder) = (unet, autoencoder)
        (self.isHeldInHalves, self.transformMemory) = (isHeldInHalves, transformMemory)
        self.arithmetic = arithmetic
        noise = NoiseSchedule(scheduler)
    }

    /// Working sizes are filled up to multiples of this many pixels.
    package var sizeMultiple: Int { autoencoder.scale }

    /// Multiples of this many pixels halve evenly at every level of the UNet.
    package var evenMultiple: Int { sizeMultiple << (unet.channels.count - 1) }

    /// Width and height in pixels of the squares the model was trained on.
    package var usualSide: Int { (unet.sampleSize ?? 64) * autoencoder.scale }

    /// Whether the UNet was made for repainting and wants the mask and the rest of the picture beside the latent.
    package var wantsMask: Bool { unet.inputChannels > autoencoder.latentChannels }

    /// Whether a request goes through the UNet twice a step. A model that takes the scale as an input was distilled to need no second pass.
    package func isGuided(_ request: GenerationRequest) -> Bool { request.guidance > 1 && unet.guidanceEmbeddingWidth == nil }

    /// Whether the autoencoder's tiles are any smaller than the canvas.
    package func canTile(_ canvas: PixelSize) -> Bool {
        AutoencoderTiling(autoencoder).divides(height: canvas.height / sizeMultiple, width: canvas.width / sizeMultiple)
    }

    package var latentChannels: Int { autoencoder.latentChannels }
    package var textWidth: Int { unet.textWidths[0] }

    /// So few of LCM's and TCD's steps are made for a model distilled to consistency, whatever it was distilled into.
    private static let fewSteps = 8

    /// The steps of a request and which of them run.
    ///
    /// A model distilled to consistency spreads all its steps over the part of the schedule that strength leaves, as diffusers'
    /// `LatentConsistencyModelImg2ImgPipeline` does it, instead of leaving out the first of them: it has too few to leave out any. Models that
    /// were distilled to certain timesteps, for which a spacing is named, keep to these: the first are left out.
    ///
    /// - Parameter strength: nil for a run from nothing.
    package func sampling(_ request: GenerationRequest, strength: Double?) throws(DiffusionError) -> Sampling {
        let isFew = unet.guidanceEmbeddingWidth != nil || request.profile == .redraw && request.steps <= Self.fewSteps
        let spreads = request.mode == .generate && request.sampler.isConsistency && request.spacing == nil && isFew
        let schedule = try StepSchedule(
            noise, sampler: request.sampler, count: request.steps, spacing: request.spacing, strength: spreads ? strength : nil,
            profile: request.profile)
        return Sampling(Sampler(schedule, eta: request.eta), try StepPlan(schedule, strength: strength, profile: request.profile))
    }
}

extension Pipeline {
    package var sizeMultiple: Int { family.sizeMultiple }
    package var usualSide: Int { family.usualSide }
    package var wantsMask: Bool { family.wantsMask }

    /// See `ModelFamily.plan`.
    package func plan(
        _ request: GenerationRequest, picture: PixelSize?, box: PixelRectangle? = nil, budget: MemoryBudget? = nil
    ) throws -> Plan {
        try family.plan(request, picture: picture, box: box, budget: budget)
    }
}

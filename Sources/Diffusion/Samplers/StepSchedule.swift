import Foundation
import Tensors

/// The timesteps and noise levels of one run of N steps, before strength cuts its beginning off.
///
/// An entry is a pass of the UNet. Most samplers have one for each step; Heun has two but for the last, PNDM a few more than steps.
package struct StepSchedule: Sendable {
    package let sampler: SamplerName
    /// The noise as this sampler's class makes it.
    package let noise: NoiseSchedule
    /// N, the steps asked for.
    package let count: Int
    /// A timestep for each pass, falling or equal; whole numbers but for Euler's and Heun's. Of a model without training steps what its
    /// network is told instead.
    package let timesteps: [Float]
    /// A noise level for each pass and the 0 behind the last. Samplers that work by timestep do not use it.
    package let sigmas: [Float]
    /// How strong the noise is that a run from nothing starts with.
    package let initialNoise: Float

    /// Whether the schedule begins where strength has it begin, so that all of it runs.
    package let heedsStrength: Bool

    /// - Parameters:
    ///   - spacing: in the place of the model's; LCM's and TCD's steps are then spread as those of others, or lie where it has them.
    ///   - strength: for LCM and TCD, how much of the schedule the steps are spread over; nil: over all of it.
    ///   - profile: `a1111` for that tool's spacing and noise levels, any other for diffusers'.
    /// - Throws: `DiffusionError.steps` unless `count` is between the least and the most that the sampler can give,
    ///   `DiffusionError.crowdedSteps` where so many lead beyond the training or two of them to one place,
    ///   `DiffusionError.timesteps` where they are told one by one and lie beyond the training,
    ///   `DiffusionError.samplerOfProfile` for samplers that the profile does not reproduce, and
    ///   `DiffusionError.needsTrainingSteps` for a sampler or a profile that walks along what the model does not have.
    package init(
        _ noise: NoiseSchedule, sampler: SamplerName, count: Int, spacing: StepSpacing? = nil, strength: Double? = nil,
        profile: GenerationRequest.Profile = .diffusers
    ) throws(DiffusionError) {
        var configuration = noise.configuration
        configuration.spacing = spacing?.rule ?? configuration.spacing
        if configuration.continuous != nil { try Self.requireLevels(sampler, profile) }
        let allowed = Self.counts(sampler, configuration)
        guard allowed.contains(count) else {
            throw .steps(requested: count, minimum: allowed.lowerBound, maximum: allowed.upperBound)
        }
        let noise = NoiseSchedule(configuration, for: sampler)
        self.noise = noise
        self.sampler = sampler
        self.count = count
        heedsStrength = strength != nil && sampler.isConsistency && spacing == nil
        if let told = spacing?.timesteps, profile != .a1111 {
            precondition(sampler.takesTimesteps && told.count == count, "a request is checked before it is scheduled")
            guard told[0] < configuration.trainingSteps else { throw .timesteps(told, trained: configuration.trainingSteps) }
            timesteps = told.map(Float.init)
            (sigmas, initialNoise) = ([], 1)
            return
        }
        guard profile == .a1111 || !sampler.isConsistency || spacing != nil else {
            timesteps = try Self.consistencyTimesteps(configuration, count, strength: strength ?? 1, profile)
            (sigmas, initialNoise) = ([], 1)
            return
        }
        let made =
            if let continuous = configuration.continuous {
                Self.continuous(continuous, sampler, count)
            } else if profile == .a1111 {
                try Self.webUI(noise, sampler, count, spacing?.rule)
            } else {
                Self.diffusers(noise, sampler, count)
            }
        guard made.isWithin(noise, sampler) else { throw .crowdedSteps(requested: count, trained: configuration.trainingSteps) }
        guard sampler.passesPerStep == 2 else {
            timesteps = made.timesteps
            sigmas = made.sigmas
            initialNoise = made.initialNoise
            return
        }
        // Each level but the first is met twice: at the end of one step and at the start of the next.
        timesteps = made.timesteps.prefix(1) + made.timesteps.dropFirst().flatMap { [$0, $0] }
        sigmas = made.sigmas.prefix(1) + made.sigmas.dropFirst().dropLast().flatMap { [$0, $0] } + [0]
        initialNoise = made.initialNoise
    }

    private static func counts(_ sampler: SamplerName, _ configuration: SchedulerConfiguration) -> ClosedRange<Int> {
        switch sampler {
        case .lcm, .tcd: 1...configuration.originalSteps
        // Its Runge-Kutta start alone takes four timesteps.
        case .pndmRungeKutta: 4...max(4, configuration.trainingSteps)
        // One step of the exponential course would begin at the smallest level.
        case _ where configuration.continuous?.course == .exponential && !sampler.isKarras: 2...configuration.trainingSteps
        default: 1...configuration.trainingSteps
        }
    }

    /// - Throws: `DiffusionError.needsTrainingSteps` unless sampler and profile go by noise levels.
    private static func requireLevels(_ sampler: SamplerName, _ profile: GenerationRequest.Profile) throws(DiffusionError) {
        guard sampler.formulation != .timestep else {
            let instead = SamplerName.allCases.filter { $0.formulation != .timestep }.map(\.rawValue)
            throw .needsTrainingSteps(what: "the sampler \(sampler.rawValue)", instead: instead)
        }
        guard profile != .a1111 else {
            let instead = [GenerationRequest.Profile.redraw, .diffusers].map(\.rawValue)
            throw .needsTrainingSteps(what: "the profile \(profile.rawValue)", instead: instead)
        }
    }

    /// Training steps from one step to the next.
    var ratio: Int { noise.configuration.trainingSteps / count }

    /// In what form latents are held: as the sampler has it; those of models without training steps are never divided.
    var formulation: SamplerName.Formulation { noise.configuration.continuous == nil ? sampler.formulation : .exploding }

    /// Signal and noise that the pass at `index` starts from.
    func split(at index: Int) -> NoiseSplit {
        switch formulation {
        case .timestep: NoiseSplit(remaining: noise.remaining(at: Int(timesteps[index])))
        case .preserving: NoiseSplit(sigma: sigmas[index])
        case .exploding: NoiseSplit(undivided: sigmas[index])
        }
    }

    /// What stands between latent and network at the pass at `index`, where latents are never divided.
    func preconditioning(at index: Int) -> Preconditioning {
        Preconditioning(noise.configuration.prediction, sigma: sigmas[index], noise.configuration.continuous)
    }

    /// The estimate of the clean latent that an answer of the pass at `index` amounts to.
    func clean(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        guard formulation == .exploding else { return noise.configuration.prediction.clean(output, latent, split(at: index)) }
        return preconditioning(at: index).clean(output, latent)
    }

    /// abar at a training step.
    /// - Parameter noiselessEnd: whether nothing but the clean latent is left before the first training step, where the model's
    ///   configuration does not say.
    func remaining(at timestep: Int, noiselessEnd: Bool) -> Float {
        guard timestep < 0 else { return noise.remaining[min(timestep, noise.remaining.count - 1)] }
        return noise.configuration.noiselessEnd ?? noiselessEnd ? 1 : noise.remaining[0]
    }

    private struct Levels {
        let timesteps: [Float]
        let sigmas: [Float]
        let initialNoise: Float

        /// Whether a sampler can walk along them: one that looks training steps up needs each to be one, one that divides by the distance
        /// between two levels needs all to differ.
        func isWithin(_ noise: NoiseSchedule, _ sampler: SamplerName) -> Bool {
            switch sampler.formulation {
            case .timestep: timesteps.allSatisfy { (-1..<Float(noise.remaining.count)).contains($0) }
            case .preserving: zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 != $1 }
            case .exploding: true
            }
        }
    }

    private static func diffusers(_ noise: NoiseSchedule, _ sampler: SamplerName, _ count: Int) -> Levels {
        let configuration = noise.configuration
        func rounded(_ values: [Double]) -> [Float] { values.map { Float($0.rounded(.toNearestOrEven)) } }
        func spaced(_ points: Int) -> [Double] { Self.spaced(configuration, sampler, count: count, points: points) }
        switch sampler.formulation {
        case .timestep:
            let timesteps =
                switch sampler {
                case .pndm: pseudoNumericalTimesteps(rounded(spaced(count)), rungeKutta: false, configuration)
                case .pndmRungeKutta: pseudoNumericalTimesteps(rounded(spaced(count)), rungeKutta: true, configuration)
                default: rounded(spaced(count))
                }
            return Levels(timesteps: timesteps, sigmas: [], initialNoise: 1)
        case .preserving:
            // One point more is spread, and the one at the clean end dropped. Karras' levels span the whole of the training.
            let (first, last) = (Double(noise.sigmas[noise.sigmas.count - 1]), Double(noise.sigmas[0]))
            let levels =
                sampler.isKarras
                ? karras(from: first, to: last, count: count)
                : rounded(spaced(count + 1)).map { noise.sigma(at: Double($0)) }
            let timesteps = sampler.isKarras ? rounded(levels.map { noise.timestep(ofSigma: $0) }) : rounded(spaced(count + 1))
            return Levels(timesteps: timesteps, sigmas: levels.map { Float($0) } + [0], initialNoise: 1)
        case .exploding:
            // These classes work on single-precision timesteps and do not round those of linspace.
            var timesteps = spaced(count).map { Double(Float($0)) }
            var levels = timesteps.map { noise.sigma(at: $0) }
            if sampler.isKarras {
                levels = karras(from: levels[0], to: levels[levels.count - 1], count: count)
                timesteps = levels.map { noise.timestep(ofSigma: $0) }
            }
            let largest = levels.map { Float($0) }.max() ?? 1
            let leading = (configuration.spacing ?? sampler.usualSpacing) == .leading
            return Levels(
                timesteps: timesteps.map { Float($0) }, sigmas: levels.map { Float($0) } + [0],
                initialNoise: leading ? (largest * largest + 1).squareRoot() : largest)
        }
    }

    /// Levels between the model's own ends. Both of diffusers' classes begin with more noise than the first level has, as for leading steps.
    private static func continuous(_ noise: ContinuousNoise, _ sampler: SamplerName, _ count: Int) -> Levels {
        let levels: [Float] =
            if sampler.isKarras || noise.course == .karras {
                karras(from: noise.largest, to: noise.smallest, count: count, rho: noise.rho).map { Float($0) }
            } else {
                NoiseSchedule.linearSpace(Float(log(noise.smallest)), Float(log(noise.largest)), count: count).map { expf($0) }.reversed()
            }
        return Levels(
            timesteps: levels.map { logf($0) / 4 }, sigmas: levels + [0],
            initialNoise: Float((noise.largest * noise.largest + 1).squareRoot()))
    }

    /// AUTOMATIC1111's web UI with k-diffusion's samplers: levels even in training steps with log sigma interpolated, or Karras' over the
    /// whole of the training; timesteps not rounded; a run from nothing starts at the first level exactly.
    ///
    /// Trailing steps are its schedule type "SGM Uniform": one level more is spread, and the one at the clean end dropped.
    private static func webUI(
        _ noise: NoiseSchedule, _ sampler: SamplerName, _ count: Int, _ spacing: SchedulerConfiguration.Spacing?
    ) throws(DiffusionError) -> Levels {
        guard sampler.isReproducedOfWebUI else {
            throw .samplerOfProfile(
                sampler: sampler.rawValue, profile: GenerationRequest.Profile.a1111.rawValue,
                reproduced: SamplerName.allCases.filter(\.isReproducedOfWebUI).map(\.rawValue))
        }
        let last = noise.sigmas.count - 1
        let levels: [Float] =
            sampler.isKarras
            ? karras(from: Double(noise.sigmas[last]), to: Double(noise.sigmas[0]), count: count).map { Float($0) }
            : NoiseSchedule.linearSpace(Float(last), 0, count: spacing == .trailing ? count + 1 : count).prefix(count).map {
                noise.sigmaByLogarithm(at: $0)
            }
        let timesteps = levels.map { Float(noise.timestep(ofSigma: Double($0))) }
        let first = levels[0]
        return Levels(
            timesteps: timesteps, sigmas: levels + [0],
            initialNoise: sampler.formulation == .exploding ? first : NoiseSplit(sigma: first).deviation)
    }

    /// `count` timesteps, falling. DPM++ and UniPC spread one point more and drop the one at the clean end.
    private static func spaced(
        _ configuration: SchedulerConfiguration, _ sampler: SamplerName, count: Int, points: Int
    ) -> [Double] {
        let total = configuration.trainingSteps
        switch configuration.spacing ?? sampler.usualSpacing {
        case .linspace:
            let last = Double(total - 1)
            guard points > 1 else { return [0] }
            let step = last / Double(points - 1)
            let rising = (0..<points).map { $0 == points - 1 ? last : Double($0) * step }
            return Array(rising.reversed().prefix(count))
        case .leading:
            let ratio = total / points
            let rising = (0..<points).map { Double($0 * ratio) }
            return rising.reversed().prefix(count).map { $0 + Double(configuration.stepsOffset) }
        case .trailing:
            // numpy's arange counts in steps of (first + step) - first, which is not always the step itself. For some counts rounding has it
            // pass its end, and the reference takes one step more, at -1.
            let ratio = Double(total) / Double(count)
            let step = (Double(total) - ratio) - Double(total)
            let length = Int((Double(total) / ratio).rounded(.up))
            return (0..<length).map { (Double(total) + Double($0) * step).rounded(.toNearestOrEven) - 1 }
        }
    }

    /// - Parameter steps: falling.
    private static func pseudoNumericalTimesteps(
        _ steps: [Float], rungeKutta: Bool, _ configuration: SchedulerConfiguration
    ) -> [Float] {
        guard rungeKutta else {
            // The second timestep is met twice: at the end of the first step and at the start of the next.
            return steps.count < 2 ? steps : Array(steps.prefix(2) + steps.dropFirst())
        }
        // Of the first four timesteps each with the one half a step on: three steps that meet their two inner points twice.
        let half = Float(configuration.trainingSteps / steps.count / 2)
        let points = steps.prefix(4).flatMap { [$0 + half, $0] }.dropFirst()
        let start = points.flatMap { [$0, $0] }.dropFirst().dropLast()
        return Array(start) + steps.dropFirst(3)
    }

    /// N of the steps that the model was distilled with, the noisiest first; of those that strength leaves.
    private static func consistencyTimesteps(
        _ configuration: SchedulerConfiguration, _ count: Int, strength: Double, _ profile: GenerationRequest.Profile
    ) throws(DiffusionError) -> [Float] {
        let apart = configuration.trainingSteps / configuration.originalSteps
        var original = Int(Double(configuration.originalSteps) * strength)
        var count = count
        if profile == .diffusers {
            guard original > 0 else { throw .strengthLeavesNoStep(strength: strength, steps: count) }
            guard count <= original else { throw .steps(requested: count, minimum: 1, maximum: original) }
        } else {
            // Strength never rounds to nothing here, and fewer steps run where there are fewer.
            original = strength > 0 ? max(original, 1) : 0
            count = min(count, original)
        }
        let step = Double(original) / Double(count)
        return (0..<count).map { Float((original - Int(Double($0) * step)) * apart - 1) }
    }

    /// Karras et al. 2022, equation 5.
    private static func karras(from largest: Double, to smallest: Double, count: Int, rho: Double = 7) -> [Double] {
        let (high, low) = (pow(largest, 1 / rho), pow(smallest, 1 / rho))
        let step = count > 1 ? 1 / Double(count - 1) : 0
        return (0..<count).map { i in
            let ramp = count > 1 && i == count - 1 ? 1 : Double(i) * step
            return pow(high + ramp * (low - high), rho)
        }
    }
}

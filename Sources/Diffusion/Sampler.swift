import Foundation
import Tensors

/// One walk along a step schedule: what the UNet is given, what its answer makes of the latent.
///
/// Reproduces the `step`, `scale_model_input` and `add_noise` of diffusers' `DDIMScheduler` (eta 0), `EulerDiscreteScheduler` (no churn)
/// and `DPMSolverMultistepScheduler` (dpmsolver++, order 2, midpoint). Steps are to be taken in order: DPM++ remembers the last one.
public struct Sampler: Sendable {
    public let schedule: StepSchedule
    /// Estimate of the clean latent at the step before; DPM++ 2M only.
    private var previousEstimate: Tensor?

    public init(_ schedule: StepSchedule) {
        self.schedule = schedule
    }

    /// The latent as the UNet wants it at this step.
    public func modelInput(_ latent: Tensor, at index: Int) -> Tensor {
        guard schedule.sampler == .euler else { return latent }
        let sigma = schedule.sigmas[index]
        return latent * (1 / (sigma * sigma + 1).squareRoot())
    }

    /// The clean latent with as much noise on it as the step at `index` starts from; at `index` = N, none.
    public func addNoise(_ noise: Tensor, to clean: Tensor, at index: Int) -> Tensor {
        guard index < schedule.timesteps.count else { return clean }
        switch schedule.sampler {
        case .euler:
            return clean.scaled(by: 1, adding: noise, scaledBy: schedule.sigmas[index])
        case .dpmpp2M, .dpmpp2MKarras:
            let (signal, deviation) = Self.split(schedule.sigmas[index])
            return clean.scaled(by: signal, adding: noise, scaledBy: deviation)
        case .ddim:
            let remaining = schedule.noise.remaining[Int(schedule.timesteps[index])]
            return clean.scaled(by: remaining.squareRoot(), adding: noise, scaledBy: (1 - remaining).squareRoot())
        }
    }

    /// Pure noise as a run from nothing starts with.
    public func start(from noise: Tensor) -> Tensor {
        schedule.initialNoise == 1 ? noise : noise * schedule.initialNoise
    }

    /// Takes the step at `index`.
    /// - Parameters:
    ///   - output: what the UNet said of `modelInput(latent, at: index)`, guidance applied; same shape as the latent.
    /// - Returns: the latent after the step.
    public mutating func step(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        switch schedule.sampler {
        case .ddim: denoisingImplicit(output, latent, at: index)
        case .euler: euler(output, latent, at: index)
        case .dpmpp2M, .dpmpp2MKarras: multistep(output, latent, at: index)
        }
    }

    /// Song, Meng and Ermon 2021, formula 12 with sigma = 0.
    private func denoisingImplicit(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        let configuration = schedule.noise.configuration
        let timestep = Int(schedule.timesteps[index])
        let next = timestep - configuration.trainingSteps / schedule.count
        let remaining = schedule.noise.remaining[timestep]
        let remainingNext =
            next >= 0 ? schedule.noise.remaining[next] : configuration.noiselessEnd ?? true ? 1 : schedule.noise.remaining[0]
        let (signal, deviation) = (remaining.squareRoot(), (1 - remaining).squareRoot())
        var estimate: Tensor
        let noise: Tensor
        switch configuration.prediction {
        case .epsilon:
            estimate = latent.scaled(by: 1 / signal, adding: output, scaledBy: -deviation / signal)
            noise = output
        case .velocity:
            estimate = latent.scaled(by: signal, adding: output, scaledBy: -deviation)
            noise = output.scaled(by: signal, adding: latent, scaledBy: deviation)
        case .sample:
            estimate = output
            noise = latent.scaled(by: 1 / deviation, adding: output, scaledBy: -signal / deviation)
        }
        if let range = configuration.clampRange { estimate = estimate.clamped(to: -range...range) }
        return estimate.scaled(by: remainingNext.squareRoot(), adding: noise, scaledBy: (1 - remainingNext).squareRoot())
    }

    /// Karras et al. 2022, algorithm 2 without churn, first order.
    private func euler(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        let (sigma, next) = (schedule.sigmas[index], schedule.sigmas[index + 1])
        let estimate: Tensor
        switch schedule.noise.configuration.prediction {
        case .epsilon: estimate = latent.scaled(by: 1, adding: output, scaledBy: -sigma)
        case .velocity:
            let scale = sigma * sigma + 1
            estimate = latent.scaled(by: 1 / scale, adding: output, scaledBy: -sigma / scale.squareRoot())
        case .sample: estimate = output
        }
        // x + (x - x0) / sigma * (sigma' - sigma)
        return latent.scaled(by: next / sigma, adding: estimate, scaledBy: 1 - next / sigma)
    }

    /// Lu et al. 2022 (DPM-Solver++), algorithm 2; first order at the first step and, since the last noise level is 0, at the last.
    private mutating func multistep(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        let (signal, deviation) = Self.split(schedule.sigmas[index])
        let estimate: Tensor
        switch schedule.noise.configuration.prediction {
        case .epsilon: estimate = latent.scaled(by: 1 / signal, adding: output, scaledBy: -deviation / signal)
        case .velocity: estimate = latent.scaled(by: signal, adding: output, scaledBy: -deviation)
        case .sample: estimate = output
        }
        defer { previousEstimate = estimate }
        let (signalNext, deviationNext) = Self.split(schedule.sigmas[index + 1])
        guard deviationNext > 0 else { return estimate }

        // lambda = log(signal / deviation) = -log sigma
        let step = logf(signalNext) - logf(deviationNext) - (logf(signal) - logf(deviation))
        let weight = -signalNext * (expf(-step) - 1)
        let plain = latent.scaled(by: deviationNext / deviation, adding: estimate, scaledBy: weight)
        guard let previousEstimate else { return plain }
        let (signalBefore, deviationBefore) = Self.split(schedule.sigmas[index - 1])
        let stepBefore = logf(signal) - logf(deviation) - (logf(signalBefore) - logf(deviationBefore))
        let slope = estimate.scaled(by: step / stepBefore, adding: previousEstimate, scaledBy: -step / stepBefore)
        return plain.scaled(by: 1, adding: slope, scaledBy: weight / 2)
    }

    /// How a noise level splits into what is left of the clean latent and the noise's deviation; their squares add up to 1.
    private static func split(_ sigma: Float) -> (signal: Float, deviation: Float) {
        let signal = 1 / (sigma * sigma + 1).squareRoot()
        return (signal, sigma * signal)
    }
}

import Tensors

/// Strategic stochastic sampling for trajectory consistency models (Zheng et al. 2024): the estimate of the clean latent is taken to a level
/// below the next one along the noise that the model saw, and from there up to it with fresh noise. Source: diffusers' `TCDScheduler`.
struct TrajectoryMethod: SamplingMethod {
    /// How much of the way is fresh noise: gamma in the paper, eta in the source. 0: none, 1: all of it.
    let stochasticity: Double

    /// The source's, which its authors found good for few steps.
    static let usualStochasticity = 0.3

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let prediction = schedule.noise.configuration.prediction
        let here = schedule.split(at: index)
        let isLast = index + 1 >= schedule.timesteps.count
        let next = isLast ? 0 : max(0, schedule.timesteps[index + 1])
        // Single precision, as the source has it.
        let between = Int((Float(1 - stochasticity) * next).rounded(.down))
        let (remaining, wanted) = (schedule.noise.remaining(at: between), schedule.noise.remaining(at: Int(next)))
        let level = NoiseSplit(remaining: remaining)
        let moved = prediction.clean(output, latent, here)
            .scaled(by: level.signal, adding: prediction.noise(output, latent, here), scaledBy: level.deviation)
        guard stochasticity > 0, !isLast else { return moved }
        let kept = NoiseSplit(remaining: wanted / remaining)
        return moved.scaled(by: kept.signal, adding: random.noise(like: latent), scaledBy: kept.deviation)
    }
}

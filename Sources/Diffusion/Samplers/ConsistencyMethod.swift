import Tensors

/// Latent consistency (Luo et al. 2023): the estimate of the clean latent, noised anew for the next step. Source: diffusers' `LCMScheduler`.
struct ConsistencyMethod: SamplingMethod {
    /// Deviation of clean latents that the boundary condition assumes.
    private static let dataDeviation: Float = 0.5

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let configuration = schedule.noise.configuration
        let data = Self.dataDeviation
        let time = schedule.timesteps[index] * Float(configuration.timestepScaling)
        let square = time * time + data * data
        var estimate = configuration.prediction.clean(output, latent, schedule.split(at: index))
        if configuration.clipsEstimate ?? false { estimate = estimate.clamped(to: -configuration.clipRange...configuration.clipRange) }
        let denoised = estimate.scaled(by: time / square.squareRoot(), adding: latent, scaledBy: data * data / square)
        guard index + 1 < schedule.timesteps.count else { return denoised }
        let next = schedule.split(at: index + 1)
        return denoised.scaled(by: next.signal, adding: random.noise(like: latent), scaledBy: next.deviation)
    }
}

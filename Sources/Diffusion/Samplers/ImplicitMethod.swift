import Tensors

/// DDIM: Song, Meng and Ermon 2021, formula 12 with sigma = 0. Source: diffusers' `DDIMScheduler` (eta 0).
struct ImplicitMethod: SamplingMethod {
    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let configuration = schedule.noise.configuration
        let split = schedule.split(at: index)
        let next = NoiseSplit(remaining: schedule.remaining(at: Int(schedule.timesteps[index]) - schedule.ratio, noiselessEnd: true))
        var estimate = configuration.prediction.clean(output, latent, split)
        let noise = configuration.prediction.noise(output, latent, split)
        if configuration.clipsEstimate ?? true { estimate = estimate.clamped(to: -configuration.clipRange...configuration.clipRange) }
        return estimate.scaled(by: next.signal, adding: noise, scaledBy: next.deviation)
    }
}

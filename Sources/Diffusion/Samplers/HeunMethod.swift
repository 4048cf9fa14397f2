import Tensors

/// Karras et al. 2022, algorithm 2 without churn: Euler's step, then the same step again with the mean of the slopes at both its ends.
/// Each of the two is a pass of the schedule; the last step is Euler's alone. Source: diffusers' `HeunDiscreteScheduler`.
struct HeunMethod: SamplingMethod {
    /// What Euler's half of a step leaves for the other.
    private struct Half: Sendable {
        let latent: Tensor
        let slope: Tensor
        let sigma: Float
    }
    private var half: Half?

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let configuration = schedule.noise.configuration
        // The first half is at its own level, the second at the one behind it: both are what the schedule says for this pass.
        let sigma = schedule.sigmas[index]
        var estimate = schedule.clean(output, latent, at: index)
        if configuration.clipsEstimate ?? false { estimate = estimate.clamped(to: -configuration.clipRange...configuration.clipRange) }
        let slope = latent.scaled(by: 1 / sigma, adding: estimate, scaledBy: -1 / sigma)
        if let first = half {
            half = nil
            let mean = first.slope.scaled(by: 0.5, adding: slope, scaledBy: 0.5)
            return first.latent.scaled(by: 1, adding: mean, scaledBy: sigma - first.sigma)
        }
        half = Half(latent: latent, slope: slope, sigma: sigma)
        return latent.scaled(by: 1, adding: slope, scaledBy: schedule.sigmas[index + 1] - sigma)
    }
}

import Tensors

/// Karras et al. 2022, algorithm 2 without churn, first order. Source: diffusers' `EulerDiscreteScheduler`.
struct EulerMethod: SamplingMethod {
    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let (sigma, next) = (schedule.sigmas[index], schedule.sigmas[index + 1])
        return latent.moved(from: sigma, to: next, towards: schedule.clean(output, latent, at: index))
    }
}

extension Tensor {
    /// x + (x - x0) / sigma * (sigma' - sigma), rounded where the reference rounds: at a level of 4096, from which schedules that end in
    /// noise alone begin, any other order differs in the fourth digit.
    fileprivate func moved(from sigma: Float, to next: Float, towards estimate: Tensor) -> Tensor {
        self + ((self - estimate) / sigma) * (next - sigma)
    }
}

/// Euler's step to a lower noise level than the next, and fresh noise up to that one. Source: diffusers' `EulerAncestralDiscreteScheduler`.
struct EulerAncestralMethod: SamplingMethod {
    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let (sigma, next) = (schedule.sigmas[index], schedule.sigmas[index + 1])
        let up = (next * next * (sigma * sigma - next * next) / (sigma * sigma)).squareRoot()
        let down = max(0, next * next - up * up).squareRoot()
        let moved = latent.moved(from: sigma, to: down, towards: schedule.clean(output, latent, at: index))
        // A step between equal levels, and the last one, have nothing to add; the reference draws all the same.
        return moved.scaled(by: 1, adding: random.noise(like: latent), scaledBy: up)
    }
}

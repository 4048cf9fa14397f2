import Foundation
import Tensors

/// DPM-Solver++ (Lu et al. 2022), algorithm 2, and its stochastic form. First order at the first step and, since the last noise level is 0,
/// at the last. Source: diffusers' `DPMSolverMultistepScheduler` (dpmsolver++ and sde-dpmsolver++, order 2, midpoint).
struct DPMMultistepMethod: SamplingMethod {
    let stochastic: Bool
    /// Estimate of the clean latent at the step before.
    private var previousEstimate: Tensor?

    init(stochastic: Bool) {
        self.stochastic = stochastic
    }

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let (here, next) = (schedule.split(at: index), schedule.split(at: index + 1))
        let estimate = schedule.clean(output, latent, at: index)
        defer { previousEstimate = estimate }
        guard next.deviation > 0 else { return estimate }

        let step = next.logarithmicRatio - here.logarithmicRatio
        let plain: Tensor
        let weight: Float
        if stochastic {
            weight = next.signal * (1 - expf(-2 * step))
            let carried = next.deviation / here.deviation * expf(-step)
            let fresh = next.deviation * (1 - expf(-2 * step)).squareRoot()
            plain = latent.scaled(by: carried, adding: estimate, scaledBy: weight)
                .scaled(by: 1, adding: random.noise(like: latent), scaledBy: fresh)
        } else {
            weight = -next.signal * (expf(-step) - 1)
            plain = latent.scaled(by: next.deviation / here.deviation, adding: estimate, scaledBy: weight)
        }
        guard let previousEstimate else { return plain }
        let stepBefore = here.logarithmicRatio - schedule.split(at: index - 1).logarithmicRatio
        let slope = estimate.scaled(by: step / stepBefore, adding: previousEstimate, scaledBy: -step / stepBefore)
        return plain.scaled(by: 1, adding: slope, scaledBy: weight / 2)
    }
}

import Foundation
import Tensors

/// UniPC (Zhao et al. 2023) of order 2 with B(h) = e^h - 1: each answer first corrects the latent it was given for, then predicts the next.
/// Source: diffusers' `UniPCMultistepScheduler` (bh2, predict_x0).
struct UnifiedPredictorCorrectorMethod: SamplingMethod {
    /// Estimates of the clean latent at the last two steps, the latest behind.
    private var estimates: [Tensor] = []
    /// The corrected latent of the step before, and the order it was left with.
    private var before: (latent: Tensor, order: Int)?

    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor {
        let estimate = schedule.clean(output, latent, at: index)
        var corrected = latent
        if let before, let last = estimates.last {
            corrected = Self.corrected(before.latent, estimate, last, estimates.first, order: before.order, index: index, schedule)
        }
        estimates = estimates.suffix(1) + [estimate]
        let order = min(2, schedule.timesteps.count - index, estimates.count)
        before = (corrected, order)
        return predicted(corrected, order: order, index: index, schedule)
    }

    private func predicted(_ latent: Tensor, order: Int, index: Int, _ schedule: StepSchedule) -> Tensor {
        let estimate = estimates[estimates.count - 1]
        let (here, next) = (schedule.split(at: index), schedule.split(at: index + 1))
        guard next.deviation > 0 else { return estimate }
        let step = next.logarithmicRatio - here.logarithmicRatio
        let growth = expm1f(-step)
        let plain = latent.scaled(by: next.deviation / here.deviation, adding: estimate, scaledBy: -next.signal * growth)
        guard order == 2 else { return plain }
        let ratio = (schedule.split(at: index - 1).logarithmicRatio - here.logarithmicRatio) / step
        let slope = estimates[0].scaled(by: 1 / ratio, adding: estimate, scaledBy: -1 / ratio)
        return plain.scaled(by: 1, adding: slope, scaledBy: -next.signal * growth / 2)
    }

    /// - Parameters:
    ///   - latent: where the step before started, corrected itself.
    ///   - estimate: the new one.
    ///   - last, older: those that the step before knew.
    private static func corrected(
        _ latent: Tensor, _ estimate: Tensor, _ last: Tensor, _ older: Tensor?, order: Int, index: Int, _ schedule: StepSchedule
    ) -> Tensor {
        let (here, next) = (schedule.split(at: index - 1), schedule.split(at: index))
        let step = next.logarithmicRatio - here.logarithmicRatio
        let growth = expm1f(-step)
        let plain = latent.scaled(by: next.deviation / here.deviation, adding: last, scaledBy: -next.signal * growth)
        let change = estimate.scaled(by: 1, adding: last, scaledBy: -1)
        let factor = -next.signal * growth
        guard order == 2, let older else { return plain.scaled(by: 1, adding: change, scaledBy: factor / 2) }

        let ratio = (schedule.split(at: index - 2).logarithmicRatio - here.logarithmicRatio) / step
        // The two equations of order 2: rho_1 + rho_2 = b_1, ratio rho_1 + rho_2 = b_2.
        let first = growth / -step - 1
        let second = first / -step - 0.5
        let (b1, b2) = (first / growth, second * 2 / growth)
        let olderWeight = (b1 - b2) / (1 - ratio)
        let slope = older.scaled(by: 1 / ratio, adding: last, scaledBy: -1 / ratio)
        return plain.scaled(by: 1, adding: slope, scaledBy: factor * olderWeight)
            .scaled(by: 1, adding: change, scaledBy: factor * (b1 - olderWeight))
    }
}

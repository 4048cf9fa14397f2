import Foundation

/// The noise a model was trained with: how much of the clean latent is left at each of the T training steps.
///
/// x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise, abar = cumprod(1 - beta); sigma_t = sqrt((1 - abar_t) / abar_t).
/// Single precision where diffusers has it, so that the values are equal to its own.
package struct NoiseSchedule: Sendable {
    package let configuration: SchedulerConfiguration
    /// abar, T values falling from almost 1; none where the model has no training steps.
    package let remaining: [Float]
    /// sigma, T values rising; the last is infinite where nothing of the clean latent is left. None where the model has no training steps.
    package let sigmas: [Float]
    private let logarithms: [Float]

    /// The schedule as the configuration has it, for the samplers that follow it to the letter.
    package init(_ configuration: SchedulerConfiguration) {
        self.init(configuration, for: .ddim)
    }

    /// The schedule as diffusers' class of that sampler makes it: two classes do not know `rescale_betas_zero_snr`, and those that work
    /// by noise level put the last one at 4096 instead of infinity.
    init(_ configuration: SchedulerConfiguration, for sampler: SamplerName) {
        self.configuration = configuration
        guard configuration.continuous == nil else {
            (remaining, sigmas, logarithms) = ([], [], [])
            return
        }
        var betas = Self.betas(configuration)
        let knowsRescaling = !Self.withoutRescaling.contains(sampler)
        if configuration.rescalesToNoise && knowsRescaling { betas = Self.rescaledToNoise(betas) }
        var remaining = Self.remaining(betas)
        if configuration.rescalesToNoise && knowsRescaling && sampler.formulation != .timestep { remaining[remaining.count - 1] = 0x1p-24 }
        self.remaining = remaining
        sigmas = remaining.map { ((1 - $0) / $0).squareRoot() }
        logarithms = sigmas.map { logf($0) }
    }

    /// Whether every level is a number, from above nothing on; only the last may be all noise. Betas too near to 0 or 1 come to none.
    var rises: Bool {
        guard let first = sigmas.first, first > 0, sigmas.dropLast().allSatisfy(\.isFinite) else { return false }
        return zip(sigmas, sigmas.dropFirst()).allSatisfy { $0 <= $1 } && sigmas[sigmas.count - 1] > first
    }

    private static let withoutRescaling: Set<SamplerName> = [.pndm, .pndmRungeKutta, .heun, .heunKarras]

    private static func betas(_ configuration: SchedulerConfiguration) -> [Float] {
        let steps = configuration.trainingSteps
        switch configuration.betaSchedule {
        case .linear: return linearSpace(Float(configuration.betaStart), Float(configuration.betaEnd), count: steps)
        case .scaledLinear:
            return linearSpace(Float(configuration.betaStart.squareRoot()), Float(configuration.betaEnd.squareRoot()), count: steps)
                .map { $0 * $0 }
        }
    }

    /// torch accumulates a cumulative product in double precision and rounds each value of it.
    private static func remaining(_ betas: [Float]) -> [Float] {
        var product = 1.0
        return betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
    }

    /// Lin et al. 2024, algorithm 1: sqrt(abar) shifted and scaled so that it ends at 0 and begins where it was.
    private static func rescaledToNoise(_ betas: [Float]) -> [Float] {
        let roots = remaining(betas).map { $0.squareRoot() }
        let (first, last) = (roots[0], roots[roots.count - 1])
        let factor = first / (first - last)
        let squares = roots.map { root in
            let moved = (root - last) * factor
            return moved * moved
        }
        return squares.indices.map { 1 - ($0 == 0 ? squares[0] : squares[$0] / squares[$0 - 1]) }
    }

    /// abar at a training step, looked up as the reference does: it counts -1, where some schedules end, from the back.
    func remaining(at timestep: Int) -> Float { remaining[timestep < 0 ? remaining.count + timestep : timestep] }

    /// sigma between training steps, by linear interpolation as `numpy.interp` does it.
    func sigma(at timestep: Double) -> Double {
        guard timestep > 0 else { return Double(sigmas[0]) }
        guard timestep < Double(sigmas.count - 1) else { return Double(sigmas[sigmas.count - 1]) }
        let below = Int(timestep)
        let (low, high) = (Double(sigmas[below]), Double(sigmas[below + 1]))
        return (high - low) * (timestep - Double(below)) + low
    }

    /// The same with log sigma interpolated, as k-diffusion does it.
    func sigmaByLogarithm(at timestep: Float) -> Float {
        let below = min(max(Int(timestep), 0), sigmas.count - 1)
        let above = min(Int(timestep.rounded(.up)), sigmas.count - 1)
        let weight = timestep - Float(below)
        return expf((1 - weight) * logarithms[below] + weight * logarithms[above])
    }

    /// The training step, not rounded, whose sigma this is: linear in log sigma between steps.
    func timestep(ofSigma sigma: Double) -> Double {
        let wanted = log(max(sigma, 1e-10))
        let above = logarithms.firstIndex { Double($0) > wanted } ?? logarithms.count
        let low = min(max(above - 1, 0), logarithms.count - 2)
        let (lower, upper) = (logarithms[low], logarithms[low + 1])
        // The reference takes this difference of single-precision numbers in single precision.
        let weight = min(max((Double(lower) - wanted) / Double(lower - upper), 0), 1)
        return (1 - weight) * Double(low) + weight * Double(low + 1)
    }

    /// `torch.linspace` in single precision: it counts from the end in its second half, product and sum rounded once.
    static func linearSpace(_ start: Float, _ end: Float, count: Int) -> [Float] {
        guard count > 1 else { return [start] }
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { i in
            i < count / 2 ? start.addingProduct(step, Float(i)) : end.addingProduct(-step, Float(count - i - 1))
        }
    }
}

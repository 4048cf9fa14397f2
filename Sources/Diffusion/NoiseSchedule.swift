import Foundation

/// The noise a model was trained with: how much of the clean latent is left at each of the T training steps.
///
/// x_t = sqrt(abar_t) x_0 + sqrt(1 - abar_t) noise, abar = cumprod(1 - beta); sigma_t = sqrt((1 - abar_t) / abar_t).
/// Single precision where diffusers has it, so that the values are equal to its own.
public struct NoiseSchedule: Sendable {
    public let configuration: SchedulerConfiguration
    /// abar, T values falling from almost 1.
    public let remaining: [Float]
    /// sigma, T values rising.
    public let sigmas: [Float]
    private let logarithms: [Float]

    public init(_ configuration: SchedulerConfiguration) {
        self.configuration = configuration
        let steps = configuration.trainingSteps
        let betas: [Float] =
            switch configuration.betaSchedule {
            case .linear: Self.linearSpace(Float(configuration.betaStart), Float(configuration.betaEnd), count: steps)
            case .scaledLinear:
                Self.linearSpace(Float(configuration.betaStart.squareRoot()), Float(configuration.betaEnd.squareRoot()), count: steps)
                    .map { $0 * $0 }
            }
        // torch accumulates a cumulative product in double precision and rounds each value of it.
        var product = 1.0
        remaining = betas.map { beta in
            product *= Double(1 - beta)
            return Float(product)
        }
        sigmas = remaining.map { ((1 - $0) / $0).squareRoot() }
        logarithms = sigmas.map { logf($0) }
    }

    /// sigma between training steps, by linear interpolation as `numpy.interp` does it.
    func sigma(at timestep: Double) -> Double {
        guard timestep > 0 else { return Double(sigmas[0]) }
        guard timestep < Double(sigmas.count - 1) else { return Double(sigmas[sigmas.count - 1]) }
        let below = Int(timestep)
        let (low, high) = (Double(sigmas[below]), Double(sigmas[below + 1]))
        return (high - low) * (timestep - Double(below)) + low
    }

    /// The training step, not rounded, whose sigma this is: linear in log sigma between steps.
    func timestep(ofSigma sigma: Double) -> Double {
        let wanted = log(max(sigma, 1e-10))
        let above = logarithms.firstIndex { Double($0) > wanted } ?? logarithms.count
        let low = min(max(above - 1, 0), logarithms.count - 2)
        let (lower, upper) = (Double(logarithms[low]), Double(logarithms[low + 1]))
        let weight = min(max((lower - wanted) / (lower - upper), 0), 1)
        return (1 - weight) * Double(low) + weight * Double(low + 1)
    }

    /// `torch.linspace` in single precision: it counts from the end in its second half, product and sum rounded once.
    private static func linearSpace(_ start: Float, _ end: Float, count: Int) -> [Float] {
        guard count > 1 else { return [start] }
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { i in
            i < count / 2 ? start.addingProduct(step, Float(i)) : end.addingProduct(-step, Float(count - i - 1))
        }
    }
}

/// The ways this engine walks from noise to a picture. Raw values are the names on the command line.
public enum SamplerName: String, Codable, Sendable, CaseIterable {
    case ddim
    case euler
    case dpmpp2M = "dpmpp-2m"
    case dpmpp2MKarras = "dpmpp-2m-karras"

    /// The spacing diffusers gives the sampler where a model's configuration names none.
    var usualSpacing: SchedulerConfiguration.Spacing {
        switch self {
        case .ddim: .leading
        case .euler, .dpmpp2M, .dpmpp2MKarras: .linspace
        }
    }
}

/// The timesteps and noise levels of one run of N steps, before strength cuts its beginning off.
public struct StepSchedule: Sendable {
    public let sampler: SamplerName
    public let noise: NoiseSchedule
    /// N, the steps asked for.
    public let count: Int
    /// N timesteps, falling; whole numbers but for Euler.
    public let timesteps: [Float]
    /// N + 1 noise levels, the last 0; what DDIM does not use.
    public let sigmas: [Float]

    /// - Throws: `DiffusionError.steps` unless `count` is between 1 and the training steps.
    public init(_ noise: NoiseSchedule, sampler: SamplerName, count: Int) throws(DiffusionError) {
        guard (1...noise.configuration.trainingSteps).contains(count) else {
            throw .steps(requested: count, maximum: noise.configuration.trainingSteps)
        }
        self.noise = noise
        self.sampler = sampler
        self.count = count
        let steps: [Double]
        let levels: [Double]
        switch sampler {
        case .ddim:
            steps = Self.spaced(noise.configuration, sampler, count: count, points: count).map { $0.rounded(.toNearestOrEven) }
            levels = steps.map { noise.sigma(at: $0) }
        case .euler:
            // The class works on single-precision timesteps and does not round those of linspace.
            steps = Self.spaced(noise.configuration, sampler, count: count, points: count).map { Double(Float($0)) }
            levels = steps.map { noise.sigma(at: $0) }
        case .dpmpp2M:
            steps = Self.spaced(noise.configuration, sampler, count: count, points: count + 1).map { $0.rounded(.toNearestOrEven) }
            levels = steps.map { noise.sigma(at: $0) }
        case .dpmpp2MKarras:
            levels = Self.karras(
                from: Double(noise.sigmas[noise.sigmas.count - 1]), to: Double(noise.sigmas[0]), count: count)
            steps = levels.map { noise.timestep(ofSigma: $0).rounded(.toNearestOrEven) }
        }
        timesteps = steps.map { Float($0) }
        sigmas = levels.map { Float($0) } + [0]
    }

    /// How strong the noise is that a run from nothing starts with.
    public var initialNoise: Float {
        guard sampler == .euler, let largest = sigmas.max() else { return 1 }
        let leading = (noise.configuration.spacing ?? sampler.usualSpacing) == .leading
        return leading ? (largest * largest + 1).squareRoot() : largest
    }

    /// `count` timesteps, falling. DPM++ spreads one point more and drops the one at the clean end.
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
            // numpy's arange counts in steps of (first + step) - first, which is not always the step itself.
            let ratio = Double(total) / Double(count)
            let step = (Double(total) - ratio) - Double(total)
            let length = Int((Double(total) / ratio).rounded(.up))
            return (0..<length).map { (Double(total) + Double($0) * step).rounded(.toNearestOrEven) - 1 }
        }
    }

    /// Karras et al. 2022, equation 5, rho = 7.
    private static func karras(from largest: Double, to smallest: Double, count: Int) -> [Double] {
        let rho = 7.0
        let (high, low) = (pow(largest, 1 / rho), pow(smallest, 1 / rho))
        let step = count > 1 ? 1 / Double(count - 1) : 0
        return (0..<count).map { i in
            let ramp = count > 1 && i == count - 1 ? 1 : Double(i) * step
            return pow(high + ramp * (low - high), rho)
        }
    }
}

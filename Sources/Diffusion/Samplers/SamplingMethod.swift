import Foundation
import Tensors

/// What one sampler makes of the model's answers. A method is a value that remembers its walk: its steps are to be taken in order.
protocol SamplingMethod: Sendable {
    /// The latent after the pass at `index` of the schedule.
    ///
    /// - Parameters:
    ///   - output: the model's answer, guidance applied.
    ///   - latent: what the pass started from, not scaled for the model.
    ///   - random: drawn from where the method wants noise, and only then.
    mutating func step(
        _ output: Tensor, _ latent: Tensor, at index: Int, of schedule: StepSchedule, _ random: inout TorchRandom
    ) -> Tensor
}

/// How a noise level splits into what is left of the clean latent and the noise's deviation. Their squares add up to 1, but where the noise is
/// added to an undivided latent.
struct NoiseSplit {
    let signal: Float
    let deviation: Float

    /// All of the clean latent is left.
    init(undivided sigma: Float) {
        (signal, deviation) = (1, sigma)
    }

    init(sigma: Float) {
        signal = 1 / (sigma * sigma + 1).squareRoot()
        deviation = sigma * signal
    }

    init(remaining: Float) {
        (signal, deviation) = (remaining.squareRoot(), (1 - remaining).squareRoot())
    }

    /// lambda = log(signal / deviation), infinite without noise.
    var logarithmicRatio: Float { logf(signal) - logf(deviation) }
}

extension SchedulerConfiguration.Prediction {
    /// The estimate of the clean latent, where the latent is signal x_0 + deviation noise.
    func clean(_ output: Tensor, _ latent: Tensor, _ split: NoiseSplit) -> Tensor {
        switch self {
        case .epsilon: latent.scaled(by: 1 / split.signal, adding: output, scaledBy: -split.deviation / split.signal)
        case .velocity: latent.scaled(by: split.signal, adding: output, scaledBy: -split.deviation)
        case .sample: output
        }
    }

    /// The estimate of the noise in it.
    func noise(_ output: Tensor, _ latent: Tensor, _ split: NoiseSplit) -> Tensor {
        switch self {
        case .epsilon: output
        case .velocity: output.scaled(by: split.signal, adding: latent, scaledBy: split.deviation)
        case .sample: latent.scaled(by: 1 / split.deviation, adding: output, scaledBy: -split.signal / split.deviation)
        }
    }

    /// The answer that would amount to an estimate of the clean latent: the way back from `clean`.
    func output(meaning clean: Tensor, _ latent: Tensor, _ split: NoiseSplit) -> Tensor {
        switch self {
        case .epsilon: latent.scaled(by: 1 / split.deviation, adding: clean, scaledBy: -split.signal / split.deviation)
        case .velocity: latent.scaled(by: split.signal / split.deviation, adding: clean, scaledBy: -1 / split.deviation)
        case .sample: clean
        }
    }
}

/// What a network is given of a latent that is x_0 + sigma noise, and what its answer amounts to (Karras et al. 2022, section 5).
struct Preconditioning {
    /// What the latent is multiplied with for the network, c_in.
    let input: Float
    /// The clean latent is so much of the latent, c_skip, …
    let skip: Float
    /// … and so much of the answer, c_out.
    let output: Float

    /// - Parameter continuous: of a model without training steps. Its answer that is said to be the noise is the velocity's opposite, as
    ///   diffusers has it.
    init(_ prediction: SchedulerConfiguration.Prediction, sigma: Float, _ continuous: ContinuousNoise?) {
        // Clean latents of all others are taken to deviate by 1.
        let data = Float(continuous?.dataDeviation ?? 1)
        let square = sigma * sigma + data * data
        input = 1 / square.squareRoot()
        switch prediction {
        case .epsilon where continuous == nil: (skip, output) = (1, -sigma)
        case .epsilon: (skip, output) = (data * data / square, sigma * data / square.squareRoot())
        case .velocity: (skip, output) = (data * data / square, -sigma * data / square.squareRoot())
        case .sample: (skip, output) = (0, 1)
        }
    }

    /// The estimate of the clean latent.
    func clean(_ answer: Tensor, _ latent: Tensor) -> Tensor {
        latent.scaled(by: skip, adding: answer, scaledBy: output)
    }

    /// The answer that would amount to an estimate of the clean latent: the way back from `clean`.
    func answer(meaning clean: Tensor, _ latent: Tensor) -> Tensor {
        clean.scaled(by: 1 / output, adding: latent, scaledBy: -skip / output)
    }
}

extension TorchRandom {
    /// Normal noise for a latent [1, height, width, channels], drawn in the reference's order (channels first).
    mutating func noise(like latent: Tensor) -> Tensor {
        let (height, width, channels) = (latent.shape[1], latent.shape[2], latent.shape[3])
        return Tensor(normals(latent.count), shape: [1, channels, height, width]).permuted([0, 2, 3, 1])
    }
}

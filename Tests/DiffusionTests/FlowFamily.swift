import Foundation
import Pixels
import Synchronization
import Tensors

@testable import Diffusion

/// A family unlike the others, so that the door for one is known to open: rectified flow instead of noise levels, a network that works on
/// tokens instead of maps, a codec that is no autoencoder.
struct FlowFamily: ModelFamily {
    let sizeMultiple = 4
    /// Tokens are squares of two by two latent values.
    let evenMultiple = 8
    let usualSide = 32
    let latentChannels = 3
    let textWidth = 3
    let wantsMask = false
    let isHeldInHalves = false

    func isGuided(_ request: GenerationRequest) -> Bool { request.guidance > 1 }

    func sampling(_ request: GenerationRequest, strength: Double?) throws(DiffusionError) -> Sampling {
        let count = request.steps
        let run = strength.map { max(1, Int((Double(count) * $0).rounded())) } ?? count
        let sampler = FlowSampler(sigmas: (0...count).map { 1 - Float($0) / Float(count) })
        return Sampling(
            sampler,
            StepPlan(
                requested: count, run: run, passes: run, firstTimestep: Double(sampler.timesteps[count - run]), start: count - run))
    }

    func workload(_ canvas: PixelSize, _ request: GenerationRequest) -> Workload {
        Workload(
            pass: Double(canvas.pixelCount), outerPass: Double(canvas.pixelCount), encoding: 1, decoding: 1, transformMemory: 0,
            passMemory: 1 << 20, autoencoderMemory: 1 << 20,
            tileMemory: 1 << 20)
    }

    func canTile(_ canvas: PixelSize) -> Bool { false }
}

/// Straight lines from noise (sigma 1) to the latent (sigma 0); the network says how fast: noise minus latent.
struct FlowSampler: LatentSampler {
    /// One more than there are steps.
    let sigmas: [Float]

    var timesteps: [Float] { sigmas.dropLast().map { $0 * 1000 } }

    func start(from noise: Tensor) -> Tensor { noise }

    func addNoise(_ noise: Tensor, to clean: Tensor, at index: Int) -> Tensor {
        clean.scaled(by: 1 - sigmas[index], adding: noise, scaledBy: sigmas[index])
    }

    func modelInput(_ latent: Tensor, at index: Int) -> Tensor { latent }

    func clean(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        latent.scaled(by: 1, adding: output, scaledBy: -sigmas[index])
    }

    func output(meaning clean: Tensor, _ latent: Tensor, at index: Int) -> Tensor {
        (latent - clean) * (1 / sigmas[index])
    }

    mutating func step(_ output: Tensor, _ latent: Tensor, at index: Int, random: inout TorchRandom) -> Tensor {
        latent.scaled(by: 1, adding: output, scaledBy: sigmas[index + 1] - sigmas[index])
    }
}

/// A network that knows where every flow leads: to the colour that the text names. It looks at tokens.
struct FlowDenoiser: Denoiser {
    func predict(
        _ latent: Tensor, at time: Double, _ told: TextContext, _ extras: Extras, reusing deep: inout DeepFeatures,
        checkCancelled: CancellationCheck
    ) throws -> Tensor {
        try checkCancelled()
        let (batch, height, width, channels) = (latent.shape[0], latent.shape[1], latent.shape[2], latent.shape[3])
        precondition(told.states.shape[0] == batch && told.states.shape[2] == channels, "each latent has its text")
        precondition(height % 2 == 0 && width % 2 == 0, "the sizes suit the tokens")
        // [batch, tokens, 4 channels]
        var tokens = latent.reshaped([batch, height / 2, 2, width / 2, 2 * channels]).permuted([0, 1, 3, 2, 4])
            .reshaped([batch, height * width / 4, 4 * channels])
        tokens = Tensor(shape: tokens.shape) { target in
            tokens.withUnsafeValues { values in
                told.states.withUnsafeValues { colours in
                    let (size, words) = (values.count / batch, told.states.shape[1])
                    for index in values.indices {
                        let colour = colours[index / size * words * channels + index % channels]
                        target[index] = (values[index] - colour) / Float(time / 1000)
                    }
                }
            }
        }
        return tokens.reshaped([batch, height / 2, width / 2, 2, 2 * channels]).permuted([0, 1, 3, 2, 4])
            .reshaped([batch, height, width, channels])
    }
}

/// A latent value is the mean colour of its square of four by four pixels.
struct FlowCodec: LatentCodec {
    func encode(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Autoencoder.Posterior {
        let (height, width) = (picture.shape[1] / 4, picture.shape[2] / 4)
        let mean = Tensor(shape: [1, height, width, 3]) { target in
            picture.withUnsafeValues { values in
                for index in target.indices {
                    let (y, x, channel) = (index / 3 / width, index / 3 % width, index % 3)
                    var sum: Float = 0
                    for down in 0..<4 { for right in 0..<4 { sum += values[((4 * y + down) * 4 * width + 4 * x + right) * 3 + channel] } }
                    target[index] = sum / 16
                }
            }
        }
        return Autoencoder.Posterior(mean: mean, deviation: nil)
    }

    func decode(_ latent: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Tensor {
        let (height, width) = (latent.shape[1] * 4, latent.shape[2] * 4)
        return Tensor(shape: [1, height, width, 3]) { target in
            latent.withUnsafeValues { values in
                for index in target.indices {
                    let (y, x, channel) = (index / 3 / width, index / 3 % width, index % 3)
                    target[index] = values[(y / 4 * (width / 4) + x / 4) * 3 + channel]
                }
            }
        }
    }

    func scaled(_ latent: Tensor) -> Tensor { latent }
    func unscaled(_ latent: Tensor) -> Tensor { latent }
}

/// Reads the colours it knows, and counts how often it is asked.
final class ColourWords: PromptEncoder {
    let asked = Mutex(0)

    func states(for prompt: String) throws -> Tensor {
        asked.withLock { $0 += 1 }
        let colours: [String: [Float]] = ["red": [1, -1, -1], "green": [-1, 1, -1], "blue": [-1, -1, 1]]
        return Tensor(colours[prompt] ?? [0, 0, 0], shape: [1, 1, 3])
    }

    func tokenCount(_ prompt: String) throws -> Int { prompt.split(separator: " ").count + 2 }
}

import Synchronization
import Tensors
import Testing

@testable import Diffusion

/// Writes down what goes through a network.
final class WatchedDenoiser: Denoiser {
    private let network: any Denoiser
    private let passes = Mutex<[(batch: Int, isWhole: Bool)]>([])

    init(_ network: any Denoiser) { self.network = network }

    /// How many latents each pass had.
    var batches: [Int] { passes.withLock { $0.map(\.batch) } }
    /// Which of the passes went through the whole network.
    var whole: [Bool] { passes.withLock { $0.map(\.isWhole) } }

    func predict(
        _ latent: Tensor, at time: Double, _ told: TextContext, _ extras: Extras, reusing deep: inout DeepFeatures,
        checkCancelled: CancellationCheck
    ) throws -> Tensor {
        var asked = deep
        passes.withLock { $0.append((latent.shape[0], asked.next() == nil)) }
        return try network.predict(latent, at: time, told, extras, reusing: &deep, checkCancelled: checkCancelled)
    }
}

extension PipelineTests {
    /// The tests' pipeline, and what goes through its network.
    func watched() throws -> (Pipeline, WatchedDenoiser) {
        let whole = try pipeline()
        let watched = WatchedDenoiser(whole.denoiser)
        return (Pipeline(family: whole.family, denoiser: watched, codec: whole.codec, text: whole.text), watched)
    }
}

extension Pipeline {
    /// The latent after a run's last step.
    func lastLatent(_ request: GenerationRequest) throws -> Tensor {
        var latent: Tensor?
        _ = try run(request) { latent = $0.latent }
        return try #require(latent)
    }
}

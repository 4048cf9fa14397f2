import Pixels
import Tensors

/// What a kind of diffusion model needs: all that planning and running ask, whatever its network is.
///
/// A folder or file is asked once which family it is; everything behind that goes through here, through the family's `Denoiser`, its
/// `LatentCodec` and its `PromptEncoder`.
package protocol ModelFamily: Sendable {
    /// Working sizes are filled up to multiples of this many pixels: the side of the square that a latent value stands for.
    var sizeMultiple: Int { get }
    /// Multiples of this many pixels suit the network at every level.
    var evenMultiple: Int { get }
    /// Width and height in pixels of the squares the model was trained on.
    var usualSide: Int { get }
    /// Numbers of a latent value.
    var latentChannels: Int { get }
    /// Width of the text's token states.
    var textWidth: Int { get }
    /// Whether the network was made for repainting and wants the mask and the rest of the picture beside the latent.
    var wantsMask: Bool { get }
    /// Whether the weights are held in two bytes a number.
    var isHeldInHalves: Bool { get }
    /// In which numbers the network's products are made; single precision unless a family says otherwise.
    var arithmetic: Arithmetic { get }

    /// Whether a request goes through the network twice a step, with the prompt and with the negative one.
    func isGuided(_ request: GenerationRequest) -> Bool
    /// How a request walks from noise to a latent: the model's schedule and what its network predicts are in it.
    ///
    /// - Parameter strength: nil for a run from nothing.
    /// - Throws: `DiffusionError` where the model has no such walk.
    func sampling(_ request: GenerationRequest, strength: Double?) throws(DiffusionError) -> Sampling
    /// What a request costs on a canvas.
    func workload(_ canvas: PixelSize, _ request: GenerationRequest) -> Workload
    /// What the network is told beside the tokens of texts; nil: nothing.
    ///
    /// - Parameters:
    ///   - texts: one for each latent of a batch.
    ///   - scale: of the guidance.
    func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)?
    /// Whether the codec's tiles are any smaller than the canvas.
    func canTile(_ canvas: PixelSize) -> Bool
}

extension ModelFamily {
    package var arithmetic: Arithmetic { .f32 }
    package func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)? { nil }
}

/// A walk from noise to a latent: what the network is given at each step, and what becomes of its answer.
package struct Sampling: Sendable {
    package let sampler: any LatentSampler
    /// Which of its steps run.
    package let plan: StepPlan

    package init(_ sampler: any LatentSampler, _ plan: StepPlan) {
        (self.sampler, self.plan) = (sampler, plan)
    }
}

/// Takes the steps. They are to be taken in order: most methods remember the ones before. Latents are [1, height, width, channels].
package protocol LatentSampler: Sendable {
    /// What the network is told of the time at each step.
    var timesteps: [Float] { get }
    /// How many passes of the network one of a person's steps takes.
    var passesPerStep: Int { get }
    /// Pure noise as a run from nothing starts with.
    func start(from noise: Tensor) -> Tensor
    /// The clean latent with as much noise on it as the pass at `index` starts from; behind the last pass, none.
    func addNoise(_ noise: Tensor, to clean: Tensor, at index: Int) -> Tensor
    /// The latent as the network wants it at this step.
    func modelInput(_ latent: Tensor, at index: Int) -> Tensor
    /// The estimate of the clean latent that an answer amounts to.
    func clean(_ output: Tensor, _ latent: Tensor, at index: Int) -> Tensor
    /// The answer that amounts to an estimate of the clean latent.
    func output(meaning clean: Tensor, _ latent: Tensor, at index: Int) -> Tensor
    /// The latent after the step at `index`.
    ///
    /// - Parameter random: where a method that wants noise draws it.
    mutating func step(_ output: Tensor, _ latent: Tensor, at index: Int, random: inout TorchRandom) -> Tensor
}

extension LatentSampler {
    package var passesPerStep: Int { 1 }
}

/// Brings pictures to latents and back.
package protocol LatentCodec: Sendable {
    /// - Parameters:
    ///   - picture: [1, height, width, 3] in -1 ... 1.
    ///   - tiled: in pieces, for want of memory.
    /// - Returns: latents in the codec's own scale; `scaled` brings them to the network's.
    func encode(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Autoencoder.Posterior
    /// - Parameter latent: in the codec's own scale.
    /// - Returns: [1, height, width, 3], about -1 ... 1.
    func decode(_ latent: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Tensor
    func scaled(_ latent: Tensor) -> Tensor
    func unscaled(_ latent: Tensor) -> Tensor
    /// Whether decoding costs so little beside a step that previews are decoded, too.
    var decodesAtOnce: Bool { get }
    /// What decodes as this does and is asked to encode nothing any more; itself where there are no weights that only encode.
    var decodingAlone: any LatentCodec { get }
}

extension LatentCodec {
    package var decodesAtOnce: Bool { false }
    package var decodingAlone: any LatentCodec { self }
}

extension Sampler: LatentSampler {
    package var timesteps: [Float] { schedule.timesteps }
    package var passesPerStep: Int { schedule.sampler.passesPerStep }
}

extension Autoencoder: LatentCodec {
    package var decodesAtOnce: Bool { configuration.tiny != nil }
    package var decodingAlone: any LatentCodec { withoutEncoder }

    package func encode(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Posterior {
        guard tiled else { return try encode(picture, checkCancelled: checkCancelled) }
        return try encodeTiled(picture, AutoencoderTiling(configuration), checkCancelled: checkCancelled)
    }

    package func decode(_ latent: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Tensor {
        guard tiled else { return try decode(latent, checkCancelled: checkCancelled) }
        return try decodeTiled(latent, AutoencoderTiling(configuration), checkCancelled: checkCancelled)
    }
}

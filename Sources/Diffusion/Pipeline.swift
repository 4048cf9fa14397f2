import Checkpoints
import Foundation
import Pixels
import Tensors

/// A model, loaded: from a request to pictures.
///
/// Long work: run it off the cooperative thread pool. Everything here is a value that may be used from several threads.
public struct Pipeline: Sendable {
    public let unet: UNet
    public let autoencoder: Autoencoder
    public let outline: PipelineOutline
    public let text: any PromptEncoder

    /// The LoRA files that are in the weights.
    public let adaptations: [Adaptation]
    /// What was left out of the files that prompts call, in words.
    public internal(set) var notes: [String] = []

    /// Loads a model: a folder in diffusers' layout, or a single .safetensors file.
    ///
    /// - Parameter sentences: makes the prompt encoder of models that read prompts with the default encoder and bring none of their own.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    public init(model: URL, options: PipelineOptions = PipelineOptions(), sentences: () throws -> any PromptEncoder) throws {
        self = try PipelineSource(model: model, options: options).load(sentences: sentences)
    }

    /// Loads `unet/`, `vae/` and `scheduler/` of a folder, prompts being read by `text`.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    public init(directory: URL, text: any PromptEncoder) throws {
        let parts = try ModelParts(folder: directory, readsTextEncoders: false)
        try self.init(
            unet: UNet(parts.unet, configuration: parts.unetConfiguration),
            autoencoder: Autoencoder(parts.autoencoder, configuration: parts.autoencoderConfiguration), scheduler: parts.scheduler,
            text: text)
    }

    /// - Throws: `DiffusionError.unsupported` where the parts do not fit each other.
    public init(
        unet: UNet, autoencoder: Autoencoder, scheduler: SchedulerConfiguration, text: any PromptEncoder, adaptations: [Adaptation] = []
    ) throws {
        self.init(
            outline: try PipelineOutline(unet: unet.configuration, autoencoder: autoencoder.configuration, scheduler: scheduler),
            unet: unet, autoencoder: autoencoder, text: text, adaptations: adaptations)
    }

    init(outline: PipelineOutline, unet: UNet, autoencoder: Autoencoder, text: any PromptEncoder, adaptations: [Adaptation]) {
        (self.outline, self.unet, self.autoencoder) = (outline, unet, autoencoder)
        (self.text, self.adaptations) = (text, adaptations)
    }

    /// The texts of a request as the UNet will look at them.
    func guidance(_ request: GenerationRequest, working: PixelSize) throws -> Guidance {
        let reading = PromptReading(profile: request.profile, clipSkip: request.clipSkip)
        // diffusers skips layers for the prompt alone.
        let negativeReading = request.profile == .diffusers ? PromptReading(profile: .diffusers) : reading
        let readsSyntax = request.profile != .diffusers
        var known: [String: Conditioning] = [:]
        func encoded(_ prompt: String, _ reading: PromptReading) throws -> Conditioning {
            let key = "\(reading.clipSkip ?? 0) " + prompt
            if let made = known[key] { return made }
            if readsSyntax { try PromptWeights.check(prompt) }
            let made = try text.conditioning(for: prompt, reading)
            let expected = unet.configuration.textWidths[0]
            guard made.states.shape.rank == 3, made.states.shape[0] == 1, made.states.shape[2] == expected else {
                throw DiffusionError.textWidth(found: made.states.shape[-1], expected: expected)
            }
            known[key] = made
            return made
        }
        func schedule(_ prompt: String) throws -> PromptSchedule {
            let called = PromptTags(prompt)
            for tag in called.adaptations where !adaptations.contains(where: { $0.name == tag.name }) {
                throw DiffusionError.unknownAdaptation(name: tag.name, known: adaptations.map(\.name))
            }
            if let problem = called.problems.first { throw DiffusionError.unreadableTag(tag: problem.tag, reason: problem.reason) }
            return PromptSchedule(called.text, steps: request.steps, isRead: readsSyntax)
        }
        let (positive, negative) = (try schedule(request.prompt), try schedule(request.negative))
        let isGuided = outline.isGuided(request)
        func guidance(at step: Int) throws -> Guidance {
            let parts = readsSyntax ? ComposedPrompt.parts(positive.text(at: step)) : [WeightedText(positive.text(at: step), 1)]
            try ComposedPrompt.check(parts, isGuided: isGuided)
            let unwanted = negative.text(at: step)
            var unconditional = isGuided ? try encoded(unwanted, negativeReading) : nil
            // SDXL was trained to be told nothing by zeros; the web UI reads the empty text all the same.
            if let clip = text as? CLIPPrompts, clip.zerosForEmptyNegative, unwanted.isEmpty, request.profile != .a1111 {
                unconditional = unconditional.map(clip.zeros)
            }
            let sides = [Float(working.height), Float(working.width)]
            return Guidance(
                parts: try parts.map { (try encoded($0.text, reading), $0.weight) }, unconditional: unconditional,
                scale: Float(request.guidance), sizes: sides + [0, 0] + sides)
        }
        let ends = Set((positive.stretches.dropLast() + negative.stretches.dropLast()).map(\.end)).sorted()
        let first = try guidance(at: 0)
        return ends.isEmpty ? first : first.changing(try ends.map { ($0 + 1, try guidance(at: $0 + 1)) })
    }

    /// How long a prompt is for this model, and how much of it would be seen.
    public func length(of prompt: String, _ request: GenerationRequest) throws -> PromptLength {
        let words = PromptSchedule(PromptTags(prompt).text, steps: request.steps, isRead: request.profile != .diffusers).text(at: 0)
        return try text.length(of: words, PromptReading(profile: request.profile, clipSkip: request.clipSkip))
    }

    /// Normal noise of a latent at working size, drawn in the reference's order (channels first).
    func noise(_ random: inout TorchRandom, _ working: PixelSize) -> Tensor {
        let channels = autoencoder.configuration.latentChannels
        let (height, width) = (working.height / sizeMultiple, working.width / sizeMultiple)
        return Tensor(random.normals(channels * height * width), shape: [1, channels, height, width]).permuted([0, 2, 3, 1])
    }

    /// The distribution of a picture's latents.
    /// - Parameter picture: [1, height, width, 3] in -1 ... 1.
    func encoded(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Autoencoder.Posterior {
        guard tiled else { return try autoencoder.encode(picture, checkCancelled: checkCancelled) }
        return try autoencoder.encodeTiled(picture, AutoencoderTiling(autoencoder.configuration), checkCancelled: checkCancelled)
    }

    /// The middle of a posterior in the UNet's scale.
    func scaledMean(_ posterior: Autoencoder.Posterior) throws -> Tensor {
        let latent = autoencoder.scaled(posterior.mean)
        try latent.requireFinite("encoding the picture")
        return latent
    }

    /// A sample of a posterior in the UNet's scale, drawn as the reference draws it.
    func sample(_ posterior: Autoencoder.Posterior, _ working: PixelSize, random: inout TorchRandom) throws -> Tensor {
        let drawn = posterior.deviation == nil ? posterior.mean : posterior.sample(noise(&random, working))
        let latent = autoencoder.scaled(drawn)
        try latent.requireFinite("encoding the picture")
        return latent
    }

    /// The picture that a latent in the UNet's scale stands for, at the canvas' size.
    /// - Parameter tiled: in pieces, for want of memory; see `AutoencoderTiling`.
    public func picture(of latent: Tensor, tiled: Bool = false, checkCancelled: CancellationCheck = {}) throws -> Image {
        let latent = autoencoder.unscaled(latent)
        let decoded =
            try tiled
            ? autoencoder.decodeTiled(latent, AutoencoderTiling(autoencoder.configuration), checkCancelled: checkCancelled)
            : autoencoder.decode(latent, checkCancelled: checkCancelled)
        try decoded.requireFinite("decoding the latent")
        return Image(decoded: decoded)
    }
}

extension Tensor {
    func requireFinite(_ stage: String) throws(DiffusionError) {
        guard withUnsafeValues({ $0.allSatisfy(\.isFinite) }) else { throw .notFinite(stage: stage) }
    }
}

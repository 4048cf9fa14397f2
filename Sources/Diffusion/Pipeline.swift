import Checkpoints
import Foundation
import Pixels
import Tensors

/// A model, loaded: from a request to pictures.
///
/// Long work: run it off the cooperative thread pool. Everything here is a value that may be used from several threads.
package struct Pipeline: Sendable {
    package let family: any ModelFamily
    let denoiserPart: ModelPart<any Denoiser>
    let codecPart: ModelPart<any LatentCodec>
    let textPart: ModelPart<any PromptEncoder>

    package var denoiser: any Denoiser { denoiserPart.part }
    package var codec: any LatentCodec { codecPart.part }
    package var text: any PromptEncoder { textPart.part }

    /// The LoRA files that are in the weights.
    package let adaptations: [Adaptation]
    /// What was left out of the files that prompts call, in words.
    package internal(set) var notes: [String] = []

    /// Loads a model: a folder in diffusers' layout, or a single .safetensors file.
    ///
    /// - Parameter sentences: makes the prompt encoder of models that read prompts with the default encoder and bring none of their own.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    package init(model: URL, options: PipelineOptions = PipelineOptions(), sentences: () throws -> any PromptEncoder) throws {
        self = try PipelineSource(model: model, options: options).load(sentences: sentences)
    }

    /// A model of any family. Its parts fit each other.
    package init(
        family: any ModelFamily, denoiser: any Denoiser, codec: any LatentCodec, text: any PromptEncoder, adaptations: [Adaptation] = []
    ) {
        self.init(family: family, denoiser: ModelPart(denoiser), codec: codec, text: text, adaptations: adaptations)
    }

    /// - Parameter denoiser: which may be read later; `PipelineSource.load` says when.
    init(
        family: any ModelFamily, denoiser: ModelPart<any Denoiser>, codec: any LatentCodec, text: any PromptEncoder,
        adaptations: [Adaptation]
    ) {
        (self.family, self.adaptations) = (family, adaptations)
        (denoiserPart, codecPart, textPart) = (denoiser, ModelPart(codec), ModelPart(text))
    }

    /// The texts of a request, encoded.
    struct Texts {
        /// What is told from a step of the run on.
        struct Stretch {
            let start: Int
            /// Of the prompt, with their weights; at least one.
            let parts: [(text: Conditioning, weight: Float)]
            /// Nil where the prompt alone counts.
            let unconditional: Conditioning?
        }

        let first: Stretch
        /// Those of prompts that change on the way, in order.
        let later: [Stretch]
    }

    /// The texts of a request as the model reads them, whatever the size.
    func texts(_ request: GenerationRequest) throws -> Texts {
        let reading = PromptReading(profile: request.profile, clipSkip: request.clipSkip)
        // diffusers skips layers for the prompt alone.
        let negativeReading = request.profile == .diffusers ? PromptReading(profile: .diffusers) : reading
        let readsSyntax = request.profile != .diffusers
        let expected = family.textWidth
        var known: [String: Conditioning] = [:]
        func encoded(_ prompt: String, _ reading: PromptReading) throws -> Conditioning {
            let key = "\(reading.clipSkip ?? 0) " + prompt
            if let made = known[key] { return made }
            if readsSyntax { try PromptWeights.check(prompt) }
            let made = try text.conditioning(for: prompt, reading)
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
        let isGuided = family.isGuided(request)
        func stretch(from step: Int) throws -> Texts.Stretch {
            let parts = readsSyntax ? ComposedPrompt.parts(positive.text(at: step)) : [WeightedText(positive.text(at: step), 1)]
            try ComposedPrompt.check(parts, isGuided: isGuided)
            let unwanted = negative.text(at: step)
            var unconditional = isGuided ? try encoded(unwanted, negativeReading) : nil
            // The web UI reads the empty text whatever the model was trained with, diffusers where it was given.
            let saysNothing = request.negative.isEmpty && !request.readsEmptyNegative && request.profile != .a1111
            if saysNothing { unconditional = unconditional.map { text.nothing(insteadOf: $0) } }
            return Texts.Stretch(
                start: step, parts: try parts.map { (try encoded($0.text, reading), $0.weight) }, unconditional: unconditional)
        }
        let ends = Set((positive.stretches.dropLast() + negative.stretches.dropLast()).map(\.end)).sorted()
        return Texts(first: try stretch(from: 0), later: try ends.map { try stretch(from: $0 + 1) })
    }

    /// The texts as the network looks at them at a working size.
    ///
    /// - Parameter guided: steps of the run that are told the negative prompt; nil: all.
    func guidance(_ texts: Texts, _ request: GenerationRequest, working: PixelSize, guided: Int? = nil) -> Guidance {
        let scale = Float(request.guidance)
        func guidance(_ stretch: Texts.Stretch, from step: Int) -> Guidance {
            let isGuided = guided.map { step < $0 } ?? true
            return Guidance(parts: stretch.parts, unconditional: isGuided ? stretch.unconditional : nil, scale: scale) {
                family.added(to: $0, scale: scale, working: working)
            }
        }
        var changes = texts.later.map { ($0.start, guidance($0, from: $0.start)) }
        if let guided, guided > 0 {
            let standing = texts.later.last { $0.start <= guided } ?? texts.first
            changes.insert((guided, guidance(standing, from: guided)), at: changes.firstIndex { $0.0 > guided } ?? changes.count)
        }
        let first = guidance(texts.first, from: 0)
        return changes.isEmpty ? first : first.changing(changes)
    }

    /// Both at once.
    func guidance(_ request: GenerationRequest, working: PixelSize) throws -> Guidance {
        guidance(try texts(request), request, working: working)
    }

    /// How long a prompt is for this model, and how much of it would be seen.
    package func length(of prompt: String, _ request: GenerationRequest) throws -> PromptLength {
        let words = PromptSchedule(PromptTags(prompt).text, steps: request.steps, isRead: request.profile != .diffusers).text(at: 0)
        return try text.length(of: words, PromptReading(profile: request.profile, clipSkip: request.clipSkip))
    }

    /// Normal noise of a latent at working size, drawn in the reference's order (channels first).
    func noise(_ random: inout TorchRandom, _ working: PixelSize) -> Tensor {
        let channels = family.latentChannels
        let (height, width) = (working.height / sizeMultiple, working.width / sizeMultiple)
        return Tensor(random.normals(channels * height * width), shape: [1, channels, height, width]).permuted([0, 2, 3, 1])
    }

    /// The middle of a posterior in the UNet's scale.
    func scaledMean(_ posterior: Autoencoder.Posterior) throws -> Tensor {
        let latent = codec.scaled(posterior.mean)
        try latent.requireFinite("encoding the picture")
        return latent
    }

    /// A sample of a posterior in the UNet's scale, drawn as the reference draws it.
    func sample(_ posterior: Autoencoder.Posterior, _ working: PixelSize, random: inout TorchRandom) throws -> Tensor {
        let drawn = posterior.deviation == nil ? posterior.mean : posterior.sample(noise(&random, working))
        let latent = codec.scaled(drawn)
        try latent.requireFinite("encoding the picture")
        return latent
    }

    /// The picture that a latent in the UNet's scale stands for, at the canvas' size.
    /// - Parameter tiled: in pieces, for want of memory; see `AutoencoderTiling`.
    package func picture(of latent: Tensor, tiled: Bool = false, checkCancelled: CancellationCheck = {}) throws -> Image {
        let decoded = try codec.decode(codec.unscaled(latent), tiled: tiled, checkCancelled: checkCancelled)
        try decoded.requireFinite("decoding the latent")
        return Image(decoded: decoded)
    }
}

extension Tensor {
    func requireFinite(_ stage: String) throws(DiffusionError) {
        guard isFinite else { throw .notFinite(stage: stage) }
    }
}

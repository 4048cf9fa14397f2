import Foundation

/// Parts of a model from elsewhere: for one that lacks them, or instead of its own.
package struct GivenParts: Sendable, Equatable {
    /// A file or a folder, the autoencoder's own or a whole model's.
    package var autoencoder: URL?
    /// Likewise; SDXL's two may lie apart.
    package var textEncoders: [URL]

    package init(autoencoder: URL? = nil, textEncoders: [URL] = []) {
        (self.autoencoder, self.textEncoders) = (autoencoder, textEncoders)
    }

    /// Whence they are taken, in words.
    var notes: [String] {
        (autoencoder.map { ["the autoencoder is that of \($0.path)"] } ?? [])
            + textEncoders.map { "the text encoder is that of \($0.path)" }
    }
}

extension GenerationRequest.Prediction {
    var configured: SchedulerConfiguration.Prediction {
        switch self {
        case .epsilon: .epsilon
        case .v: .velocity
        case .sample: .sample
        }
    }
}

/// What is loaded with a model.
package struct PipelineOptions: Sendable, Equatable {
    /// LoRA files to add to the weights, in this order.
    package var adaptations: [Adaptation]
    /// Textual inversions that prompts may call by name.
    package var embeddings: [URL]
    /// OpenAI's list of byte pairs, for models that bring no tokenizer: single files.
    package var merges: URL?
    /// Stands in for the model's own autoencoder.
    package var autoencoder: TinyAutoencoderChoice?
    /// What was left out, in words.
    package var notes: [String] = []
    /// In which numbers products are made. Weights of large models are held in two bytes a number where that changes none of them.
    package var precision = GenerationRequest.Precision.f32
    package var given = GivenParts()
    /// What the model predicts; nil: what its files tell.
    package var prediction: GenerationRequest.Prediction?

    package init(adaptations: [Adaptation] = [], embeddings: [URL] = [], merges: URL? = nil) {
        self.adaptations = adaptations
        self.embeddings = embeddings
        self.merges = merges
    }

    /// What prompts call, looked up.
    ///
    /// - Parameters:
    ///   - prompts: the prompt, then the negative one: with tags as `<lora:name:0.8>` (`PromptTags`), and names of textual inversions.
    ///   - precision: in which numbers products are made.
    ///   - folders: searched in this order for names in `loras/` and `embeddings/`, and in folders below these. Never a path: prompts come
    ///     from strangers' pictures.
    /// - Throws: `DiffusionError.unknownAdaptation`, with the names that are there, or `DiffusionError.unreadableTag`.
    package init(prompts: [String], folders: [URL], merges: URL?, precision: GenerationRequest.Precision = .f32) throws {
        self.init(merges: merges)
        self.precision = precision
        let read = prompts.map { PromptTags($0) }
        if let problem = read.flatMap(\.problems).first { throw DiffusionError.unreadableTag(tag: problem.tag, reason: problem.reason) }
        if read.contains(where: { !$0.adaptations.isEmpty }) {
            let shelf = NamedFiles(in: folders.map { $0.appendingPathComponent("loras") })
            // A name that is called twice is added twice; the negative prompt's tags are those that the prompt does not have already.
            var tags = read.first?.adaptations ?? []
            for tag in read.dropFirst().flatMap(\.adaptations) where !tags.contains(where: { $0.name == tag.name }) { tags.append(tag) }
            for tag in tags {
                guard let file = shelf.file(named: tag.name) else {
                    throw DiffusionError.unknownAdaptation(name: tag.name, known: shelf.names)
                }
                adaptations.append(Adaptation(tag, file: file))
            }
        }
        let shelf = NamedFiles(in: folders.map { $0.appendingPathComponent("embeddings") })
        let words = read.map { CalledWords($0.text) }
        for name in shelf.names where words.contains(where: { $0.calls(name) }) {
            if let file = shelf.file(named: name) { embeddings.append(file) }
        }
        let pickles = NamedFiles(in: folders.map { $0.appendingPathComponent("embeddings") }, endings: ["pt", "bin"])
        for name in pickles.names where shelf.file(named: name) == nil && words.contains(where: { $0.calls(name) }) {
            notes.append("the embedding \(name) is not used: its file is a pickle, which is not read; convert it to .safetensors")
        }
    }
}

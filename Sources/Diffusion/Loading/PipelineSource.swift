import Checkpoints
import Foundation

/// A model whose files are open and whose headers are read, its weights not yet: what a run on it needs is known before gigabytes are read.
package struct PipelineSource: Sendable {
    package let family: any ModelFamily
    /// Bytes that the weights will take once they are loaded.
    package let weightMemory: Int
    private let parts: ModelParts
    private let options: PipelineOptions
    /// What was left out of the files that prompts call, in words.
    package let notes: [String]
    private let embeddings: [TrainedEmbedding]

    /// Opens a model: a folder in diffusers' layout, or a single .safetensors file.
    ///
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor; what `checkCancelled` throws.
    package init(
        model: URL, options: PipelineOptions = PipelineOptions(),
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() }
    ) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: model.path, isDirectory: &isFolder) else {
            throw DiffusionError.unreadable(file: model.path, reason: "there is no such file or folder")
        }
        // Some single files are told apart by asking their UNet, which takes a while.
        var parts = try Cancellation(checkCancelled).during {
            isFolder.boolValue
                ? try ModelParts(folder: model, given: options.given)
                : try ModelParts(file: model, given: options.given, prediction: options.prediction?.configured)
        }
        if let prediction = options.prediction { parts.scheduler.prediction = prediction.configured }
        var notes = options.notes + options.given.notes
        notes += try parts.add(options.adaptations)
        if let autoencoder = options.autoencoder { notes.append(try parts.take(autoencoder)) }
        try parts.hold(options.precision)
        weightMemory = try parts.weightMemory()
        let outline = try PipelineOutline(
            unet: parts.unetConfiguration, autoencoder: parts.autoencoderConfiguration, scheduler: parts.scheduler,
            weightMemory: weightMemory, isHeldInHalves: parts.unet.holding.inHalves, arithmetic: parts.unet.holding.arithmetic,
            transformMemory: parts.transformMemory())
        family = parts.family.model(outline)
        let widths = parts.textEncoders.map(\.configuration.width)
        var embeddings: [TrainedEmbedding] = []
        for file in widths.isEmpty ? [] : options.embeddings {
            do {
                let embedding = try TrainedEmbedding(file)
                try embedding.check(widths)
                embeddings.append(embedding)
            } catch {
                // A common word may be some embedding's name: one that cannot be used is no reason to stop.
                notes.append("not used: \(error)")
            }
        }
        for adaptation in widths.isEmpty ? [] : options.adaptations {
            do {
                for embedding in try TrainedEmbedding.bundled(in: adaptation.file)
                where !embeddings.contains(where: { $0.name.lowercased() == embedding.name.lowercased() }) {
                    try embedding.check(widths)
                    embeddings.append(embedding)
                    notes.append("the LoRA \(adaptation.name) brings the embedding \(embedding.name), which prompts call by that name")
                }
            } catch {
                notes.append("not used: \(error)")
            }
        }
        (self.parts, self.options, self.notes, self.embeddings) = (parts, options, notes, embeddings)
    }

    /// Whether it reads prompts with the default encoder, for want of a text encoder of its own.
    package var readsSentences: Bool { parts.textEncoders.isEmpty }

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - checkCancelled: called between tensors; what it throws ends the loading and is thrown here.
    ///   - sentences: makes the prompt encoder of models that read prompts with the default encoder and bring none of their own.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    package func load(
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() }, sentences: () throws -> any PromptEncoder
    ) throws -> Pipeline {
        try Cancellation(checkCancelled).during {
            let text: any PromptEncoder =
                if parts.textEncoders.isEmpty {
                    try sentences()
                } else {
                    try parts.prompts(merges: options.merges, embeddings: embeddings)
                }
            var pipeline = Pipeline(
                family: family, denoiser: try UNet(parts.unet, configuration: parts.unetConfiguration),
                codec: try Autoencoder(parts.autoencoder, configuration: parts.autoencoderConfiguration), text: text,
                adaptations: options.adaptations)
            pipeline.notes = notes
            return pipeline
        }
    }
}

import Checkpoints
import Foundation

/// A model whose files are open and whose headers are read, its weights not yet: what a run on it needs is known before gigabytes are read.
package struct PipelineSource: Sendable {
    private let opened: any OpenedModel

    package var family: any ModelFamily { opened.family }
    /// What the weights will take once they are loaded.
    package var weightMemory: WeightMemory { opened.weightMemory }
    /// What was left out of the files that prompts call, in words.
    package var notes: [String] { opened.notes }

    /// Opens a model, a folder in diffusers' layout or a single .safetensors file, as the first of the kinds that knows it.
    ///
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor; what `checkCancelled` throws.
    package init(
        model: URL, options: PipelineOptions = PipelineOptions(), kinds: [any OpenedModel.Type] = KnownModels.all,
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() }
    ) throws {
        opened = try Cancellation(checkCancelled).during {
            let place = try ModelPlace(model)
            guard let kind = kinds.first(where: { $0.isHere(place) }) ?? kinds.last else {
                throw DiffusionError.unreadable(file: model.path, reason: "it is no model of a kind that is run here")
            }
            return try kind.init(place, options: options)
        }
    }

    /// Counts prompts' tokens; nil for a model that reads prompts with the default encoder, for want of a text encoder of its own.
    package func meter() throws -> (any PromptMeter)? { try opened.meter() }

    /// Loads the model and does what comes with it, while the kernel is asked for the weights ahead, in the order in which they are needed: the
    /// disk then works while texts and pictures are encoded. Nothing depends on it.
    ///
    /// - Parameter bytes: what memory has room for beside all that the run takes.
    package func readingAhead<Result>(atMost bytes: Int, _ body: () throws -> Result) rethrows -> Result {
        try ReadAhead.during((try? opened.fileParts()) ?? [], atMost: bytes, body)
    }

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - asNeeded: whether the network's are left to the run that needs them, so that they do not stand beside what comes before.
    ///   - checkCancelled: called between tensors; what it throws ends the loading and is thrown here.
    ///   - sentences: makes the prompt encoder of models that read prompts with the default encoder and bring none of their own.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    package func load(
        asNeeded: Bool = false, checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        sentences: () throws -> any PromptEncoder
    ) throws -> Pipeline {
        try Cancellation(checkCancelled).during {
            let pipeline = try opened.load(sentences: sentences)
            if !asNeeded { _ = try pipeline.denoiserPart.read() }
            return pipeline
        }
    }
}

import Checkpoints
import Foundation

/// Where a model lies, looked at as far as its family is told by it: no weight is read.
package struct ModelPlace: Sendable {
    package let url: URL
    /// A model in one file, its header read; nil for a folder.
    package let file: SafetensorsFile?

    /// - Throws: `DiffusionError.unreadable` where nothing is there; `CheckpointError` for a file that is no safetensors file.
    package init(_ url: URL) throws {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else {
            throw DiffusionError.unreadable(file: url.path, reason: "there is no such file or folder")
        }
        self.url = url
        file = isFolder.boolValue ? nil : try SafetensorsFile(url)
    }

    init(_ file: SafetensorsFile) {
        (url, self.file) = (URL(fileURLWithPath: file.path), file)
    }

    /// Whether it is a folder in diffusers' layout that has a part of this name: `unet`, `transformer`.
    package func hasPart(_ name: String) -> Bool {
        file == nil && FileManager.default.fileExists(atPath: url.appendingPathComponent(name).appendingPathComponent("config.json").path)
    }
}

/// The door of a kind of model: how its models are known by their files, and what is read of them. A model is opened in two steps, so that what a
/// run on it needs is known before gigabytes are read.
///
/// A conformer says of its own what stands in for a UNet, which parts its folders have, and which codec and text encoders go with it; nothing
/// outside asks. `KnownModels` lists the conformers.
package protocol OpenedModel: Sendable {
    /// Whether a model of this kind lies there, as far as names tell.
    static func isHere(_ place: ModelPlace) -> Bool
    /// The parts of a folder in diffusers' layout whose weights it reads.
    static var parts: [String] { get }
    /// What people call a file of it; nil where the kind is of several families, which `FileSigns` tells apart.
    static var title: String? { get }

    /// Opens the files and reads headers and configurations; the weights not yet.
    ///
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    init(_ place: ModelPlace, options: PipelineOptions) throws

    var family: any ModelFamily { get }
    /// What the weights will take once they are loaded.
    var weightMemory: WeightMemory { get }
    /// What was left out of the files that prompts call, in words.
    var notes: [String] { get }
    /// Where in files the weights lie, in the order in which `load` and a run after it need them.
    func fileParts() throws -> [FilePart]
    /// Counts prompts' tokens; nil for a model that reads prompts with the default encoder, for want of a text encoder of its own.
    func meter() throws -> (any PromptMeter)?

    /// Reads the weights; the network's may be left for a run to read them where it needs them.
    ///
    /// - Parameter sentences: makes the prompt encoder of models that read prompts with the default encoder.
    /// - Throws: `DiffusionError` or `CheckpointError`, naming the file and the key or tensor.
    func load(sentences: () throws -> any PromptEncoder) throws -> Pipeline
}

extension OpenedModel {
    /// Nothing is read ahead of a model that does not tell.
    package func fileParts() -> [FilePart] { [] }
}

import Checkpoints
import Foundation

/// The kinds of models that are run here.
package enum KnownModels {
    /// The most particular first: a model is of the first kind that knows it. The last is asked of everything else, and says what is missing.
    package static let all: [any OpenedModel.Type] = [LatentUNetModel.self]

    /// The parts of a folder in diffusers' layout whose weights are read.
    package static var parts: [String] {
        all.flatMap { $0.parts }.reduce(into: []) { parts, part in if !parts.contains(part) { parts.append(part) } }
    }

    /// Whether a folder is that of a model.
    package static func isModel(_ folder: URL, _ kinds: [any OpenedModel.Type] = all) -> Bool {
        guard let place = try? ModelPlace(folder), place.file == nil else { return false }
        return kinds.contains { $0.isHere(place) }
    }

    /// What a file is whose kind of model has a name of its own.
    static func identity(of file: SafetensorsFile, _ kinds: [any OpenedModel.Type] = all) -> FileIdentity? {
        let place = ModelPlace(file)
        guard let title = kinds.first(where: { $0.isHere(place) })?.title else { return nil }
        var identity = FileIdentity()
        (identity.kind, identity.family, identity.runs, identity.use) = (.checkpoint, title, true, "name the file with --model")
        return identity
    }
}

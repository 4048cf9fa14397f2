import Checkpoints
import Foundation
import Tensors

/// Whether a file of weights is whole.
extension FileIdentity {
    /// Reads every number of a file.
    ///
    /// - Parameter progress: told the share that was read; what it throws ends the reading.
    /// - Returns: what is wrong, in words; nothing where all is well.
    package static func problems(in url: URL, progress: (Double) throws -> Void) throws -> [String] {
        let file: SafetensorsFile
        do {
            file = try SafetensorsFile(url)
        } catch {
            return ["\(error)"]
        }
        let total = try file.names.reduce(0) { $0 + (try file.shape(of: $1)).count }
        var read = 0
        var problems: [String] = []
        for name in file.names {
            let (shape, type) = (try file.shape(of: name), try file.elementType(of: name))
            if type.isFloat, try !file.tensor(name).isFinite {
                problems.append("\(CheckpointError.notFinite(name, file: url.path))")
            }
            read += shape.count
            try progress(total == 0 ? 1 : Double(read) / Double(total))
        }
        return problems
    }

    /// Opens what is run as a model, so that whatever its names and shapes lack is told. A network alone is no whole model, and is passed.
    ///
    /// - Parameter place: a folder in diffusers' layout, or a file.
    /// - Throws: `DiffusionError` or `CheckpointError`.
    package static func requireRunnable(_ place: URL, merges: URL) throws {
        if place.pathExtension.lowercased() == "safetensors" {
            let identity = try FileIdentity(file: place)
            guard identity.kind == .checkpoint || identity.kind == .network else { return }
            guard identity.runs else { throw DiffusionError.notACheckpoint(file: place.path, reason: identity.use) }
            if identity.lacksAutoencoder || identity.lacksTextEncoder { return }
        }
        _ = try PipelineSource(model: place, options: PipelineOptions(merges: merges))
    }
}

import Checkpoints
import FoundationEssentials
import Tensors

/// A folder's weights, however the library that saved them named and cut them.
enum ModelFiles {
    /// The names a folder's weights may have, the first that is there counts.
    static let names = [
        "model.safetensors", "model.fp16.safetensors", "open_clip_model.safetensors", "open_clip_pytorch_model.safetensors",
    ]

    /// The safetensors files of a checkpoint: one, or the shards that its index names.
    ///
    /// - Parameter preferred: the name that counts where there are several.
    static func files(in directory: URL, preferring preferred: String? = nil) throws(EncoderError) -> [URL] {
        for name in [preferred].compactMap({ $0 }) + names {
            let url = directory.appendingPathComponent(name)
            if FileManager.default.fileExists(atPath: url.path) { return [url] }
            let index = directory.appendingPathComponent(name + ".index.json")
            if FileManager.default.fileExists(atPath: index.path) { return try shards(index) }
        }
        throw .unreadableFile(
            path: directory.appendingPathComponent(names[0]).path,
            reason: "there is no such file, nor any of \(names.dropFirst().joined(separator: ", "))")
    }

    static func weights(in directory: URL, preferring preferred: String? = nil, arithmetic: Arithmetic = .f32) throws -> Weights {
        try weights(of: try files(in: directory, preferring: preferred), arithmetic: arithmetic)
    }

    static func weights(of files: [URL], arithmetic: Arithmetic) throws -> Weights {
        // Who asks for one picture's embedding waits for reading a gigabyte, not for packing it. In another arithmetic, the first product
        // would not be like those that follow.
        try Weights(files: files.map { try SafetensorsFile($0) })
            .held(WeightHolding(packsAtSecondUse: arithmetic == .f32, arithmetic: arithmetic))
    }

    private static func shards(_ index: URL) throws(EncoderError) -> [URL] {
        do {
            return try CheckpointFolder.shards(of: index)
        } catch {
            switch error {
            case .malformed(_, let reason): throw .badConfiguration(path: index.path, reason: reason)
            case .unreadable(_, let reason): throw .unreadableFile(path: index.path, reason: reason)
            default: throw .unreadableFile(path: index.path, reason: "\(error)")
            }
        }
    }
}

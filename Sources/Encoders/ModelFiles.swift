import Checkpoints
import FoundationEssentials

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

    static func weights(in directory: URL, preferring preferred: String? = nil) throws -> Weights {
        try Weights(files: try files(in: directory, preferring: preferred).map { try SafetensorsFile($0) })
    }

    /// Shards stand beside their index; a path that leads elsewhere is refused.
    private static func shards(_ index: URL) throws(EncoderError) -> [URL] {
        var names: Set<String> = []
        var cursor = JSONCursor(try TokenizerFile.bytes(of: index), path: index.path)
        try cursor.object { cursor, key throws(EncoderError) in
            guard key == Array("weight_map".utf8) else { return try cursor.skip() }
            try cursor.object { cursor, _ throws(EncoderError) in
                names.insert(String(decoding: try cursor.string(), as: UTF8.self))
            }
        }
        guard !names.isEmpty, names.allSatisfy({ !$0.contains("/") && $0.hasSuffix(".safetensors") }) else {
            throw .badConfiguration(path: index.path, reason: "its weight_map names no safetensors files beside it")
        }
        return names.sorted().map { index.deletingLastPathComponent().appendingPathComponent($0) }
    }
}

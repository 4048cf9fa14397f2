import FoundationEssentials

/// The weights in a component's folder, as diffusers and transformers save them: one file, or shards that an index lists; for the full
/// numbers, or a variant such as `fp16` of which the name tells.
package enum CheckpointFolder {
    /// The files that together are the checkpoint.
    ///
    /// - Parameters:
    ///   - stem: `diffusion_pytorch_model` or `model`.
    ///   - variant: such as `fp16`; nil: the plain files, else the first variant in alphabetical order.
    /// - Throws: `CheckpointError.unreadable` that names the file that is wanted.
    package static func files(in folder: URL, stem: String, variant: String? = nil) throws(CheckpointError) -> [URL] {
        let names = Set((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        let variants = variant.map { [$0] } ?? [""] + found(names, stem: stem)
        for variant in variants {
            let infix = variant.isEmpty ? "" : ".\(variant)"
            let whole = "\(stem)\(infix).safetensors"
            if names.contains(whole) { return [folder.appendingPathComponent(whole)] }
            for index in ["\(stem).safetensors.index\(infix).json", "\(stem)\(infix).safetensors.index.json"] where names.contains(index) {
                return try shards(of: folder.appendingPathComponent(index))
            }
        }
        let others = names.filter { $0.hasSuffix(".bin") || $0.hasSuffix(".ckpt") || $0.hasSuffix(".pt") }
        throw .unreadable(
            file: folder.appendingPathComponent("\(stem)\(variant.map { ".\($0)" } ?? "").safetensors").path,
            reason: others.isEmpty ? "there is no such file" : "there is no such file; pickles (\(others.sorted()[0])) are not read")
    }

    /// The variants that a folder's names tell of.
    private static func found(_ names: Set<String>, stem: String) -> [String] {
        var variants: Set<String> = []
        for name in names where name.hasPrefix(stem + ".") {
            var parts = name.dropFirst(stem.count + 1).split(separator: ".").map(String.init)
            guard parts.contains("safetensors") else { continue }
            parts.removeAll { ["safetensors", "index", "json"].contains($0) || $0.contains("-of-") }
            if parts.count == 1 { variants.insert(parts[0]) }
        }
        return variants.sorted()
    }

    private struct Index: Decodable {
        let weightMap: [String: String]

        enum CodingKeys: String, CodingKey { case weightMap = "weight_map" }
    }

    /// More is no list of shards, and would be read into memory.
    private static let largestIndex = 256 << 20

    /// The files that an index, `….safetensors.index.json`, names. They stand beside it; a name that leads elsewhere is refused.
    ///
    /// - Throws: `CheckpointError.unreadable` or `.malformed`.
    package static func shards(of index: URL) throws(CheckpointError) -> [URL] {
        let map: [String: String]
        do {
            let file = try MappedFile(path: index.path)
            guard file.bytes.count <= largestIndex else {
                throw CheckpointError.unreadable(file: index.path, reason: "it has \(file.bytes.count) bytes; \(largestIndex) are allowed")
            }
            map = try JSONDecoder().decode(Index.self, from: Data(file.bytes)).weightMap
        } catch let error as CheckpointError {
            throw error
        } catch {
            throw .malformed(file: index.path, reason: "it is no JSON with a weight_map, the list of the files that hold the tensors")
        }
        let names = Set(map.values).sorted()
        if let wrong = names.first(where: { $0.contains("/") || !$0.hasSuffix(".safetensors") }) {
            throw .malformed(file: index.path, reason: "it names \(wrong), which is no safetensors file beside it")
        }
        guard !names.isEmpty else { throw .malformed(file: index.path, reason: "it names no files") }
        return names.map { index.deletingLastPathComponent().appendingPathComponent($0) }
    }
}

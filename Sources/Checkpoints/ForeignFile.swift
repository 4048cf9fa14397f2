/// What a file is that is no safetensors file, by its first bytes: names and endings are never believed.
enum ForeignFile {
    /// - Parameter name: the file's, which is told where nothing else is known of it.
    /// - Returns: what it is, and what to do instead; nil for what may be a safetensors file, be it a damaged one.
    static func kind(of bytes: UnsafeRawBufferPointer, called name: String) -> (name: String, instead: String)? {
        let start = Array(bytes.prefix(64))
        func begins(_ text: String) -> Bool { start.starts(with: Array(text.utf8)) }
        if begins("GGUF") {
            return GGUFHeader(Array(bytes.prefix(GGUFHeader.read)))?.told
                ?? ("a GGUF file", "which is not read; take the same model as .safetensors")
        }
        if let inside = firstEntry(ofZIP: start), !isTorch(inside) {
            return ("a ZIP archive", "which is not unpacked here; unpack it, and name the .safetensors file that is in it")
        }
        if begins("PK\u{3}\u{4}") || isPickle(start) && !looksLikeHeader(start) {
            return ("a pickle of torch", "which is never read, since it can run programs; convert it to .safetensors")
        }
        if begins("version https://git-lfs") {
            return ("a pointer of Git LFS", "which only names the file; fetch the file itself (git lfs pull)")
        }
        let text = String(decoding: start.drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D || $0 == 0x09 }, as: UTF8.self).lowercased()
        if text.hasPrefix("<!doctype") || text.hasPrefix("<html") || text.hasPrefix("<?xml") {
            return ("a web page", "so the download went wrong, perhaps for want of a login; download it again")
        }
        if text.hasPrefix("{\"error") || text.hasPrefix("{\"detail") || text.hasPrefix("invalid username") {
            return ("a server's answer that something is wrong", "so the download went wrong; download it again")
        }
        if !looksLikeHeader(start), start.starts(with: [0x08]) && text.contains("pytorch") || start.starts(with: [0x08, 0x03, 0x12]) {
            return ("an ONNX file", "which is not read; take the same model as .safetensors")
        }
        guard !looksLikeHeader(start) else { return nil }
        if let known = signs.first(where: { start.starts(with: $0.bytes) && ($0.others.isEmpty || text.contains($0.others)) }) {
            return (known.name, known.instead)
        }
        let ending = name.lastIndex(of: ".").map { name[$0...].lowercased() } ?? ""
        guard otherEndings.contains(ending) else { return nil }
        return (
            "no file of weights that is known, though its name ends in \(ending)",
            "so the download may have gone wrong; take the same model as .safetensors"
        )
    }

    /// The name of the first file in a ZIP archive; nil where these bytes begin none, or do not hold it. Source: PKWARE's APPNOTE, 4.3.7.
    private static func firstEntry(ofZIP start: [UInt8]) -> String? {
        guard start.starts(with: [0x50, 0x4B, 3, 4]), start.count > 30 else { return nil }
        let length = Int(start[26]) | Int(start[27]) << 8
        guard (1...start.count - 30).contains(length) else { return nil }
        return String(decoding: start[30..<30 + length], as: UTF8.self)
    }

    /// Torch puts its files into a folder, `archive/data.pkl` or `archive/data/0`; its first versions did not.
    private static func isTorch(_ entry: String) -> Bool {
        if [".pkl", "version", "byteorder"].contains(where: { entry.hasSuffix($0) }) { return true }
        return entry.contains("/") && !entry.hasSuffix("/") && !entry.lowercased().hasSuffix(".safetensors")
    }

    private struct Sign {
        let bytes: [UInt8]
        /// What stands somewhere behind them.
        var others = ""
        let name: String
        let instead: String
    }

    private static let signs: [Sign] = {
        let (picture, archive) = ("so it holds no weights; name another file", "which is not unpacked here; unpack it first")
        return [
            Sign(bytes: [0x89, 0x50, 0x4E, 0x47], name: "a picture (PNG)", instead: picture),
            Sign(bytes: [0xFF, 0xD8, 0xFF], name: "a picture (JPEG)", instead: picture),
            Sign(bytes: Array("RIFF".utf8), others: "webp", name: "a picture (WebP)", instead: picture),
            Sign(bytes: [0x1F, 0x8B], name: "an archive (gzip)", instead: archive),
            Sign(bytes: [0x37, 0x7A, 0xBC, 0xAF, 0x27, 0x1C], name: "an archive (7z)", instead: archive),
            Sign(bytes: Array("Rar!".utf8), name: "an archive (RAR)", instead: archive),
            Sign(
                bytes: [0x89, 0x48, 0x44, 0x46], name: "a file of Keras (HDF5)",
                instead: "which is not read; take the model as .safetensors"),
        ]
    }()

    /// Of files of weights that are of other formats.
    private static let otherEndings: Set = [
        ".ckpt", ".pt", ".pth", ".bin", ".pkl", ".pickle", ".gguf", ".ggml", ".onnx", ".h5", ".msgpack", ".npz", ".zip",
    ]

    /// Protocols 2 to 5 begin with their number; the older ones with nothing that could be told.
    private static func isPickle(_ start: [UInt8]) -> Bool { start.count > 1 && start[0] == 0x80 && (2...5).contains(start[1]) }

    /// A safetensors header: eight bytes of length, then a brace.
    private static func looksLikeHeader(_ start: [UInt8]) -> Bool { start.count > 8 && start[8] == UInt8(ascii: "{") }
}

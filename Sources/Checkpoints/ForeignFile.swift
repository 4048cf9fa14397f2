/// What a file is that is no safetensors file, by its first bytes: names and endings are never believed.
enum ForeignFile {
    /// - Returns: what it is, and what to do instead; nil for none that is known.
    static func kind(of bytes: UnsafeRawBufferPointer) -> (name: String, instead: String)? {
        let start = Array(bytes.prefix(64))
        func begins(_ text: String) -> Bool { start.starts(with: Array(text.utf8)) }
        if begins("GGUF") {
            return GGUFHeader(Array(bytes.prefix(GGUFHeader.read)))?.told
                ?? ("a GGUF file", "which is not read; take the same model as .safetensors")
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
        return nil
    }

    /// Protocols 2 to 5 begin with their number; the older ones with nothing that could be told.
    private static func isPickle(_ start: [UInt8]) -> Bool { start.count > 1 && start[0] == 0x80 && (2...5).contains(start[1]) }

    /// A safetensors header: eight bytes of length, then a brace.
    private static func looksLikeHeader(_ start: [UInt8]) -> Bool { start.count > 8 && start[8] == UInt8(ascii: "{") }
}

extension Exif {
    /// The smallest EXIF block that holds a comment: a directory that points to one with a UserComment in UTF-16, big-endian throughout.
    static func block(userComment: String) -> [UInt8] {
        func bytes16(_ value: Int) -> [UInt8] { [UInt8(truncatingIfNeeded: value >> 8), UInt8(truncatingIfNeeded: value)] }
        func bytes32(_ value: Int) -> [UInt8] { bytes16(value >> 16) + bytes16(value) }
        let comment = Array("UNICODE\0".utf8) + userComment.utf16.flatMap { bytes16(Int($0)) }
        let nested = 26
        var block: [UInt8] = Array("MM".utf8) + bytes16(42) + bytes32(8)
        block += bytes16(1) + bytes16(0x8769) + bytes16(4) + bytes32(1) + bytes32(nested) + bytes32(0)
        block += bytes16(1) + bytes16(0x9286) + bytes16(7) + bytes32(comment.count) + bytes32(nested + 18) + bytes32(0)
        return block + comment
    }
}

extension JPEGFile {
    /// The file with an EXIF segment; a comment longer than a segment holds (64 KiB) is left out.
    static func adding(exif: [UInt8], to bytes: [UInt8]) -> [UInt8] {
        let content = Array("Exif\0\0".utf8) + exif
        let length = content.count + 2
        guard length <= 0xFFFF else { return bytes }
        // After the start marker and JFIF's segment, which must come first.
        let jfif = bytes.number16(at: 2, bigEndian: true) == 0xFFE0 ? 2 + (bytes.number16(at: 4, bigEndian: true) ?? 0) : 0
        let head = 2 + jfif
        return bytes[..<head] + [0xFF, 0xE1, UInt8(length >> 8), UInt8(length & 255)] + content + bytes[head...]
    }
}

extension WebPFile {
    /// The file in the extended layout, with an EXIF chunk.
    static func adding(exif: [UInt8], to bytes: [UInt8], size: PixelSize) -> [UInt8] {
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
            Array(name.utf8) + little(content.count, 4) + content + (content.count % 2 == 0 ? [] : [0])
        }
        let exifFlag = 0x08
        let alphaFlag = 0x10
        var content: [UInt8]
        if bytes.says("VP8X", at: 12) {
            content = Array(bytes.dropFirst(12))
            content[8] |= UInt8(exifFlag)
        } else {
            // A lossless picture says in bit 28 of its header whether it has alpha.
            let hasAlpha = bytes.says("VP8L", at: 12) && bytes.count > 24 && bytes[24] & 0x10 != 0
            let flags = exifFlag | (hasAlpha ? alphaFlag : 0)
            let extended = little(flags, 4) + little(size.width - 1, 3) + little(size.height - 1, 3)
            content = chunk("VP8X", extended) + bytes.dropFirst(12)
        }
        content += chunk("EXIF", exif)
        return Array("RIFF".utf8) + little(content.count + 4, 4) + Array("WEBP".utf8) + content
    }
}

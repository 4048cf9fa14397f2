/// What in a file makes its pixels, for whoever wants to know a picture again whose file was changed beside them.
package enum PixelIdentity {
    /// The parts of a file that its pixels and their colours are made of; nil for formats in which they are not told apart from what is said beside
    /// them.
    package static func codedParts(of bytes: [UInt8], _ format: ImageFormat) -> [Range<Int>]? {
        switch format {
        case .jpeg: codedParts(ofJPEG: bytes)
        case .png:
            chunks(
                of: bytes, from: 8, bigEndian: true, typeFirst: false,
                ["IHDR", "PLTE", "tRNS", "gAMA", "cHRM", "iCCP", "sRGB", "cICP", "IDAT"])
        case .webp: chunks(of: bytes, from: 12, bigEndian: false, typeFirst: true, ["VP8 ", "VP8L", "ALPH", "ICCP", "ANIM", "ANMF"])
        case .heic, .avif, .gif, .bmp, .tiff: nil
        }
    }

    /// The chunks of these types, with their types and lengths; nil for a file in which one ends behind the file's end.
    ///
    /// - Parameter typeFirst: whether a chunk's type stands before its length, as in RIFF, where chunks of odd length are filled up; else behind it,
    ///   as in PNG, where a checksum follows.
    private static func chunks(
        of bytes: [UInt8], from start: Int, bigEndian: Bool, typeFirst: Bool, _ types: Set<String>
    ) -> [Range<Int>]? {
        var (parts, position): ([Range<Int>], Int) = ([], start)
        while position + 8 <= bytes.count {
            guard let length = bytes.number32(at: position + (typeFirst ? 4 : 0), bigEndian: bigEndian) else { return nil }
            let content = position + 8
            guard length <= bytes.count - content else { return nil }
            let type = String(decoding: bytes[(position + (typeFirst ? 0 : 4))..<(position + (typeFirst ? 4 : 8))], as: UTF8.self)
            if types.contains(type) { parts.append(position..<content + length) }
            if type == "IEND" { break }
            position = content + length + (typeFirst ? length & 1 : 4)
        }
        return parts.isEmpty ? nil : parts
    }

    /// The parts of a JPEG that its pixels and their colours are made of: its tables, its frame, its scans, its colour profile and what Adobe's
    /// programs note of its inks. What is said beside them (EXIF, XMP, IPTC, comments, previews) is left out.
    ///
    /// - Returns: nil for what is no JPEG, or one without an end.
    package static func codedParts(ofJPEG bytes: [UInt8]) -> [Range<Int>]? {
        guard bytes.starts(with: [0xFF, 0xD8]) else { return nil }
        var parts: [Range<Int>] = []
        var position = 2
        while position + 3 < bytes.count {
            // Between segments, anything but a marker is skipped; a marker may be filled up.
            guard bytes[position] == 0xFF, bytes[position + 1] != 0xFF else {
                position += 1
                continue
            }
            let marker = bytes[position + 1]
            if marker == 0 || marker == 0x01 || (0xD0...0xD8).contains(marker) {
                position += 2
                continue
            }
            guard marker != 0xD9, let length = bytes.number16(at: position + 2, bigEndian: true), length >= 2,
                length <= bytes.count - position - 2
            else { return nil }
            let segment = position..<position + 2 + length
            switch marker {
            case 0xDA:
                guard let end = JPEGFile.end(of: bytes, after: segment.upperBound) else { return nil }
                return parts + [segment.lowerBound..<end]
            case 0xE2 where bytes.says("ICC_PROFILE\0", at: position + 4), 0xEE where bytes.says("Adobe", at: position + 4):
                parts.append(segment)
            case 0xE0...0xEF, 0xFE: break
            default: parts.append(segment)
            }
            position = segment.upperBound
        }
        return nil
    }
}

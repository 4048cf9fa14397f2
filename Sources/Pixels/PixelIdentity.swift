/// What in a file makes its pixels, for whoever wants to know a picture again whose file was changed beside them.
package enum PixelIdentity {
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

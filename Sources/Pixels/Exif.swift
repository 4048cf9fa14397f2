/// The few EXIF entries that Redraw reads. Malformed EXIF is common in the wild and never an error: what cannot be read is nil.
package struct Exif: Sendable, Equatable {
    package var orientation: Orientation?
    /// Where cameras, and tools that make pictures, leave a comment: the latter their parameters.
    package var userComment: String?
    package var imageDescription: String?
    package var software: String?
    /// Maker and model of the camera, where ComfyUI puts its graphs.
    package var make: String?
    package var model: String?
    /// The character set of a comment that is not read, as the file names it.
    package var unreadCommentCharacters: String?

    private enum Tag {
        static let imageDescription = 0x010E
        static let make = 0x010F
        static let model = 0x0110
        static let orientation = 0x0112
        static let software = 0x0131
        static let exifDirectory = 0x8769
        static let userComment = 0x9286
    }

    /// Entries of one directory that are looked at; real ones have a few dozen.
    private static let mostEntries = 1_000

    /// Reads a TIFF structure, with or without the leading "Exif\0\0".
    package init(_ bytes: [UInt8]) {
        let tiff = bytes.says("Exif\0\0", at: 0) ? Array(bytes.dropFirst(6)) : bytes
        let bigEndian = tiff.says("MM", at: 0)
        guard bigEndian || tiff.says("II", at: 0), tiff.number16(at: 2, bigEndian: bigEndian) == 42,
            let directory = tiff.number32(at: 4, bigEndian: bigEndian)
        else { return }
        // Two directories are visited, each once: a file that links them in a ring cannot hold us.
        var nested: Int?
        for entry in Self.entries(of: tiff, at: directory, bigEndian) {
            switch entry.tag {
            case Tag.orientation: orientation = entry.number(in: tiff, bigEndian).flatMap(Orientation.init)
            case Tag.exifDirectory: nested = entry.number(in: tiff, bigEndian)
            case Tag.imageDescription: imageDescription = entry.bytes(in: tiff, bigEndian).flatMap(Self.plainText)
            case Tag.make: make = entry.bytes(in: tiff, bigEndian).flatMap(Self.plainText)
            case Tag.model: model = entry.bytes(in: tiff, bigEndian).flatMap(Self.plainText)
            case Tag.software: software = entry.bytes(in: tiff, bigEndian).flatMap(Self.plainText)
            default: break
            }
        }
        guard let nested else { return }
        for entry in Self.entries(of: tiff, at: nested, bigEndian) where entry.tag == Tag.userComment {
            guard let bytes = entry.bytes(in: tiff, bigEndian) else { continue }
            // JIS X 0208, which only cameras of the nineties wrote.
            if bytes.says("JIS\0\0\0\0\0", at: 0) {
                unreadCommentCharacters = "JIS"
            } else {
                userComment = Self.comment(bytes, bigEndian)
            }
        }
    }

    private struct Entry {
        let tag: Int
        let type: Int
        let count: Int
        /// Where the entry's four bytes of value, or of the offset to it, stand.
        let position: Int

        func number(in tiff: [UInt8], _ bigEndian: Bool) -> Int? {
            switch type {
            case 3: tiff.number16(at: position, bigEndian: bigEndian)
            case 4: tiff.number32(at: position, bigEndian: bigEndian)
            case 1: tiff[position...].first.map(Int.init)
            default: nil
            }
        }

        /// The value of a text or of an entry of untyped bytes.
        func bytes(in tiff: [UInt8], _ bigEndian: Bool) -> [UInt8]? {
            guard type == 1 || type == 2 || type == 7 else { return nil }
            let start = count <= 4 ? position : tiff.number32(at: position, bigEndian: bigEndian)
            guard let start, start <= tiff.count, count <= tiff.count - start else { return nil }
            return Array(tiff[start..<start + count])
        }
    }

    private static func entries(of tiff: [UInt8], at offset: Int, _ bigEndian: Bool) -> [Entry] {
        guard let stated = tiff.number16(at: offset, bigEndian: bigEndian) else { return [] }
        var result: [Entry] = []
        for index in 0..<min(stated, mostEntries) {
            let start = offset + 2 + index * 12
            guard let tag = tiff.number16(at: start, bigEndian: bigEndian), let type = tiff.number16(at: start + 2, bigEndian: bigEndian),
                let count = tiff.number32(at: start + 4, bigEndian: bigEndian), start + 12 <= tiff.count
            else { break }
            result.append(Entry(tag: tag, type: type, count: count, position: start + 8))
        }
        return result
    }

    private static func plainText(_ bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self).trimmed
        return text.isEmpty ? nil : text
    }

    /// The byte order of UTF-16. The standard says the file's; writers disagree. A byte-order mark decides, then zero bytes, which text has
    /// on the high side of most units, then the order in which more of the text is of one script and none of it unassigned.
    private static func isHighFirst(_ body: [UInt8], fileIsBigEndian: Bool) -> Bool {
        if body.starts(with: [0xFE, 0xFF]) { return true }
        if body.starts(with: [0xFF, 0xFE]) { return false }
        let evenZeros = stride(from: 0, to: body.count, by: 2).count { body[$0] == 0 }
        let oddZeros = stride(from: 1, to: body.count, by: 2).count { body[$0] == 0 }
        guard evenZeros == oddZeros else { return evenZeros > oddZeros }
        func strangeness(bigEndian: Bool) -> Int {
            var strange = 0
            var blocks: Set<Int> = []
            for position in stride(from: 0, to: min(body.count - 1, 2048), by: 2) {
                let unit = body.number16(at: position, bigEndian: bigEndian) ?? 0
                blocks.insert(unit >> 8)
                switch Unicode.Scalar(UInt16(unit))?.properties.generalCategory {
                case .unassigned, .privateUse, .control, .surrogate, nil: strange += 4
                default: break
                }
                // Kana, and the punctuation of Chinese and Japanese, in the one order; nothing of the kind in the other.
                if (0x3000...0x30FF).contains(unit) || (0xFF00...0xFFEF).contains(unit) { strange -= 1 }
            }
            return strange + blocks.count / 4
        }
        let (big, little) = (strangeness(bigEndian: true), strangeness(bigEndian: false))
        return big == little ? fileIsBigEndian : big < little
    }

    /// A UserComment: eight bytes that name the character set, then the text.
    private static func comment(_ bytes: [UInt8], _ bigEndian: Bool) -> String? {
        let body = Array(bytes.dropFirst(8))
        guard bytes.says("UNICODE\0", at: 0) else { return plainText(bytes.says("ASCII\0\0\0", at: 0) || bytes.first == 0 ? body : bytes) }
        // Some writers put UTF-8 behind the marker of UTF-16. Two-byte units of any script but a hole-free run of ASCII make no valid UTF-8
        // without zero bytes, so that what is valid is meant so.
        let unfilled = body.prefix(body.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0)
        if !unfilled.contains(0), unfilled.count(where: { $0 < 0x80 }) * 2 > unfilled.count,
            String(validating: unfilled, as: UTF8.self) != nil
        {
            return plainText(Array(unfilled.starts(with: [0xEF, 0xBB, 0xBF]) ? unfilled.dropFirst(3) : unfilled))
        }
        let highFirst = isHighFirst(body, fileIsBigEndian: bigEndian)
        let units = stride(from: 0, to: body.count - 1, by: 2).compactMap { body.number16(at: $0, bigEndian: highFirst).map(UInt16.init) }
        let text = String(decoding: units.prefix { $0 != 0 }.drop { $0 == 0xFEFF }, as: UTF16.self).trimmed
        return text.isEmpty ? nil : text
    }
}

extension String {
    /// Without white space at either end.
    fileprivate var trimmed: String {
        let start = drop(while: \.isWhitespace)
        return String(start.prefix(upTo: start.lastIndex { !$0.isWhitespace }.map { start.index(after: $0) } ?? start.startIndex))
    }
}

/// The few EXIF entries that Redraw reads. Malformed EXIF is common in the wild and never an error: what cannot be read is nil.
public struct Exif: Sendable, Equatable {
    public var orientation: Orientation?
    /// Where cameras, and tools that make pictures, leave a comment: the latter their parameters.
    public var userComment: String?
    public var imageDescription: String?
    public var software: String?
    /// Maker and model of the camera, where ComfyUI puts its graphs.
    public var make: String?
    public var model: String?
    /// The character set of a comment that is not read, as the file names it.
    public var unreadCommentCharacters: String?

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
    public init(_ bytes: [UInt8]) {
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

    /// A UserComment: eight bytes that name the character set, then the text.
    private static func comment(_ bytes: [UInt8], _ bigEndian: Bool) -> String? {
        let body = Array(bytes.dropFirst(8))
        guard bytes.says("UNICODE\0", at: 0) else { return plainText(bytes.says("ASCII\0\0\0", at: 0) || bytes.first == 0 ? body : bytes) }
        // The standard says the file's byte order; writers disagree. Text has its zero bytes on the high side of most units.
        let evenZeros = stride(from: 0, to: body.count, by: 2).count { body[$0] == 0 }
        let oddZeros = stride(from: 1, to: body.count, by: 2).count { body[$0] == 0 }
        let highFirst = evenZeros == oddZeros ? bigEndian : evenZeros > oddZeros
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

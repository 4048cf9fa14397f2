import Foundation

/// An export's text, read part by part as it comes: however long it is, no more than one picture's is in memory.
///
/// What stands in it is not looked into here but for the outermost object and its two lists.
package struct ExportText {
    /// A part of the outermost object.
    enum Part {
        /// A value beside the lists, as JSON.
        case value(key: String, Data)
        /// An element of the list of that name, as JSON, and its position.
        case element(list: String, Int, Data)
    }

    /// More than one picture of any use has; it would be read into memory.
    static let longestPart = 64 << 20

    private let next: () throws -> Data?
    private var bytes: [UInt8] = []
    private var position = 0
    private var state = State.beginning

    private enum State: Equatable {
        case beginning, object(needsComma: Bool), list(String, Int), end
    }

    /// - Parameter next: the text's next piece, of any length; nil at its end.
    package init(_ next: @escaping () throws -> Data?) {
        self.next = next
    }

    /// A file's text. The file stays open for as long as the value is used.
    ///
    /// - Throws: `CocoaError` where it cannot be opened.
    package init(contentsOf file: URL) throws {
        let handle = try FileHandle(forReadingFrom: file)
        self.init { try handle.read(upToCount: 1 << 20) }
    }

    /// The next part, in the text's order; nil at its end.
    ///
    /// - Throws: `LibraryError.notAnExport` where the text is no JSON object with such lists; what the source throws.
    mutating func nextPart() throws -> Part? {
        while true {
            switch state {
            case .beginning:
                if try peek() == 0xEF { for byte: UInt8 in [0xEF, 0xBB, 0xBF] { try expect(byte) } }
                try expect("{")
                state = .object(needsComma: false)
            case .object(let needsComma):
                if try peek() == UInt8(ascii: "}") {
                    position += 1
                    guard try peek() == nil else { throw LibraryError.notAnExport("something follows its end") }
                    state = .end
                    continue
                }
                if needsComma { try expect(",") }
                _ = try peek()
                let name = try raw()
                guard let key = try? JSONDecoder().decode(String.self, from: name) else {
                    throw LibraryError.notAnExport("a key is no text")
                }
                try expect(":")
                if ["pictures", "generations"].contains(key), try peek() == UInt8(ascii: "[") {
                    position += 1
                    state = .list(key, 0)
                } else {
                    _ = try peek()
                    state = .object(needsComma: true)
                    return .value(key: key, try raw())
                }
            case .list(let name, let index):
                if try peek() == UInt8(ascii: "]") {
                    position += 1
                    state = .object(needsComma: true)
                    continue
                }
                if index > 0 { try expect(",") }
                _ = try peek()
                state = .list(name, index + 1)
                return .element(list: name, index, try raw())
            case .end: return nil
            }
        }
    }

    // MARK: Bytes

    /// The next byte that is no white space, not taken yet; nil at the text's end.
    private mutating func peek() throws -> UInt8? {
        while true {
            while position < bytes.count {
                let byte = bytes[position]
                guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
                position += 1
            }
            guard try more() else { return nil }
        }
    }

    private mutating func expect(_ character: Unicode.Scalar) throws {
        try expect(UInt8(ascii: character))
    }

    private mutating func expect(_ byte: UInt8) throws {
        let found = try peek()
        guard found == byte else {
            let told = found.map { "\"\(Character(Unicode.Scalar($0)))\"" } ?? "its end"
            throw LibraryError.notAnExport("\"\(Character(Unicode.Scalar(byte)))\" was expected and \(told) found; was it written whole?")
        }
        position += 1
    }

    /// What was taken goes; the source's next piece comes.
    ///
    /// - Parameter start: of what is still wanted.
    /// - Returns: whether there was one.
    private mutating func more(keepingFrom start: Int? = nil) throws -> Bool {
        let kept = start ?? position
        bytes.removeFirst(kept)
        position -= kept
        while let piece = try next() {
            guard !piece.isEmpty else { return false }
            bytes += piece
            return true
        }
        return false
    }

    /// The value that begins here, its brackets and quotes closed.
    private mutating func raw() throws -> Data {
        var start = position
        var (depth, isText, isEscaped) = (0, false, false)
        while true {
            while position < bytes.count {
                let byte = bytes[position]
                if isText {
                    if isEscaped {
                        isEscaped = false
                    } else if byte == UInt8(ascii: "\\") {
                        isEscaped = true
                    } else if byte == UInt8(ascii: "\"") {
                        isText = false
                        if depth == 0 { return taken(from: start, through: position) }
                    }
                } else {
                    switch byte {
                    case UInt8(ascii: "\""): isText = true
                    case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
                    case UInt8(ascii: "}"), UInt8(ascii: "]"):
                        // The bracket of what is around a plain number, true, false or null ends that, too.
                        guard depth > 0 else { return taken(from: start, through: position - 1) }
                        depth -= 1
                        if depth == 0 { return taken(from: start, through: position) }
                    case UInt8(ascii: ","), UInt8(ascii: ":"), 0x20, 0x0A, 0x0D, 0x09:
                        if depth == 0 { return taken(from: start, through: position - 1) }
                    default: break
                    }
                }
                position += 1
            }
            guard position - start <= Self.longestPart else {
                throw LibraryError.notAnExport("a part of it is longer than \(Self.longestPart >> 20) MiB")
            }
            let begin = start
            guard try more(keepingFrom: begin) else { throw LibraryError.notAnExport("it is cut off") }
            start = 0
        }
    }

    private mutating func taken(from start: Int, through last: Int) -> Data {
        position = last + 1
        return Data(bytes[start...max(start, last)])
    }
}

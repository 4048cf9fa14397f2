/// The outermost object of a JSON text that comes in pieces, read part by part: however long the text is, no more than one part's is in memory.
///
/// What stands in a part is not looked into; `JSONCursor` and the decoders do that.
package struct JSONStream<Failure: Error> {
    /// A part of the outermost object.
    package enum Part: Equatable {
        /// A value beside the lists, as JSON.
        case value(key: String, [UInt8])
        /// An element of the list of that name, as JSON, and its position.
        case element(list: String, Int, [UInt8])
    }

    private let lists: Set<String>
    private let longestPart: Int
    private let failure: (_ reason: String) -> Failure
    private let next: () throws -> [UInt8]?
    private var bytes: [UInt8] = []
    private var position = 0
    private var state = State.beginning

    private enum State: Equatable {
        case beginning, object(needsComma: Bool), list(String, Int), end
    }

    /// - Parameters:
    ///   - lists: keys whose lists are read element by element.
    ///   - longestPart: bytes of a part at most; it is held in memory.
    ///   - failure: makes an error of what is wrong, in words.
    ///   - next: the text's next piece, of any length, in UTF-8; nil or empty at its end.
    package init(
        lists: Set<String>, longestPart: Int, failure: @escaping (_ reason: String) -> Failure, next: @escaping () throws -> [UInt8]?
    ) {
        (self.lists, self.longestPart, self.failure, self.next) = (lists, longestPart, failure, next)
    }

    /// The next part, in the text's order; nil at its end.
    ///
    /// - Throws: what `failure` makes of a text that is no JSON object with such lists; what the source throws.
    package mutating func nextPart() throws -> Part? {
        while true {
            switch state {
            case .beginning:
                if try peek() == 0xEF { for byte: UInt8 in [0xEF, 0xBB, 0xBF] { try expect(byte) } }
                try expect(UInt8(ascii: "{"))
                state = .object(needsComma: false)
            case .object(let needsComma):
                if try peek() == UInt8(ascii: "}") {
                    position += 1
                    guard try peek() == nil else { throw failure("something follows its end") }
                    state = .end
                    continue
                }
                if needsComma { try expect(UInt8(ascii: ",")) }
                let key = try readKey()
                if lists.contains(key), try peek() == UInt8(ascii: "[") {
                    position += 1
                    state = .list(key, 0)
                } else {
                    state = .object(needsComma: true)
                    return .value(key: key, try value())
                }
            case .list(let name, let index):
                if try peek() == UInt8(ascii: "]") {
                    position += 1
                    state = .object(needsComma: true)
                    continue
                }
                if index > 0 { try expect(UInt8(ascii: ",")) }
                state = .list(name, index + 1)
                return .element(list: name, index, try value())
            case .end: return nil
            }
        }
    }

    private mutating func readKey() throws -> String {
        let noText = failure("a key is no text")
        var cursor = JSONCursor(try value()) { _, _ in noText }
        let key = try cursor.text()
        try expect(UInt8(ascii: ":"))
        return key
    }

    // MARK: Bytes

    /// The next byte that is no white space, not taken yet; nil at the text's end.
    private mutating func peek() throws -> UInt8? {
        while true {
            while position < bytes.count {
                let byte = bytes[position]
                guard JSONBytes.isBlank(byte) else { return byte }
                position += 1
            }
            guard try more(keepingFrom: position) else { return nil }
        }
    }

    private mutating func expect(_ byte: UInt8) throws {
        let found = try peek()
        guard found == byte else {
            let told = found.map { "\"\(Character(Unicode.Scalar($0)))\"" } ?? "its end"
            throw failure("\"\(Character(Unicode.Scalar(byte)))\" was expected and \(told) found; was it written whole?")
        }
        position += 1
    }

    /// What was taken goes; the source's next piece comes.
    ///
    /// - Parameter start: of what is still wanted.
    /// - Returns: whether there was one.
    private mutating func more(keepingFrom start: Int) throws -> Bool {
        bytes.removeFirst(start)
        position -= start
        guard let piece = try next(), !piece.isEmpty else { return false }
        bytes += piece
        return true
    }

    /// The value that begins at the next byte that is no white space, its brackets and quotes closed.
    private mutating func value() throws -> [UInt8] {
        _ = try peek()
        var start = position
        var (depth, strings) = (0, JSONStringTracker())
        while true {
            while position < bytes.count {
                let byte = bytes[position]
                switch (strings.take(byte), byte) {
                case (.within, _): break
                case (.end, _): if depth == 0 { return taken(from: start, through: position) }
                case (.outside, UInt8(ascii: "{")), (.outside, UInt8(ascii: "[")): depth += 1
                case (.outside, UInt8(ascii: "}")), (.outside, UInt8(ascii: "]")):
                    // The bracket of what is around a plain number, true, false or null ends that, too.
                    guard depth > 0 else { return taken(from: start, through: position - 1) }
                    depth -= 1
                    if depth == 0 { return taken(from: start, through: position) }
                case (.outside, _) where depth == 0 && (byte == UInt8(ascii: ",") || byte == UInt8(ascii: ":") || JSONBytes.isBlank(byte)):
                    return taken(from: start, through: position - 1)
                case (.outside, _): break
                }
                position += 1
            }
            guard position - start <= longestPart else { throw failure("a part of it is longer than \(longestPart >> 20) MiB") }
            guard try more(keepingFrom: start) else { throw failure("it is cut off") }
            start = 0
        }
    }

    private mutating func taken(from start: Int, through last: Int) -> [UInt8] {
        position = last + 1
        return Array(bytes[start...max(start, last)])
    }
}

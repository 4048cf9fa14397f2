/// A position in a JSON text (RFC 8259) that strangers wrote, read front to back: nothing becomes a tree that nobody asked for, and what calls
/// itself has a bound. The one reader of all such texts; what is wrong is thrown as an error of the room that reads.
package struct JSONCursor<Failure: Error> {
    private let bytes: [UInt8]
    /// Where it stands, in bytes.
    package private(set) var position = 0
    private let isLenient: Bool
    private let failure: (_ found: String, _ position: Int) -> Failure

    /// Deeper values are not skipped: `skip` calls itself.
    private static var deepest: Int { 64 }

    /// - Parameters:
    ///   - bytes: UTF-8.
    ///   - isLenient: lets by what JSON does not have and programs write all the same: a byte order mark, control characters within strings, bytes
    ///     that are no UTF-8, halves of surrogate pairs. The last two become the replacement character.
    ///   - failure: makes an error of what was found, in words that go behind "has", and of where.
    package init(_ bytes: [UInt8], isLenient: Bool = false, failure: @escaping (_ found: String, _ position: Int) -> Failure) {
        (self.bytes, self.isLenient, self.failure) = (bytes, isLenient, failure)
        if isLenient, bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    }

    /// An error that tells where this stands.
    package func fault(_ found: String) -> Failure { failure(found, position) }

    /// The first byte of the value that comes next, 0 at the end.
    package mutating func peek() -> UInt8 {
        while position < bytes.count, JSONBytes.isBlank(bytes[position]) { position += 1 }
        return position < bytes.count ? bytes[position] : 0
    }

    private static func endsWord(_ byte: UInt8) -> Bool { byte == 0x2C || byte == 0x7D || byte == 0x5D || JSONBytes.isBlank(byte) }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte, position < bytes.count else { return false }
        position += 1
        return true
    }

    private mutating func expect(_ byte: UInt8) throws(Failure) {
        guard take(byte) else { throw fault("no \(Character(Unicode.Scalar(byte))) where one must be") }
    }

    /// - Throws: where anything but blanks follows.
    package mutating func expectEnd() throws(Failure) {
        _ = peek()
        guard position == bytes.count else { throw fault("more than one JSON value") }
    }

    /// Calls `member` with each key, in UTF-8; it has to read or skip the value.
    package mutating func object(_ member: (inout Self, [UInt8]) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "{"))
        if take(UInt8(ascii: "}")) { return }
        repeat {
            let key = try string()
            try expect(UInt8(ascii: ":"))
            try member(&self, key)
        } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "}"))
    }

    /// Calls `element` before each element; it has to read or skip it.
    package mutating func array(_ element: (inout Self) throws(Failure) -> Void) throws(Failure) {
        try expect(UInt8(ascii: "["))
        if take(UInt8(ascii: "]")) { return }
        repeat { try element(&self) } while take(UInt8(ascii: ","))
        try expect(UInt8(ascii: "]"))
    }

    // MARK: Strings

    /// A string's bytes, its escapes resolved.
    package mutating func string() throws(Failure) -> [UInt8] {
        try expect(UInt8(ascii: "\""))
        var result: [UInt8] = []
        var start = position
        while position < bytes.count {
            let byte = bytes[position]
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                if result.isEmpty { return Array(bytes[start..<position - 1]) }
                result += bytes[start..<position - 1]
                return result
            case UInt8(ascii: "\\"):
                result += bytes[start..<position - 1]
                try escape(into: &result)
                start = position
            case 0..<0x20 where !isLenient: throw fault("a control character within a string")
            default: break
            }
        }
        throw fault("the end within a string")
    }

    /// A string as text.
    package mutating func text() throws(Failure) -> String { try text(of: try string()) }

    /// A string's bytes, or a key's, as text.
    package func text(of bytes: [UInt8]) throws(Failure) -> String {
        if isLenient { return String(decoding: bytes, as: UTF8.self) }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw fault("a string that is not UTF-8") }
        return text
    }

    private mutating func escape(into result: inout [UInt8]) throws(Failure) {
        guard position < bytes.count else { throw fault("the end within a string") }
        let kind = bytes[position]
        position += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(kind)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "u"): if let encoded = UTF8.encode(try scalar()) { result += encoded }
        default: throw fault("an unknown escape")
        }
    }

    /// What `\u` and four digits stand for, with the other half of a pair.
    private mutating func scalar() throws(Failure) -> Unicode.Scalar {
        let first = try codeUnit()
        if let whole = Unicode.Scalar(first) { return whole }
        let start = position
        if first < 0xDC00, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") {
            position += 2
            let second = try codeUnit()
            if (0xDC00..<0xE000).contains(second), let both = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00)) {
                return both
            }
        }
        guard isLenient else { throw fault("half a surrogate pair") }
        position = start
        return "\u{FFFD}"
    }

    private mutating func codeUnit() throws(Failure) -> UInt32 {
        guard position + 4 <= bytes.count else { throw fault("the end within a string") }
        var value: UInt32 = 0
        for byte in bytes[position..<position + 4] {
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default: throw fault("an escape of other than hexadecimal digits")
            }
            value = value << 4 | UInt32(digit)
        }
        position += 4
        return value
    }

    // MARK: Other values

    /// What stands up to the next comma, bracket or blank: a number as it is written, `true`, `null`, or whatever else somebody wrote.
    package mutating func word() throws(Failure) -> String {
        _ = peek()
        let start = position
        while position < bytes.count, !Self.endsWord(bytes[position]) { position += 1 }
        guard position > start else { throw fault("no value where one must be") }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// A number without a fraction or an exponent that an Int holds.
    package mutating func integer() throws(Failure) -> Int {
        let word = try word()
        guard word.utf8.first != UInt8(ascii: "+"), let value = Int(word) else {
            throw fault("\(word.prefix(20)) where a whole number must be")
        }
        return value
    }

    /// The words true and false, nothing that stands for them.
    package mutating func boolean() throws(Failure) -> Bool {
        let word = try word()
        guard word == "true" || word == "false" else { throw fault("\(word.prefix(20)) where true or false must be") }
        return word == "true"
    }

    /// Passes a value that is not wanted.
    package mutating func skip() throws(Failure) { try skip(depth: 0, isExact: false) }

    /// Passes a value and sees to it that it is JSON to the last word.
    package mutating func check() throws(Failure) { try skip(depth: 0, isExact: true) }

    private mutating func skip(depth: Int, isExact: Bool) throws(Failure) {
        guard depth < Self.deepest else { throw fault("values nested deeper than \(Self.deepest)") }
        switch peek() {
        case UInt8(ascii: "{"):
            try object { cursor, key throws(Failure) in
                if isExact { _ = try cursor.text(of: key) }
                try cursor.skip(depth: depth + 1, isExact: isExact)
            }
        case UInt8(ascii: "["): try array { cursor throws(Failure) in try cursor.skip(depth: depth + 1, isExact: isExact) }
        case UInt8(ascii: "\""): if isExact { _ = try text() } else { _ = try string() }
        default:
            let word = try word()
            if isExact, !Self.isLiteral(word) { throw fault("\(word.prefix(20)) where a value must be") }
        }
    }

    /// Whether a word is true, false, null or a number.
    private static func isLiteral(_ word: String) -> Bool {
        if word == "true" || word == "false" || word == "null" { return true }
        var rest = Array(word.utf8)[...]
        func take(_ signs: UInt8...) -> Bool {
            guard let first = rest.first, signs.contains(first) else { return false }
            rest.removeFirst()
            return true
        }
        func digits() -> Int {
            let count = rest.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }.count
            rest.removeFirst(count)
            return count
        }
        _ = take(UInt8(ascii: "-"))
        let beginsWithZero = rest.first == UInt8(ascii: "0")
        let whole = digits()
        guard whole == 1 || (whole > 1 && !beginsWithZero) else { return false }
        if take(UInt8(ascii: ".")), digits() == 0 { return false }
        if take(UInt8(ascii: "e"), UInt8(ascii: "E")) {
            _ = take(UInt8(ascii: "+"), UInt8(ascii: "-"))
            if digits() == 0 { return false }
        }
        return rest.isEmpty
    }
}

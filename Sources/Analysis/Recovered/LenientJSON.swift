/// JSON as other programs leave it in pictures: numbers keep their digits (a seed may have 20), and Python's NaN and Infinity are let by.
enum LenientJSON: Equatable {
    case null
    case boolean(Bool)
    /// As written.
    case number(String)
    case string(String)
    case array([LenientJSON])
    case object([String: LenientJSON])

    /// Levels that are followed; graphs of the tools known have a handful.
    private static let deepest = 200
    /// Bytes of a text that are looked at; the largest graphs in the wild have a few hundred thousand.
    private static let longest = 16 << 20

    /// Nil where the text is no JSON.
    init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard bytes.count <= Self.longest else { return nil }
        var reader = Reader(bytes: bytes)
        guard let value = reader.value(depth: 0) else { return nil }
        reader.skipBlanks()
        guard reader.position == bytes.count else { return nil }
        self = value
    }

    subscript(key: String) -> LenientJSON? {
        if case .object(let members) = self { members[key] } else { nil }
    }

    subscript(index: Int) -> LenientJSON? {
        if case .array(let elements) = self, elements.indices.contains(index) { elements[index] } else { nil }
    }

    var members: [String: LenientJSON] {
        if case .object(let members) = self { members } else { [:] }
    }

    var elements: [LenientJSON] {
        if case .array(let elements) = self { elements } else { [] }
    }

    var string: String? {
        if case .string(let text) = self { text } else { nil }
    }

    /// A number, or a text that is one: tools differ.
    private var digits: String? {
        switch self {
        case .number(let text), .string(let text): text
        default: nil
        }
    }

    var double: Double? { digits.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } }
    var unsigned: UInt64? { digits.flatMap { UInt64($0) } }

    var integer: Int? {
        digits.flatMap { Int($0) } ?? double.flatMap { Int(exactly: $0) }
    }

    /// A text, a number or a truth value in words; nil for what has parts.
    var plain: String? {
        switch self {
        case .string(let text), .number(let text): text
        case .boolean(let value): value ? "true" : "false"
        case .null, .array, .object: nil
        }
    }

    private struct Reader {
        let bytes: [UInt8]
        var position = 0

        mutating func skipBlanks() {
            while position < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
        }

        mutating func take(_ byte: UInt8) -> Bool {
            skipBlanks()
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        mutating func value(depth: Int) -> LenientJSON? {
            skipBlanks()
            guard depth < LenientJSON.deepest, position < bytes.count else { return nil }
            switch bytes[position] {
            case UInt8(ascii: "{"): return object(depth: depth)
            case UInt8(ascii: "["): return array(depth: depth)
            case UInt8(ascii: "\""): return text().map { .string($0) }
            default: return word()
            }
        }

        private mutating func object(depth: Int) -> LenientJSON? {
            position += 1
            var members: [String: LenientJSON] = [:]
            if take(UInt8(ascii: "}")) { return .object(members) }
            repeat {
                skipBlanks()
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\""), let key = text(), take(UInt8(ascii: ":")),
                    let value = value(depth: depth + 1)
                else { return nil }
                members[key] = value
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "}")) ? .object(members) : nil
        }

        private mutating func array(depth: Int) -> LenientJSON? {
            position += 1
            var elements: [LenientJSON] = []
            if take(UInt8(ascii: "]")) { return .array(elements) }
            repeat {
                guard let value = value(depth: depth + 1) else { return nil }
                elements.append(value)
            } while take(UInt8(ascii: ","))
            return take(UInt8(ascii: "]")) ? .array(elements) : nil
        }

        private mutating func word() -> LenientJSON? {
            let start = position
            while position < bytes.count, LenientJSON.isPartOfWord(bytes[position]) { position += 1 }
            let word = String(decoding: bytes[start..<position], as: UTF8.self)
            switch word {
            case "null", "NaN", "Infinity", "-Infinity": return .null
            case "true": return .boolean(true)
            case "false": return .boolean(false)
            default:
                // Swift reads hexadecimal numbers and "inf" too.
                let isDecimal = word.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) } && word.first != "+"
                return isDecimal && Double(word) != nil ? .number(word) : nil
            }
        }

        /// A string from its opening quotation mark on. A line break within is let by, an end without a mark is not.
        mutating func text() -> String? {
            position += 1
            var result: [UInt8] = []
            while position < bytes.count {
                let byte = bytes[position]
                position += 1
                if byte == UInt8(ascii: "\"") { return String(decoding: result, as: UTF8.self) }
                guard byte == UInt8(ascii: "\\") else {
                    result.append(byte)
                    continue
                }
                guard position < bytes.count else { return nil }
                let escaped = bytes[position]
                position += 1
                switch escaped {
                case UInt8(ascii: "n"): result.append(0x0A)
                case UInt8(ascii: "t"): result.append(0x09)
                case UInt8(ascii: "r"): result.append(0x0D)
                case UInt8(ascii: "b"): result.append(0x08)
                case UInt8(ascii: "f"): result.append(0x0C)
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(escaped)
                case UInt8(ascii: "u"):
                    guard let scalar = unicodeScalar() else { return nil }
                    result += Array(String(scalar).utf8)
                default: return nil
                }
            }
            return nil
        }

        /// What \u and four digits stand for, with the second half of a pair; half a pair becomes the replacement character.
        private mutating func unicodeScalar() -> Unicode.Scalar? {
            guard let first = unit() else { return nil }
            guard (0xD800..<0xDC00).contains(first) else { return Unicode.Scalar(first) ?? "\u{FFFD}" }
            let start = position
            if position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"), bytes[position + 1] == UInt8(ascii: "u") {
                position += 2
                if let second = unit(), (0xDC00..<0xE000).contains(second) {
                    return Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
                }
            }
            position = start
            return "\u{FFFD}"
        }

        private mutating func unit() -> UInt32? {
            guard position + 4 <= bytes.count else { return nil }
            let digits = String(decoding: bytes[position..<position + 4], as: UTF8.self)
            guard digits.allSatisfy(\.isHexDigit), let value = UInt32(digits, radix: 16) else { return nil }
            position += 4
            return value
        }
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }
}

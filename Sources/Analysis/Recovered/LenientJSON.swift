import JSONReading

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
        var cursor = JSONCursor(bytes, isLenient: true) { _, _ in NoJSON() }
        do {
            self = try Self.value(&cursor, depth: 0)
            try cursor.expectEnd()
        } catch {
            return nil
        }
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

    private struct NoJSON: Error {}

    private static func value(_ cursor: inout JSONCursor<NoJSON>, depth: Int) throws(NoJSON) -> LenientJSON {
        guard depth < deepest else { throw NoJSON() }
        switch cursor.peek() {
        case UInt8(ascii: "{"):
            var members: [String: LenientJSON] = [:]
            try cursor.object { cursor, key throws(NoJSON) in members[try cursor.text(of: key)] = try value(&cursor, depth: depth + 1) }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [LenientJSON] = []
            try cursor.array { cursor throws(NoJSON) in elements.append(try value(&cursor, depth: depth + 1)) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try cursor.text())
        default: return try value(of: try cursor.word())
        }
    }

    private static func value(of word: String) throws(NoJSON) -> LenientJSON {
        switch word {
        case "null", "NaN", "Infinity", "-Infinity": return .null
        case "true": return .boolean(true)
        case "false": return .boolean(false)
        default:
            // Swift reads hexadecimal numbers and "inf" too.
            let isDecimal = word.utf8.allSatisfy { "+-.0123456789eE".utf8.contains($0) } && word.first != "+"
            guard isDecimal, Double(word) != nil else { throw NoJSON() }
            return .number(word)
        }
    }
}

/// A position in a JSON document that is read front to back: vocabularies of a quarter of a million tokens become no tree first.
struct JSONCursor {
    private let bytes: [UInt8]
    private var index = 0
    /// Where it stands, in bytes.
    var position: Int { index }
    private let path: String
    /// Deeper documents are refused: `skip` calls itself.
    private static let deepest = 64

    /// - Parameter path: for messages.
    init(_ bytes: [UInt8], path: String) {
        self.bytes = bytes
        self.path = path
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { index = 3 }
    }

    private func failure(_ reason: String) -> EncoderError {
        .badVocabulary(path: path, reason: "\(reason) at byte \(index)")
    }

    /// The first byte of the value that comes next, 0 at the end.
    mutating func peek() -> UInt8 {
        while index < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
        return index < bytes.count ? bytes[index] : 0
    }

    private mutating func expect(_ byte: UInt8) throws(EncoderError) {
        guard peek() == byte else { throw failure("there is no \(Character(Unicode.Scalar(byte)))") }
        index += 1
    }

    /// Calls `member` with each key; it has to read or skip the value.
    mutating func object(_ member: (inout JSONCursor, [UInt8]) throws(EncoderError) -> Void) throws(EncoderError) {
        try expect(0x7B)
        if peek() == 0x7D {
            index += 1
            return
        }
        while true {
            _ = peek()
            let key = try string()
            try expect(0x3A)
            try member(&self, key)
            if peek() == 0x2C {
                index += 1
            } else {
                return try expect(0x7D)
            }
        }
    }

    /// Calls `element` before each element; it has to read or skip it.
    mutating func array(_ element: (inout JSONCursor) throws(EncoderError) -> Void) throws(EncoderError) {
        try expect(0x5B)
        if peek() == 0x5D {
            index += 1
            return
        }
        while true {
            try element(&self)
            if peek() == 0x2C {
                index += 1
            } else {
                return try expect(0x5D)
            }
        }
    }

    /// A string's bytes in UTF-8.
    mutating func string() throws(EncoderError) -> [UInt8] {
        try expect(0x22)
        var result: [UInt8] = []
        while index < bytes.count {
            let byte = bytes[index]
            index += 1
            switch byte {
            case 0x22: return result
            case 0x5C: try escape(into: &result)
            default: result.append(byte)
            }
        }
        throw failure("a string has no end")
    }

    private mutating func escape(into result: inout [UInt8]) throws(EncoderError) {
        guard index < bytes.count else { throw failure("a string has no end") }
        let kind = bytes[index]
        index += 1
        switch kind {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "u"):
            var value = try fourDigits()
            if 0xD800..<0xDC00 ~= value, index + 1 < bytes.count, bytes[index] == 0x5C, bytes[index + 1] == UInt8(ascii: "u") {
                index += 2
                value = 0x10000 + (value - 0xD800) << 10 + (try fourDigits() &- 0xDC00) & 0x3FF
            }
            result.append(contentsOf: Array(String(Unicode.Scalar(value) ?? "\u{FFFD}").utf8))
        default: result.append(kind)
        }
    }

    private mutating func fourDigits() throws(EncoderError) -> UInt32 {
        guard index + 4 <= bytes.count, let value = UInt32(String(decoding: bytes[index..<index + 4], as: UTF8.self), radix: 16) else {
            throw failure("an escaped character is not four hexadecimal digits")
        }
        index += 4
        return value
    }

    /// A number without fraction.
    mutating func integer() throws(EncoderError) -> Int {
        let text = literal()
        guard let value = Int(text) else { throw failure("\(text.isEmpty ? "nothing" : text) is no whole number") }
        return value
    }

    mutating func number() throws(EncoderError) -> Double {
        let text = literal()
        guard let value = Double(text) else { throw failure("\(text.isEmpty ? "nothing" : text) is no number") }
        return value
    }

    mutating func boolean() throws(EncoderError) -> Bool {
        let text = literal()
        guard text == "true" || text == "false" else { throw failure("\(text) is neither true nor false") }
        return text == "true"
    }

    private mutating func literal() -> String {
        _ = peek()
        let start = index
        while index < bytes.count, ![0x2C, 0x7D, 0x5D, 0x20, 0x0A, 0x0D, 0x09].contains(bytes[index]) { index += 1 }
        return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    /// Passes a value that is not wanted.
    mutating func skip() throws(EncoderError) {
        try skip(depth: 0)
    }

    private mutating func skip(depth: Int) throws(EncoderError) {
        guard depth < Self.deepest else { throw failure("values are nested deeper than \(Self.deepest)") }
        switch peek() {
        case 0x7B: try object { cursor, _ throws(EncoderError) in try cursor.skip(depth: depth + 1) }
        case 0x5B: try array { cursor throws(EncoderError) in try cursor.skip(depth: depth + 1) }
        case 0x22: _ = try string()
        default: if literal().isEmpty { throw failure("a value is missing") }
        }
    }
}

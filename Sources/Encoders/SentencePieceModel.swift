import FoundationEssentials

/// A SentencePiece `.model` file: the pieces with their scores and kinds, and how texts are normalised.
///
/// Of the protocol buffer's fields (sentencepiece_model.proto) those are read that decide what a unigram model does.
struct SentencePieceModel {
    struct Piece {
        enum Kind: Int {
            case normal = 1
            case unknown = 2
            case control = 3
            case userDefined = 4
            case unused = 5
            case byte = 6
        }

        var bytes: [UInt8] = []
        var score: Float = 0
        var kind = Kind.normal
    }

    private(set) var pieces: [Piece] = []
    /// 1 is unigram, 2 BPE.
    private(set) var modelType = 1
    private(set) var characterMap = CharacterMap()
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraSpaces = true
    private(set) var escapesSpaces = true

    init(_ url: URL) throws(EncoderError) {
        let bytes = try TokenizerFile.bytes(of: url)
        do {
            try read(bytes[...])
        } catch {
            throw .badVocabulary(path: url.path, reason: "it is no SentencePiece model: \(error.reason)")
        }
        guard !pieces.isEmpty else { throw .badVocabulary(path: url.path, reason: "it has no pieces") }
    }

    private mutating func read(_ bytes: ArraySlice<UInt8>) throws(MessageError) {
        var message = Message(bytes)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let piece)): pieces.append(try Self.piece(piece))
            case (2, .bytes(let trainer)):
                var message = Message(trainer)
                while let field = try message.next() {
                    if field.number == 3, case .number(let type) = field.value { modelType = Int(truncatingIfNeeded: type) }
                }
            case (3, .bytes(let normalizer)): try readNormalizer(normalizer)
            default: break
            }
        }
    }

    private static func piece(_ bytes: ArraySlice<UInt8>) throws(MessageError) -> Piece {
        var piece = Piece()
        var message = Message(bytes)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (1, .bytes(let text)): piece.bytes = Array(text)
            case (2, .fixed(let bits)): piece.score = Float(bitPattern: bits)
            case (3, .number(let kind)):
                guard let kind = Piece.Kind(rawValue: Int(truncatingIfNeeded: kind)) else {
                    throw MessageError(reason: "a piece is of kind \(kind)")
                }
                piece.kind = kind
            default: break
            }
        }
        return piece
    }

    private mutating func readNormalizer(_ bytes: ArraySlice<UInt8>) throws(MessageError) {
        var message = Message(bytes)
        while let field = try message.next() {
            switch (field.number, field.value) {
            case (2, .bytes(let map)): characterMap = try CharacterMap(map)
            case (3, .number(let flag)): addsDummyPrefix = flag != 0
            case (4, .number(let flag)): removesExtraSpaces = flag != 0
            case (5, .number(let flag)): escapesSpaces = flag != 0
            default: break
            }
        }
    }

    /// SentencePiece's `Normalizer::Normalize`.
    func normalised(_ text: [UInt8]) -> [UInt8] {
        let space: [UInt8] = escapesSpaces ? [0xE2, 0x96, 0x81] : [0x20]
        var result: [UInt8] = []
        var index = 0
        if removesExtraSpaces {
            while index < text.count {
                let (part, length) = characterMap.prefix(of: text[index...])
                guard part.elementsEqual([0x20]) else { break }
                index += length
            }
        }
        guard index < text.count else { return [] }
        if addsDummyPrefix { result += space }
        var isBehindSpace = removesExtraSpaces
        while index < text.count {
            let (part, length) = characterMap.prefix(of: text[index...])
            let shown = isBehindSpace ? part.drop { $0 == 0x20 } : part
            for byte in shown {
                if byte == 0x20 { result += space } else { result.append(byte) }
            }
            if let last = shown.last { isBehindSpace = removesExtraSpaces && last == 0x20 }
            index += length
        }
        if removesExtraSpaces {
            while result.suffix(space.count).elementsEqual(space) { result.removeLast(space.count) }
        }
        return result
    }
}

/// What a normaliser replaces: the longest of its strings that starts a text, found in a double array (Yata's Darts-clone).
struct CharacterMap: Sendable {
    private var units: [UInt32] = []
    /// The replacements, each with a zero behind it.
    private var replacements: [UInt8] = []

    /// Nothing is replaced.
    init() {}

    /// The size of the array in bytes, the array, the replacements.
    init(_ bytes: ArraySlice<UInt8>) throws(MessageError) {
        guard !bytes.isEmpty else { return }
        func word(_ offset: Int) -> UInt32 {
            let start = bytes.startIndex + offset
            return (0..<4).reduce(0) { $0 | UInt32(bytes[start + $1]) << (8 * $1) }
        }
        guard bytes.count >= 4, Int(word(0)) <= bytes.count - 4, word(0) % 4 == 0 else {
            throw MessageError(reason: "its character map is cut off")
        }
        let size = Int(word(0))
        units = stride(from: 4, to: 4 + size, by: 4).map(word)
        replacements = Array(bytes.dropFirst(4 + size))
    }

    /// What the text's first characters become, and how many bytes of it that takes.
    func prefix(of text: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, Int) {
        if let (value, length) = longest(text) {
            let rest = replacements[min(value, replacements.count)...]
            return (rest.prefix { $0 != 0 }, length)
        }
        // Texts come from strings, so they are well-formed UTF-8.
        let first = text[text.startIndex]
        let length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
        let part = text.prefix(length)
        return (part, part.count)
    }

    private func longest(_ text: ArraySlice<UInt8>) -> (value: Int, length: Int)? {
        guard !units.isEmpty else { return nil }
        func offset(_ unit: UInt32) -> Int { Int((unit >> 10) << ((unit & 0x200) >> 6)) }
        var found: (Int, Int)?
        var node = offset(units[0])
        for (count, byte) in text.enumerated() {
            node ^= Int(byte)
            guard node < units.count, units[node] & 0x8000_00FF == UInt32(byte) else { break }
            let unit = units[node]
            node ^= offset(unit)
            guard node < units.count else { break }
            if unit >> 8 & 1 == 1 { found = (Int(units[node] & 0x7FFF_FFFF), count + 1) }
        }
        return found
    }
}

struct MessageError: Error {
    let reason: String
}

/// A protocol buffer's message, field after field.
private struct Message {
    enum Value {
        case number(UInt64)
        case fixed(UInt32)
        case bytes(ArraySlice<UInt8>)
    }

    private var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) {
        rest = bytes
    }

    mutating func next() throws(MessageError) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let tag = try variable()
        let number = Int(truncatingIfNeeded: tag >> 3)
        switch tag & 7 {
        case 0: return (number, .number(try variable()))
        case 1: return (number, .bytes(try take(8)))
        case 2: return (number, .bytes(try take(try variable())))
        case 5:
            let bytes = try take(4)
            return (number, .fixed(bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) }))
        default: throw MessageError(reason: "a field is of the unknown type \(tag & 7)")
        }
    }

    private mutating func take(_ count: UInt64) throws(MessageError) -> ArraySlice<UInt8> {
        guard count <= UInt64(rest.count) else { throw MessageError(reason: "it is cut off") }
        defer { rest = rest.dropFirst(Int(count)) }
        return rest.prefix(Int(count))
    }

    private mutating func variable() throws(MessageError) -> UInt64 {
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            guard let byte = rest.popFirst() else { throw MessageError(reason: "it is cut off") }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw MessageError(reason: "a number does not end")
    }
}

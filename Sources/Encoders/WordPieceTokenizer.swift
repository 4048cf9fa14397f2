import FoundationEssentials
import Pixels

/// BERT's uncased WordPiece tokenizer, equal to transformers' `BertTokenizer` (Devlin 2018).
package struct WordPieceTokenizer: Sendable {
    private let pieces: PieceTable
    private let unknown: Int
    private let start: Int
    private let end: Int
    /// What stands for itself when a text spells it out.
    private let marks: [(text: String, number: Int)]
    /// Words longer than this become [UNK] whole.
    private static let longestWord = 100

    /// The file's tokens, one a line; a token's number is its line, from 0.
    package init(vocabulary url: URL) throws(EncoderError) {
        let bytes: [UInt8]
        do {
            bytes = try FileBytes.read(url)
        } catch {
            throw .unreadableFile(path: url.path, reason: "\(error)")
        }
        pieces = PieceTable(lines: bytes)
        let table = pieces
        func number(_ token: String) throws(EncoderError) -> Int {
            guard let number = table.number(Array(token.utf8)[...], continuing: false) else {
                throw .badVocabulary(path: url.path, reason: "it has no token \(token)")
            }
            return number
        }
        unknown = try number("[UNK]")
        start = try number("[CLS]")
        end = try number("[SEP]")
        marks = [
            ("[UNK]", unknown), ("[CLS]", start), ("[SEP]", end), ("[PAD]", try number("[PAD]")), ("[MASK]", try number("[MASK]")),
        ]
    }

    /// How many tokens there are.
    package var count: Int { pieces.count }

    /// The numbers of a text's tokens, from [CLS] to [SEP].
    ///
    /// - Parameter maximum: at most so many numbers, the two marks included; what is beyond is cut off at the end.
    package func tokens(_ text: String, maximum: Int = 256) -> [Int] {
        var numbers = [start]
        let room = max(maximum, 2) - 1
        for part in parts(text) {
            if numbers.count >= room { break }
            switch part {
            case .mark(let number): numbers.append(number)
            case .text(let text): append(text, to: &numbers, room: room)
            }
        }
        if numbers.count > room { numbers.removeSubrange(room...) }
        numbers.append(end)
        return numbers
    }

    private enum Part {
        case text(Substring)
        case mark(Int)
    }

    /// Cuts out marks that are spelled out, before anything else is looked at.
    private func parts(_ text: String) -> [Part] {
        guard text.utf8.contains(UInt8(ascii: "[")) else { return [.text(text[...])] }
        var parts: [Part] = []
        let scalars = text.unicodeScalars
        var begin = scalars.startIndex
        var index = begin
        while index < scalars.endIndex {
            if scalars[index] == "[", let mark = marks.first(where: { scalars[index...].starts(with: $0.text.unicodeScalars) }) {
                if begin < index { parts.append(.text(text[begin..<index])) }
                parts.append(.mark(mark.number))
                index = scalars.index(index, offsetBy: mark.text.unicodeScalars.count)
                begin = index
            } else {
                index = scalars.index(after: index)
            }
        }
        if begin < scalars.endIndex { parts.append(.text(text[begin...])) }
        return parts
    }

    private func append(_ text: Substring, to numbers: inout [Int], room: Int) {
        for word in BertText.words(BertText.normalised(text)) {
            if numbers.count >= room { return }
            guard word.count <= Self.longestWord, let found = numbersOf(word) else {
                numbers.append(unknown)
                continue
            }
            numbers += found
        }
    }

    /// The longest token that starts the word, then the longest that continues it, and so on; nil where one cannot go on.
    private func numbersOf(_ word: ArraySlice<Unicode.Scalar>) -> [Int]? {
        var bytes: [UInt8] = []
        var ends: [Int] = []  // where each scalar ends in `bytes`
        for scalar in word {
            bytes.append(contentsOf: UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter)
            ends.append(bytes.count)
        }
        var numbers: [Int] = []
        var begin = 0
        while begin < bytes.count {
            guard
                let (stop, number) = ends.reversed().lazy.prefix(while: { $0 > begin }).compactMap({ stop in
                    pieces.number(bytes[begin..<stop], continuing: begin > 0).map { (stop, $0) }
                }).first
            else { return nil }
            numbers.append(number)
            begin = stop
        }
        return numbers
    }
}

/// Tokens by their bytes. Swift's strings are equal when they look the same; tokens are equal when their bytes are.
private struct PieceTable: Sendable {
    /// All tokens, one behind the other.
    private let bytes: [UInt8]
    /// Where each token starts, and behind the last one the end; lines' ends lie between.
    private let ranges: [Range<Int>]
    /// Open addressing: the number of the token in a slot, or -1. The size is a power of two, at least twice the tokens.
    private let slots: [Int32]

    var count: Int { ranges.count }

    init(lines: [UInt8]) {
        var ranges: [Range<Int>] = []
        var begin = 0
        for (index, byte) in lines.enumerated() where byte == 0x0A {
            ranges.append(begin..<(index > begin && lines[index - 1] == 0x0D ? index - 1 : index))
            begin = index + 1
        }
        if begin < lines.count { ranges.append(begin..<lines.count) }
        var size = 1024
        while size < 2 * ranges.count { size *= 2 }
        var slots = [Int32](repeating: -1, count: size)
        for (number, range) in ranges.enumerated() {
            var slot = Self.hash(lines[range], from: Self.seed) & (size - 1)
            while slots[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            slots[slot] = Int32(number)
        }
        bytes = lines
        self.ranges = ranges
        self.slots = slots
    }

    /// The number of a token, or of `##` and the token where it continues a word.
    func number(_ token: ArraySlice<UInt8>, continuing: Bool) -> Int? {
        let mask = slots.count - 1
        let prefix = continuing ? 2 : 0
        var slot = Self.hash(token, from: continuing ? Self.continuingSeed : Self.seed) & mask
        while slots[slot] >= 0 {
            let range = ranges[Int(slots[slot])]
            if range.count == token.count + prefix, bytes[range.dropFirst(prefix)].elementsEqual(token),
                !continuing || bytes[range.lowerBound] == 0x23 && bytes[range.lowerBound + 1] == 0x23
            {
                return Int(slots[slot])
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private static let seed: UInt64 = 0xCBF2_9CE4_8422_2325
    private static let continuingSeed = state([0x23, 0x23], from: seed)

    /// FNV-1a.
    private static func state(_ bytes: ArraySlice<UInt8>, from seed: UInt64) -> UInt64 {
        var state = seed
        for byte in bytes {
            state = (state ^ UInt64(byte)) &* 0x100_0000_01B3
        }
        return state
    }

    private static func hash(_ bytes: ArraySlice<UInt8>, from seed: UInt64) -> Int {
        let state = state(bytes, from: seed)
        return Int(truncatingIfNeeded: state ^ (state >> 32)) & Int.max
    }
}

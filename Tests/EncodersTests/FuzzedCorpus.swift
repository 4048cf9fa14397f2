import Foundation
import TestSupport

/// The strings that Fixtures/fuzz.py makes, made again from the same numbers.
struct FuzzedCorpus: Decodable {
    let seed: UInt64
    let count: Int
    let words: [String]
    let pools: [[UInt32]]
    let separators: [String]

    static func texts() throws -> [String] {
        try JSONDecoder().decode(FuzzedCorpus.self, from: Data(contentsOf: fixture("fuzz.json", room: "Encoders"))).texts()
    }

    private func texts() -> [String] {
        var random = SeededGenerator(seed: seed)
        func below(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        return (0..<count).map { _ in
            var parts: [String.UnicodeScalarView] = []
            for _ in 0..<1 + below(10) {
                if below(10) < 5 {
                    var word = words[below(words.count)].unicodeScalars
                    switch below(4) {
                    case 0:
                        word = String.UnicodeScalarView(word.map { "a"..."z" ~= $0 ? Unicode.Scalar($0.value - 32) ?? $0 : $0 })
                    case 1: word.append(contentsOf: words[below(words.count)].unicodeScalars)
                    default: break
                    }
                    parts.append(word)
                } else {
                    let pool = pools[below(pools.count)]
                    let letters = (0..<1 + below(8)).map { _ in Unicode.Scalar(pool[0] + UInt32(below(Int(pool[1] - pool[0])))) ?? " " }
                    parts.append(String.UnicodeScalarView(letters))
                }
            }
            let separator = separators[below(separators.count)].unicodeScalars
            return String(String.UnicodeScalarView(parts.joined(separator: separator)))
        }
    }
}

/// What a reference tokenizer gives for the corpus: some rows in full, and a digest of every hundred.
struct TokenGolden: Decodable {
    struct Case: Decodable {
        let text: String
        let tokens: [Int]

        init(from decoder: any Decoder) throws {
            var container = try decoder.unkeyedContainer()
            text = try container.decode(String.self)
            tokens = try container.decode([Int].self)
        }
    }

    let cases: [Case]
    let explicit: [[Int]]
    let digests: [String]

    init(_ name: String) throws {
        self = try JSONDecoder().decode(TokenGolden.self, from: Data(contentsOf: fixture(name, room: "Encoders")))
    }

    /// FNV-1a over the numbers, four bytes each, and four of 255 behind each row.
    static func digest(_ rows: some Sequence<[Int]>) -> String {
        var state: UInt64 = 0xCBF2_9CE4_8422_2325
        for row in rows {
            for number in row + [0xFFFF_FFFF] {
                for shift in [0, 8, 16, 24] {
                    state = (state ^ UInt64(number >> shift & 255)) &* 0x100_0000_01B3
                }
            }
        }
        let text = String(state, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }

    /// Which rows and which hundreds of rows differ.
    func differences(_ rows: [[Int]]) -> [String] {
        let wrong = zip(rows, explicit).enumerated().filter { $0.element.0 != $0.element.1 }.map { "row \($0.offset)" }
        let blocks = digests.indices.filter { Self.digest(rows[$0 * 100..<min(rows.count, $0 * 100 + 100)]) != digests[$0] }
        return wrong + blocks.map { "rows \($0 * 100) to \($0 * 100 + 99)" }
    }
}

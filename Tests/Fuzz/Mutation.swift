import TestSupport

/// Changes bytes as damage and ill will do: some overwritten, numbers made extreme, parts cut out, doubled, or taken from another file.
struct Mutation {
    private var generator: SeededGenerator

    init(seed: UInt64) {
        generator = SeededGenerator(seed: seed)
    }

    /// - Parameter isText: whether words and brackets are worth more than single bits.
    mutating func changed(_ bytes: [UInt8], beside others: [[UInt8]], isText: Bool) -> [UInt8] {
        var result = bytes
        for _ in 0..<Int.random(in: 1...6, using: &generator) {
            guard !result.isEmpty else { return result }
            let place = place(in: result)
            switch Int.random(in: 0..<10, using: &generator) {
            case 0: result[place] = .random(in: 0...255, using: &generator)
            case 1: result[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: overwrite(&result, at: place, with: extremeNumber())
            case 3: result.removeSubrange(place..<min(result.count, place + length()))
            case 4:
                let end = min(result.count, place + length())
                result.insert(contentsOf: result[place..<end], at: place)
            case 5: result.removeLast(min(result.count - 1, length()))
            case 6:
                guard let other = others.randomElement(using: &generator), !other.isEmpty else { continue }
                let start = Int.random(in: 0..<other.count, using: &generator)
                overwrite(&result, at: place, with: Array(other[start..<min(other.count, start + length())]))
            case 7 where isText: result.insert(contentsOf: Array(Self.words.randomElement(using: &generator)!.utf8), at: place)
            case 8 where isText: replaceNumber(in: &result, from: place)
            case 9 where isText:
                let bracket = Array("[{(<\"\\".utf8).randomElement(using: &generator)!
                result.insert(contentsOf: [UInt8](repeating: bracket, count: .random(in: 1...2_000, using: &generator)), at: place)
            default: result[place] = [0, 0x7F, 0x80, 0xFF].randomElement(using: &generator)!
            }
        }
        return result
    }

    /// Headers stand in front: half of the damage is done there.
    private mutating func place(in bytes: [UInt8]) -> Int {
        Bool.random(using: &generator)
            ? Int.random(in: 0..<min(bytes.count, 256), using: &generator) : Int.random(in: 0..<bytes.count, using: &generator)
    }

    private mutating func length() -> Int {
        1 << Int.random(in: 0...10, using: &generator)
    }

    private mutating func extremeNumber() -> [UInt8] {
        let value = Self.numbers.randomElement(using: &generator)!
        let width = [2, 4, 8].randomElement(using: &generator)!
        let little = (0..<width).map { UInt8(truncatingIfNeeded: value >> (UInt64($0) * 8)) }
        return Bool.random(using: &generator) ? little : little.reversed()
    }

    private func overwrite(_ bytes: inout [UInt8], at place: Int, with content: [UInt8]) {
        for (offset, byte) in content.enumerated() where place + offset < bytes.count { bytes[place + offset] = byte }
    }

    /// The next number written in digits becomes an extreme one.
    private mutating func replaceNumber(in bytes: inout [UInt8], from place: Int) {
        let digits = UInt8(ascii: "0")...UInt8(ascii: "9")
        guard let start = bytes[place...].firstIndex(where: digits.contains) else { return }
        let end = bytes[start...].firstIndex { !digits.contains($0) } ?? bytes.count
        bytes.replaceSubrange(start..<end, with: Array(Self.extremes.randomElement(using: &generator)!.utf8))
    }

    private static let numbers: [UInt64] = [
        0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, 0x1_0000_0000, .max >> 1, .max,
    ]
    private static let extremes = [
        "0", "-1", "1e30", "1e300", "-9223372036854775808", "9223372036854775808", "18446744073709551615", "0.0000001", "nan", "Infinity",
        "1e-400", "99999999999999999999999999",
    ]
    private static let words = [
        "null", "true", "[]", "{}", "\"\"", "\n", "\r\n", "\u{0}", "\u{1B}[31m", "\u{202E}", "\u{FEFF}", "Steps: ", "Negative prompt: ",
        "<lora:a:1>", "[a:b:0.5]", " AND ", "BREAK", "../../", "\\u0000", "\\ud800", "1e999", "é", "𝄞",
    ]
}

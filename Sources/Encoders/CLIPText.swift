import Foundation

/// How CLIP's tokenizer sees characters, as transformers 5 has it: composed (NFC), every character in lower case, and cut into words by
/// the pattern `<|startoftext|>|<|endoftext|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+`.
enum CLIPText {
    static func normalised(_ text: some StringProtocol) -> [Unicode.Scalar] {
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            return text.utf8.map { Unicode.Scalar(0x41...0x5A ~= $0 ? $0 + 0x20 : $0) }
        }
        var result: [Unicode.Scalar] = []
        for scalar in composed(text.unicodeScalars) {
            result.append(contentsOf: lowered(scalar))
        }
        return result
    }

    /// A scalar at a time, as the reference does: a capital sigma at a word's end becomes the ordinary small one.
    static func lowered(_ scalar: Unicode.Scalar) -> String.UnicodeScalarView {
        scalar.properties.lowercaseMapping.unicodeScalars
    }

    /// Canonical composition. Foundation composes old Hangul letters, which compose with nothing, into characters that do not exist; they
    /// are left out of what it is given.
    static func composed(_ scalars: some Sequence<Unicode.Scalar>) -> String.UnicodeScalarView {
        var result = String.UnicodeScalarView()
        var run = String.UnicodeScalarView()
        for scalar in scalars {
            switch scalar.value {
            case 0x1113...0x1160, 0x1176...0x11A7, 0x11C3...0x11FF:
                result.append(contentsOf: String(run).precomposedStringWithCanonicalMapping.unicodeScalars)
                run = String.UnicodeScalarView()
                result.append(scalar)
            default: run.append(scalar)
            }
        }
        result.append(contentsOf: String(run).precomposedStringWithCanonicalMapping.unicodeScalars)
        return result
    }

    enum Kind {
        case space, letter, number, other
    }

    /// - Parameters:
    ///   - marks: spelled-out marks that the pattern takes whole.
    ///   - areCut: whether they are then cut into their letters and the two signs on each side.
    static func words(
        _ scalars: [Unicode.Scalar], marks: [[Unicode.Scalar]] = CLIPText.marks, areCut: Bool = true
    ) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var index = 0
        while index < scalars.count {
            let start = index
            if scalars[start] == "<", let mark = marks.first(where: { scalars[start...].starts(with: $0) }) {
                index += mark.count
                words +=
                    areCut
                    ? [scalars[start..<start + 2], scalars[start + 2..<index - 2], scalars[index - 2..<index]] : [scalars[start..<index]]
                continue
            }
            if scalars[start] == "'", let ending = contraction(scalars[(start + 1)...]) {
                index += 1 + ending
            } else {
                let kind = kind(scalars[start])
                index += 1
                if kind != .number {
                    while index < scalars.count, self.kind(scalars[index]) == kind { index += 1 }
                }
                if kind == .space { continue }
            }
            words.append(scalars[start..<index])
        }
        return words
    }

    private static let marks = ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) }

    /// How many letters of an English contraction follow an apostrophe.
    private static func contraction(_ scalars: ArraySlice<Unicode.Scalar>) -> Int? {
        guard let first = scalars.first else { return nil }
        switch first {
        case "s", "t", "m", "d": return 1
        case "r", "v": return scalars.dropFirst().first == "e" ? 2 : nil
        case "l": return scalars.dropFirst().first == "l" ? 2 : nil
        default: return nil
        }
    }

    static func kind(_ scalar: Unicode.Scalar) -> Kind {
        switch scalar.value {
        case 0x61...0x7A, 0x41...0x5A: return .letter
        case 0x30...0x39: return .number
        case 0x20, 0x09...0x0D: return .space
        case 0..<0x80: return .other
        default: break
        }
        if scalar.properties.isWhitespace { return .space }
        // The reference's library knows Unicode 16.
        guard let age = scalar.properties.age, age.major <= 16 else { return .other }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: return .letter
        case .decimalNumber, .letterNumber, .otherNumber: return .number
        default: return .other
        }
    }

    /// Whether GPT-2's tokenizer writes a byte as the character that Latin-1 has for it.
    static func isPrintable(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: true
        default: false
        }
    }

    /// GPT-2's way to write a byte as a visible character: printable Latin-1 stands for itself, the others follow from U+0100.
    static let visibleBytes: [[UInt8]] = {
        var others: UInt32 = 0
        return (0..<256).map { byte in
            if isPrintable(UInt8(byte)) { return Array(String(Unicode.Scalar(UInt8(byte))).utf8) }
            others += 1
            return Array(String(Unicode.Scalar(255 + others) ?? " ").utf8)
        }
    }()
}

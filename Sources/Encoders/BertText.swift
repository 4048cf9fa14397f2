import Foundation

/// How BERT's uncased tokenizer sees characters, as Hugging Face's `tokenizers` has it (BertNormalizer and BertPreTokenizer).
///
/// That library's category tables are of Unicode 8, so a character that came later belongs to no category; `Unicode.Scalar.Properties` knows
/// when each came. A handful of characters have changed their category since.
enum BertText {
    /// Controls vanish, white space becomes spaces, Chinese characters stand alone, accents are stripped, everything is lower case.
    static func normalised(_ text: some StringProtocol) -> [Unicode.Scalar] {
        var cleaned = String.UnicodeScalarView()
        var plain = true
        for scalar in text.unicodeScalars {
            if scalar.value >= 0x80 { plain = false }
            if isRemoved(scalar) { continue }
            if isSpace(scalar) {
                cleaned.append(" ")
            } else if isChinese(scalar) {
                cleaned.append(" ")
                cleaned.append(scalar)
                cleaned.append(" ")
            } else {
                cleaned.append(scalar)
            }
        }
        if plain {
            return cleaned.map { 0x41...0x5A ~= $0.value ? Unicode.Scalar(UInt8($0.value) + 0x20) : $0 }
        }
        var result: [Unicode.Scalar] = []
        for scalar in String(cleaned).decomposedStringWithCanonicalMapping.unicodeScalars where !isAccent(scalar) {
            // A scalar at a time, as the reference does: a capital sigma at a word's end becomes the ordinary small one.
            result.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
        }
        return result
    }

    /// Runs without white space, each punctuation mark on its own.
    static func words(_ scalars: [Unicode.Scalar]) -> [ArraySlice<Unicode.Scalar>] {
        var words: [ArraySlice<Unicode.Scalar>] = []
        var start = 0
        for (index, scalar) in scalars.enumerated() {
            let mark = isPunctuation(scalar)
            guard mark || isSpace(scalar) else { continue }
            if start < index { words.append(scalars[start..<index]) }
            if mark { words.append(scalars[index...index]) }
            start = index + 1
        }
        if start < scalars.count { words.append(scalars[start...]) }
        return words
    }

    /// Controls, formatting and private use; also the replacement character.
    static func isRemoved(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: return false
        case 0x20..<0x7F: return false
        case 0xFFFD: return true
        default:
            switch scalar.properties.generalCategory {
            case .control, .privateUse: return true
            case .format: return wasKnown(scalar)
            default: return false
            }
        }
    }

    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value < 0x80 ? scalar.value == 0x20 || 0x09...0x0D ~= scalar.value : scalar.properties.isWhitespace
    }

    static func isChinese(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F, 0x2B920...0x2CEAF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    static func isAccent(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.value < 0x300 { return false }
        if scalar.properties.generalCategory != .nonspacingMark { return accentsThen.contains(scalar.value) }
        return wasKnown(scalar) && !accentsSince.contains(scalar.value)
    }

    static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: return true
        case 0..<0x80: return false
        default:
            switch scalar.properties.generalCategory {
            case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation, .finalPunctuation,
                .otherPunctuation:
                return wasKnown(scalar)
            default: return punctuationThen.contains(scalar.value)
            }
        }
    }

    private static func wasKnown(_ scalar: Unicode.Scalar) -> Bool {
        guard let age = scalar.properties.age else { return false }
        return age.major <= 8
    }

    /// Canadian syllabics' chi sign and Sharada's sandhi mark.
    private static let punctuationThen: Set<UInt32> = [0x166D, 0x111C9]
    /// Hanunoo's pamudpod and Ahom's medial ra.
    private static let accentsThen: Set<UInt32> = [0x1734, 0x1171E]
    /// Two Mongolian letters, and signs of Javanese and Sharada.
    private static let accentsSince: Set<UInt32> = [0x1885, 0x1886, 0xA9BD, 0x111C9]
}

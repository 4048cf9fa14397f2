import Foundation

/// Text as a terminal lays it out: in columns, not in characters.
enum DisplayText {
    /// Columns a character takes: 2 for East Asian wide ones and emoji, 0 for what only combines, 1 otherwise.
    static func width(of character: Character) -> Int {
        var width = 0
        for scalar in character.unicodeScalars {
            // The variation selector for emoji presentation.
            if scalar == "\u{FE0F}" { return 2 }
            width = max(width, self.width(of: scalar))
        }
        return width
    }

    static func width(of text: String) -> Int {
        text.reduce(0) { $0 + width(of: $1) }
    }

    private static func width(of scalar: Unicode.Scalar) -> Int {
        switch scalar.properties.generalCategory {
        case .control, .format, .nonspacingMark, .enclosingMark, .surrogate: return 0
        default: break
        }
        if scalar.properties.isEmojiPresentation { return 2 }
        // Unicode's East Asian Width W and F, in blocks: https://www.unicode.org/reports/tr11/
        switch scalar.value {
        case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F,
            0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF00...0xFF60, 0xFFE0...0xFFE6, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
            0x20000...0x3FFFD:
            return 2
        default: return 1
        }
    }

    /// Control characters (and with them any escape sequence that a tag might smuggle in) as visible marks.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            result.unicodeScalars.append(scalar.properties.generalCategory == .control ? "\u{FFFD}" : scalar)
        }
        return result
    }

    /// The text cut to `columns`, with an ellipsis where something is missing.
    static func fitted(_ text: String, _ columns: Int) -> String {
        guard columns > 0 else { return "" }
        guard width(of: text) > columns else { return text }
        var result = ""
        var used = 0
        for character in text {
            let next = width(of: character)
            guard used + next <= columns - 1 else { break }
            result.append(character)
            used += next
        }
        return result + "…"
    }

    /// The text cut or filled with blanks to exactly `columns`.
    static func padded(_ text: String, _ columns: Int) -> String {
        let cut = fitted(text, columns)
        return cut + String(repeating: " ", count: max(0, columns - width(of: cut)))
    }

    /// The text in lines of at most `columns`, broken between words where that is possible.
    static func wrapped(_ text: String, _ columns: Int) -> [String] {
        guard columns > 0 else { return [] }
        var lines: [String] = []
        var line = ""
        func flush() {
            lines.append(line)
            line = ""
        }
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            var word = String(word)
            if !line.isEmpty, width(of: line) + 1 + width(of: word) > columns { flush() }
            if !line.isEmpty { line += " " }
            while width(of: word) > columns {
                var head = ""
                while let next = word.first, width(of: head) + width(of: next) <= columns || head.isEmpty {
                    head.append(word.removeFirst())
                }
                line += head
                flush()
            }
            line += word
        }
        if !line.isEmpty || lines.isEmpty { flush() }
        return lines
    }
}

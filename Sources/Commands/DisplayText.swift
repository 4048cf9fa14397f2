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

    /// The text cut to `columns`, with an ellipsis where something is missing.
    static func fitted(_ text: String, _ columns: Int) -> String {
        guard columns > 0 else { return "" }
        guard columns < .max, width(of: text) > columns else { return text }
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
        var used = 0
        func flush() {
            lines.append(line)
            (line, used) = ("", 0)
        }
        for word in text.split(separator: " ", omittingEmptySubsequences: true) {
            let wide = width(of: String(word))
            if !line.isEmpty, used + 1 + wide > columns { flush() }
            if !line.isEmpty {
                line += " "
                used += 1
            }
            guard used + wide > columns else {
                line += word
                used += wide
                continue
            }
            // Longer than a line: as much of it in each as there is room for.
            for character in word {
                let next = width(of: character)
                if used + next > columns, !line.isEmpty { flush() }
                line.append(character)
                used += next
            }
        }
        if !line.isEmpty || lines.isEmpty { flush() }
        return lines
    }
}

import Studio

/// Text from outside (file names, prompts, tags, what an error quotes) made fit for a terminal: this is the one place that does it.
extension DisplayText {
    /// Characters that act instead of showing themselves, as visible marks: control characters, and with them every escape sequence, marks
    /// that turn the direction of writing, and separators that end a line. A byte of a file's name that is no UTF-8 is told: `caf\xE9.jpg`.
    static func harmless(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: acts) else { return text }
        let text = ForeignNames.shown(text)
        return String(String.UnicodeScalarView(text.unicodeScalars.map { acts($0) ? "\u{FFFD}" : $0 }))
    }

    /// A whole output: its line ends and tabs stay, and the colours this program writes, where it writes any.
    static func harmless(output text: String, withColours: Bool) -> String {
        guard text.unicodeScalars.contains(where: { acts($0) && !isLayout($0) }) else { return text }
        var result = String.UnicodeScalarView()
        let text = ForeignNames.shown(text)
        var rest = text.unicodeScalars[...]
        while let scalar = rest.first {
            if withColours, scalar == "\u{1B}", let code = Paint.codes.first(where: { rest.starts(with: $0.unicodeScalars) }) {
                result.append(contentsOf: code.unicodeScalars)
                rest = rest.dropFirst(code.unicodeScalars.count)
            } else {
                result.append(acts(scalar) && !isLayout(scalar) ? "\u{FFFD}" : scalar)
                rest = rest.dropFirst()
            }
        }
        return String(result)
    }

    /// JSON, of which nothing may be lost: what acts is written as JSON escapes it, which only ever stands within a string.
    static func harmless(json text: String) -> String {
        guard text.unicodeScalars.contains(where: { acts($0) && !isLayout($0) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            if acts(scalar), !isLayout(scalar) {
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            } else {
                result.unicodeScalars.append(scalar)
            }
        }
        return result
    }

    private static func isLayout(_ scalar: Unicode.Scalar) -> Bool { scalar == "\n" || scalar == "\t" }

    private static func acts(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0: true
        // Left-to-right and right-to-left marks, embeddings, overrides and isolates; line and paragraph separators; byte-order mark.
        case 0x061C, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF: true
        default: ForeignNames.byte(of: scalar) != nil
        }
    }
}

/// The line on which ArgumentParser says how a command is called, however long: on as many as it takes, with no option cut in two.
enum UsageText {
    static func wrapped(_ message: String, width: Int) -> String {
        message.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            guard line.hasPrefix("USAGE: ") || line.hasPrefix("Usage: ") else { return String(line) }
            // Where there are many, the parser leaves the brackets out, as if one were needed.
            let line = line.hasSuffix(" <options>") ? line.dropLast(9) + "[<options>]" : line
            return line.count > width ? folded(line, width) : String(line)
        }.joined(separator: "\n")
    }

    /// Later lines begin below the command's name.
    private static func folded(_ line: Substring, _ width: Int) -> String {
        let margin = String(repeating: " ", count: "USAGE: ".count)
        var lines = [""]
        for part in parts(line) {
            if lines[lines.count - 1].isEmpty {
                lines[lines.count - 1] = part
            } else if lines[lines.count - 1].count + 1 + part.count <= width {
                lines[lines.count - 1] += " " + part
            } else {
                lines.append(margin + part)
            }
        }
        return lines.joined(separator: "\n")
    }

    /// Words, those within brackets together.
    private static func parts(_ line: Substring) -> [String] {
        var (parts, depth) = ([String](), 0)
        for word in line.split(separator: " ") {
            if depth > 0 { parts[parts.count - 1] += " \(word)" } else { parts.append(String(word)) }
            depth += word.count { $0 == "[" } - word.count { $0 == "]" }
        }
        return parts
    }
}

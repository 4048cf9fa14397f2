import Foundation

/// A table of styles as AUTOMATIC1111's web UI keeps them in `styles.csv`: a name, what goes into the prompt, what goes into the negative one.
package struct StyleSheet: Sendable, Equatable {
    /// A row; `{prompt}` in a text stands for the prompt that it is laid over.
    package struct Style: Codable, Sendable, Equatable {
        package var name: String
        package var prompt: String
        package var negative: String

        package init(name: String, prompt: String, negative: String) {
            (self.name, self.prompt, self.negative) = (name, prompt, negative)
        }
    }

    /// Why a file is no such table.
    package enum Problem: Error, Equatable, CustomStringConvertible {
        case noHeader
        case openQuote(line: Int)
        case tooMany

        package var description: String {
            switch self {
            case .noHeader: "its first line names no column \"name\" with \"prompt\" or \"negative_prompt\" beside it"
            case .openQuote(let line): "a quote that begins in line \(line) never ends"
            case .tooMany: "it has more than \(StyleSheet.most) styles"
            }
        }
    }

    private static let most = 20_000

    package var styles: [Style]

    package init(_ styles: [Style]) { self.styles = styles }

    /// Reads a table (RFC 4180: a field in quotes may hold commas, line breaks and doubled quotes), with or without a byte order mark.
    package init(_ text: String) throws(Problem) {
        var rows = try Self.rows(text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text)
        guard !rows.isEmpty else { throw .noHeader }
        let header = rows.removeFirst().map { $0.lowercased().trimmingCharacters(in: .whitespaces) }
        // The first versions called the prompt "text".
        guard let name = header.firstIndex(of: "name"), let prompt = header.firstIndex(of: "prompt") ?? header.firstIndex(of: "text")
        else { throw .noHeader }
        let negative = header.firstIndex(of: "negative_prompt")
        func field(_ row: [String], _ index: Int?) -> String {
            index.flatMap { row.indices.contains($0) ? row[$0].trimmingCharacters(in: .whitespacesAndNewlines) : nil } ?? ""
        }
        styles = rows.compactMap { row in
            let style = Style(name: field(row, name), prompt: field(row, prompt), negative: field(row, negative))
            return style.name.isEmpty ? nil : style
        }
        guard styles.count <= Self.most else { throw .tooMany }
    }

    /// As the web UI writes it, byte order mark and all, so that a spreadsheet reads it as UTF-8.
    package var text: String {
        let lines = styles.map { CommaSeparated.row([$0.name, $0.prompt, $0.negative]) }
        return "\u{FEFF}" + (["name,prompt,negative_prompt"] + lines).map { $0 + "\r\n" }.joined()
    }

    private static func rows(_ text: String) throws(Problem) -> [[String]] {
        var rows: [[String]] = []
        var row: [String] = []
        var field = ""
        var (line, quoteLine) = (1, 0)
        var isQuoted = false
        var characters = Array(text)[...]
        func end(_ isRow: Bool) {
            row.append(field)
            field = ""
            guard isRow else { return }
            if row != [""] { rows.append(row) }
            row = []
        }
        while let character = characters.popFirst() {
            if character.isNewline { line += 1 }
            if isQuoted {
                if character != "\"" {
                    field.append(character)
                } else if characters.first == "\"" {
                    field.append("\"")
                    characters.removeFirst()
                } else {
                    isQuoted = false
                }
            } else if character == "\"", field.isEmpty {
                (isQuoted, quoteLine) = (true, line)
            } else if character == "," {
                end(false)
            } else if character.isNewline {
                end(true)
            } else {
                field.append(character)
            }
        }
        guard !isQuoted else { throw .openQuote(line: quoteLine) }
        if !field.isEmpty || !row.isEmpty { end(true) }
        return rows
    }

    /// A style's words and the person's, as the web UI joins them: in the place of `{prompt}`, else behind.
    static func join(_ style: String, _ words: String) -> String {
        if style.contains("{prompt}") { return style.replacing("{prompt}", with: words) }
        return [words, style].map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }.filter { !$0.isEmpty }.joined(separator: ", ")
    }
}

/// A table as text with commas (RFC 4180).
enum CommaSeparated {
    /// The fields of a row without its end, in quotes where they need them.
    static func row(_ fields: [String]) -> String {
        fields.map { field in
            guard field.contains(where: { "\",".contains($0) || $0.isNewline }) else { return field }
            return "\"" + field.replacing("\"", with: "\"\"") + "\""
        }.joined(separator: ",")
    }
}

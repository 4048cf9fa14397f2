import Foundation
import Studio

/// Words and numbers that several commands print.
enum CommandText {
    /// With that many decimals and a point, whatever the locale.
    static func fixed(_ value: Double, _ decimals: Int) -> String {
        String(format: "%.\(decimals)f", locale: nil, value)
    }

    /// "1 picture", "2 pictures".
    static func count(_ count: Int, _ noun: String) -> String {
        "\(count) \(noun)\(count == 1 ? "" : "s")"
    }

    /// "a, b and c".
    static func list(_ words: [String]) -> String {
        words.count < 2 ? words.joined() : words.dropLast().joined(separator: ", ") + " and " + words[words.count - 1]
    }

    /// "1 of 2 pictures could not be made", "none of the 2 pictures could be made", "the picture could not be made".
    static func undone(_ count: Int, of total: Int, _ noun: String, _ verb: String) -> String {
        if total == 1 { return "the \(noun) could not be \(verb)" }
        return count == total ? "none of the \(total) \(noun)s could be \(verb)" : "\(count) of \(total) \(noun)s could not be \(verb)"
    }

    /// Files in folders that look like pictures and are not read, by extension; nil where there are none.
    static func passedOver(_ kinds: [String: Int]) -> String? {
        guard !kinds.isEmpty else { return nil }
        let told = kinds.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) .\($0.key)" }
        return "Skipped, as Redraw does not read them: \(told.joined(separator: ", "))."
    }

    static func percent(_ share: Double) -> String {
        Int(exactly: (share * 100).rounded()).map { "\($0) %" } ?? "\(share * 100) %"
    }

    /// Local time to the minute.
    static func moment(_ date: Date) -> String {
        let parts = Calendar.current.dateComponents([.year, .month, .day, .hour, .minute], from: date)
        return String(
            format: "%04d-%02d-%02d %02d:%02d", parts.year ?? 0, parts.month ?? 0, parts.day ?? 0, parts.hour ?? 0, parts.minute ?? 0)
    }

    /// A suggestion in one line: mark, text, weight, confidence.
    static func line(_ suggestion: SuggestionReport, width: Int, paint: Paint) -> String {
        let mark =
            switch suggestion.state {
            case .pending: "."
            case .approved: "+"
            case .rejected: "x"
            }
        var label = DisplayText.harmless(suggestion.described ?? suggestion.tag)
        if let edited = suggestion.editedText { label += " -> " + DisplayText.harmless(edited) }
        if suggestion.weight != 1 { label += " (x\(ReviewSession.number(suggestion.weight)))" }
        let sure = suggestion.source == .added ? "added" : percent(suggestion.confidence)
        let right = String(repeating: " ", count: max(0, 6 - sure.count)) + sure
        // A column that lines up as far as labels allow; only a terminal cuts them.
        let room = max(10, min(width, 80) - 4 - right.count, width == .max ? DisplayText.width(of: label) : 0)
        let text = "  \(mark) " + DisplayText.padded(label, room) + right
        return switch suggestion.state {
        case .pending: text
        case .approved: paint.green(text)
        case .rejected: paint.dim(text)
        }
    }

    /// Facets in the order in which people expect to see them; those that this version does not know stand last.
    static func inOrder(_ facets: some Sequence<String>) -> [String] {
        facets.sorted { (ScreeningDesk.position(ofFacet: $0), $0) < (ScreeningDesk.position(ofFacet: $1), $1) }
    }

    /// The suggestions under their facets.
    static func lines(_ suggestions: [SuggestionReport], width: Int, paint: Paint) -> [String] {
        let byFacet = Dictionary(grouping: suggestions, by: \.facet)
        return inOrder(byFacet.keys).flatMap { facet in
            [paint.bold(facet)] + (byFacet[facet] ?? []).map { line($0, width: width, paint: paint) }
        }
    }
}

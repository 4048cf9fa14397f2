import Studio

/// An analysis for a person's eyes: facets at the left, tags with their confidence at the right, nothing wider than the terminal.
struct AnalysisText {
    let report: AnalysisReport
    let width: Int
    let paint: Paint
    let showsDropped: Bool
    let form: PromptFormName?

    init(_ report: AnalysisReport, terminal: Terminal, showsDropped: Bool, form: PromptFormName? = nil) {
        (self.report, self.form) = (report, form)
        self.showsDropped = showsDropped
        width = min(terminal.isTerminal ? terminal.size.width : 100, 120)
        paint = terminal.paint
    }

    private static let labelColumns = 12

    var text: String {
        var lines = [
            paint.bold(DisplayText.harmless(report.picture.path)) + paint.dim("  \(report.picture.width)x\(report.picture.height)")
        ]
        if let recovered = report.recovered {
            for (label, value) in RecoveredText.lines(recovered) { lines += labelled(label, DisplayText.harmless(value)) }
            lines += labelled("", "(somebody's words, not seen in the picture; redraw prompt --recovered takes them over)")
            lines.append("")
        }
        let shown = report.suggestions.filter { $0.state != .rejected }
        for facet in CommandText.inOrder(Set(shown.map(\.facet))) {
            let tags = shown.filter { $0.facet == facet }.map { entry in
                let mark = (entry.state == .approved ? "✓" : "") + (entry.source == .tagger ? "#" : "")
                let sure = entry.source == .added ? "added" : CommandText.percent(entry.confidence)
                return mark + DisplayText.harmless(entry.text) + " \(sure)"
            }
            lines += labelled(facet, tags.joined(separator: ", "))
        }
        if shown.isEmpty { lines += labelled("tags", "nothing that it is sure enough of") }
        lines.append("")
        switch form {
        case nil: lines += labelled("prompt", report.prompt.positive)
        case .tags: lines += labelled("tags", report.prompt.forms.tags)
        case .sentence: lines += labelled("sentence", report.prompt.forms.sentence)
        case .both:
            lines += labelled("tags", report.prompt.forms.tags)
            lines += labelled("sentence", report.prompt.forms.sentence)
        }
        let approved = shown.count { $0.state == .approved }
        if approved > 0 {
            let tags = CommandText.count(approved, "tag")
            lines += labelled("", "(from the analysis alone; redraw prompt writes yours, from the \(tags) you approved)")
        }
        if let similarity = report.prompt.composition?.similarity {
            lines += labelled("", "cosine with the picture \(CommandText.fixed(similarity, 3))")
        }
        lines += labelled("negative", report.prompt.negative)
        if let model = report.model {
            lines += labelled("model", model.name + (model.installed ? "" : " (not installed)") + " – " + model.reason)
            if let howToGet = model.howToGet { lines += labelled("", howToGet) }
            for (index, other) in model.runnersUp.enumerated() {
                lines += labelled(index == 0 ? "or" : "", other.name + (other.installed ? "" : ": " + (other.howToGet ?? "not installed")))
            }
        }
        if let size = report.size { lines += labelled("size", "\(size.width)x\(size.height) – \(size.reason)") }
        if let confidence = report.confidence, confidence.source != "fitted" || !confidence.learned.isEmpty {
            lines += labelled("confidences", confidence.explanation)
        }
        if let tagger = report.tagger {
            let rating = tagger.rating.map { "; rated \(DisplayText.harmless($0))" } ?? ""
            lines += labelled("tagger", "\(tagger.name): \(CommandText.count(tagger.count, "tag"))\(rating)")
        }
        if let known = report.knownAs { lines += labelled("known", DisplayText.harmless(known)) }
        for note in report.notes { lines += labelled("not read", DisplayText.harmless(note)) }
        let rejected = report.suggestions.count - shown.count
        if rejected > 0 { lines += labelled("", "\(rejected) rejected before, not shown") }
        if showsDropped {
            lines.append("")
            for entry in report.dropped {
                lines += labelled(
                    "left out", "\(DisplayText.harmless(entry.tag)) \(CommandText.percent(entry.confidence)): \(entry.reason)")
            }
        }
        return lines.joined(separator: "\n") + "\n"
    }

    private func labelled(_ label: String, _ value: String) -> [String] {
        let room = max(20, width - Self.labelColumns - 2)
        return DisplayText.wrapped(value, room).enumerated().map { index, line in
            "  "
                + (index == 0 ? paint.cyan(DisplayText.padded(label, Self.labelColumns)) : String(repeating: " ", count: Self.labelColumns))
                + line
        }
    }
}

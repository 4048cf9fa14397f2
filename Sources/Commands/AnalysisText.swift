import Studio

/// An analysis for a person's eyes: facets at the left, tags with their confidence at the right, nothing wider than the terminal.
struct AnalysisText {
    /// How much is said of a picture.
    enum Extent {
        case whole
        /// As one of many: what `AnalysisSummary` tells of all of them is left out.
        case short
    }

    let report: AnalysisReport
    let extent: Extent
    let showsDropped: Bool
    let form: PromptFormName?
    /// The prompt that a person made of the picture: from approved tags, or by hand.
    let standing: String?
    /// What to do next; nil to leave it unsaid.
    let next: String?
    private let layout: LabelledText

    init(
        _ report: AnalysisReport, terminal: Terminal, extent: Extent = .whole, showsDropped: Bool, form: PromptFormName? = nil,
        standing: String? = nil, next: String? = nil
    ) {
        (self.report, self.extent, self.form) = (report, extent, form)
        (self.showsDropped, self.standing, self.next) = (showsDropped, standing, next)
        layout = LabelledText(terminal)
    }

    /// The command that goes on from what is said of one picture.
    ///
    /// - Parameter library: the folder that was named with `--library`.
    static func next(_ report: AnalysisReport, library: String?) -> String {
        let picture = ShellWord.path(report.picture.path)
        let place = option(library: library)
        if report.suggestions.contains(where: { $0.state == .pending }) { return "redraw review \(picture)\(place)" }
        if report.suggestions.contains(where: { $0.state == .approved }) { return "redraw generate \(picture)\(place)" }
        return "redraw tag \(picture) --add \"what it shows\"\(place)"
    }

    /// What a command that is suggested ends with where the library was named.
    static func option(library: String?) -> String { library.map { " --library \(ShellWord.path($0))" } ?? "" }

    var text: String {
        var lines = [
            layout.paint.bold(DisplayText.harmless(report.picture.path))
                + layout.paint.dim("  \(report.picture.width)x\(report.picture.height)")
        ]
        lines += recovered
        let shown = report.suggestions.filter { $0.state != .rejected }
        lines += tags(shown)
        lines.append("")
        lines += prompt
        if extent == .whole { lines += layout.lines("negative", report.prompt.negative) }
        lines += model
        if extent == .whole, let confidence = report.confidence, confidence.isWorthTelling {
            lines += layout.lines("confidences", confidence.explanation)
        }
        if let tagger = report.tagger {
            let rating = tagger.rating.map { "; rated \(DisplayText.harmless($0))" } ?? ""
            lines += layout.lines("tagger", "\(tagger.name): \(CommandText.count(tagger.count, "tag"))\(rating)")
        }
        if let known = report.knownAs { lines += layout.lines("known", DisplayText.harmless(known)) }
        for note in report.notes { lines += layout.lines("not read", DisplayText.harmless(note)) }
        let rejected = report.suggestions.count - shown.count
        if rejected > 0 {
            let shown = rejected == 1 ? "neither it nor its kinds are suggested" : "neither they nor their kinds are suggested"
            lines += layout.lines("", "\(rejected) rejected before: \(shown)")
        }
        if showsDropped {
            lines.append("")
            for entry in report.dropped {
                lines += layout.lines(
                    "left out", "\(DisplayText.harmless(entry.tag)) \(CommandText.percent(entry.confidence)): \(entry.reason)")
            }
        }
        if let next { lines += ["", "Next: \(DisplayText.harmless(next))"] }
        return lines.joined(separator: "\n") + "\n"
    }

    /// Somebody's words, before anything that was seen.
    private var recovered: [String] {
        guard let entry = report.recovered else { return [] }
        var lines: [String] = []
        let told = RecoveredText.lines(entry)
        for (label, value) in extent == .whole ? told : told.filter({ ["recovered", "  prompt"].contains($0.name) }) {
            lines += layout.lines(label, DisplayText.harmless(value))
        }
        if extent == .whole { lines += layout.lines("", "(\(AnalysisText.recoveredMeans); redraw prompt --recovered takes them over)") }
        return lines + [""]
    }

    static let recoveredMeans = "somebody's words, not seen in the picture"

    private static let nothingSure = "nothing that it is sure enough of"

    private func tags(_ shown: [SuggestionReport]) -> [String] {
        guard !shown.isEmpty else { return layout.lines("tags", Self.nothingSure) }
        // Whoever looks for what the picture is of has to read that nothing is known of it.
        let lacking = report.suggestions.contains { $0.facet == "subject" } ? [] : layout.lines("subject", Self.nothingSure)
        let told: [String] = CommandText.inOrder(Set(shown.map(\.facet))).flatMap { facet in
            let tags = shown.filter { $0.facet == facet }.map { entry in
                let mark = (entry.state == .approved ? "✓" : "") + (entry.source == .tagger ? "#" : "")
                let sure = entry.source == .added ? "added" : CommandText.percent(entry.confidence)
                return mark + DisplayText.harmless(entry.text) + " \(sure)"
            }
            return layout.lines(facet, tags.joined(separator: ", "))
        }
        return lacking + told
    }

    /// The person's own first, which is what will be redrawn from.
    private var prompt: [String] {
        var lines: [String] = []
        if let standing {
            lines += layout.lines("your prompt", DisplayText.harmless(standing))
            if extent == .whole { lines += layout.lines("", "(what redraw generate takes; the next one is the analysis's alone)") }
        }
        switch form {
        case nil: lines += layout.lines(standing == nil ? "prompt" : "suggested", report.prompt.positive)
        case .tags: lines += layout.lines("tags", report.prompt.forms.tags)
        case .sentence: lines += layout.lines("sentence", report.prompt.forms.sentence)
        case .both:
            lines += layout.lines("tags", report.prompt.forms.tags)
            lines += layout.lines("sentence", report.prompt.forms.sentence)
        }
        if let similarity = report.prompt.composition?.similarity {
            lines += layout.lines("", "cosine with the picture \(CommandText.fixed(similarity, 3))")
        }
        return lines
    }

    private var model: [String] {
        if extent == .short {
            let name = report.model.map { $0.name + ($0.installed ? "" : " (not installed)") }
            let parts = [name, report.size.map { "\($0.width)x\($0.height)" }].compactMap { $0 }
            return parts.isEmpty ? [] : layout.lines("model", parts.joined(separator: ", "))
        }
        var lines: [String] = []
        if let model = report.model {
            lines += layout.lines("model", model.name + (model.installed ? "" : " (not installed)") + " – " + model.reason)
            if let howToGet = model.howToGet { lines += layout.lines("", howToGet) }
            for (index, other) in model.runnersUp.enumerated() {
                lines += layout.lines(
                    index == 0 ? "or" : "", other.name + (other.installed ? "" : ": " + (other.howToGet ?? "not installed")))
            }
        }
        if let size = report.size { lines += layout.lines("size", "\(size.width)x\(size.height) – \(size.reason)") }
        return lines
    }
}

extension ConfidenceEntry {
    /// Whether there is more to say of them than what the documentation says.
    var isWorthTelling: Bool { source != "fitted" || !learned.isEmpty }
}

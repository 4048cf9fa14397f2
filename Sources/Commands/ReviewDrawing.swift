import Studio

/// How a review looks: lines for a screen of any size, with or without colour.
struct ReviewDrawing: Sendable {
    var width: Int
    var height: Int
    var paint: Paint
    /// Whether the terminal shows more than ASCII.
    var unicode: Bool

    /// Exactly `height` lines, none wider than `width` columns.
    func lines(_ session: ReviewSession) -> [String] {
        guard width >= 8, height >= 3 else {
            return (0..<max(height, 0)).map { $0 == 0 ? DisplayText.fitted(session.current?.text ?? "", width) : "" }
        }
        if session.mode == .help { return filled(help()) }
        let head = header(session)
        let foot = footer(session)
        let room = height - head.count - foot.count
        guard room >= 1 else { return Array((head.prefix(1) + list(session, room: height - 2) + foot.suffix(1)).prefix(height)) }
        return filled(head + list(session, room: room) + foot)
    }

    private func filled(_ lines: [String]) -> [String] {
        Array((lines + Array(repeating: "", count: max(0, height - lines.count))).prefix(height))
    }

    private var rule: String { paint.dim(String(repeating: unicode ? "─" : "-", count: width)) }

    // MARK: Header

    private func header(_ session: ReviewSession) -> [String] {
        let counts =
            width >= 60
            ? "\(session.count(.approved)) approved, \(session.count(.rejected)) rejected, \(session.count(.pending)) left"
            : "\(session.count(.approved))+ \(session.count(.rejected))- \(session.count(.pending))?"
        let space = width - DisplayText.width(of: counts) - 1
        guard space >= 4 else { return [DisplayText.fitted(counts, width)] }
        let line = paint.bold(DisplayText.padded(DisplayText.harmless(session.title), space)) + " " + counts
        return height >= 8 ? [line, rule] : [line]
    }

    // MARK: List

    private enum Line {
        case facet(String)
        case suggestion(SuggestionReport)
    }

    /// The suggestions under their facets, as many as there is room for around the selected one.
    private func list(_ session: ReviewSession, room: Int) -> [String] {
        guard !session.suggestions.isEmpty else {
            let empty = "Nothing is suggested for this picture. Press + to add a tag of your own, q to leave."
            return Array((DisplayText.wrapped(empty, width) + Array(repeating: "", count: room)).prefix(room))
        }
        var lines: [Line] = []
        var facet = ""
        for suggestion in session.suggestions {
            if suggestion.facet != facet, height >= 12 { lines.append(.facet(suggestion.facet)) }
            facet = suggestion.facet
            lines.append(.suggestion(suggestion))
        }
        let selected = lines.firstIndex { if case .suggestion(let one) = $0 { one.id == session.selected } else { false } } ?? 0
        // The selected one in the middle, but no empty lines while there are others to show.
        let first = max(0, min(selected - room / 2, lines.count - room))
        let shown = lines[first..<min(lines.count, first + room)]
        let drawn: [String] = shown.enumerated().map { offset, line in
            switch line {
            case .facet(let name): paint.dim(DisplayText.fitted(name, width))
            case .suggestion(let suggestion):
                row(suggestion, isSelected: suggestion.id == session.selected, more: more(offset, of: shown.count, first, lines.count))
            }
        }
        return drawn + Array(repeating: "", count: room - drawn.count)
    }

    /// A mark at the edge where the list goes on.
    private func more(_ offset: Int, of count: Int, _ first: Int, _ all: Int) -> String {
        if offset == 0, first > 0 { return unicode ? "↑" : "^" }
        if offset == count - 1, first + count < all { return unicode ? "↓" : "v" }
        return " "
    }

    private func row(_ suggestion: SuggestionReport, isSelected: Bool, more: String) -> String {
        let cursor = isSelected ? (unicode ? "▸" : ">") : " "
        let confidence = suggestion.source == .added ? "added" : CommandText.percent(suggestion.confidence)
        var right = width >= 30 ? leftPadded(confidence, 5) : ""
        if width >= 60 { right += "  " + bar(suggestion) }
        right += " " + more
        let left = " \(cursor) \(mark(suggestion.state)) \(DisplayText.harmless(label(suggestion)))"
        let columns = width - DisplayText.width(of: right)
        let text = DisplayText.padded(left, columns)
        if isSelected { return paint.reversed(text + right) }
        switch suggestion.state {
        case .approved: return paint.green(text) + right
        case .rejected: return paint.dim(text + right)
        case .pending: return text + right
        }
    }

    private func label(_ suggestion: SuggestionReport) -> String {
        var label = suggestion.described ?? suggestion.tag
        if let edited = suggestion.editedText { label += unicode ? " → \(edited)" : " -> \(edited)" }
        if suggestion.weight != 1 { label += " (x\(ReviewSession.number(suggestion.weight)))" }
        return label
    }

    private func mark(_ state: SuggestionReport.State) -> String {
        switch state {
        case .pending: unicode ? "·" : "."
        case .approved: unicode ? "✓" : "+"
        case .rejected: unicode ? "✗" : "x"
        }
    }

    private func bar(_ suggestion: SuggestionReport) -> String {
        guard suggestion.source != .added else { return String(repeating: " ", count: 10) }
        let full = suggestion.confidence.isFinite ? Int((min(max(suggestion.confidence, 0), 1) * 10).rounded()) : 0
        return String(repeating: unicode ? "█" : "#", count: full) + String(repeating: unicode ? "░" : ".", count: 10 - full)
    }

    private func leftPadded(_ text: String, _ columns: Int) -> String {
        String(repeating: " ", count: max(0, columns - DisplayText.width(of: text))) + text
    }

    // MARK: Footer

    private func footer(_ session: ReviewSession) -> [String] {
        var lines: [String] = []
        if height >= 8 { lines.append(rule) }
        if height >= 14, let current = session.current { lines.append(DisplayText.fitted(detail(current), width)) }
        if height >= 10 {
            let prompt = "prompt: " + (session.prompt.isEmpty ? "(nothing approved yet)" : DisplayText.harmless(session.prompt))
            let wrapped = DisplayText.wrapped(prompt, width)
            let most = height >= 16 ? 2 : 1
            lines += wrapped.prefix(most - 1)
            let rest = wrapped.dropFirst(most - 1).joined(separator: " ")
            lines.append(paint.cyan(DisplayText.fitted(rest, width)))
            if wrapped.count < most { lines.append("") }
        }
        if !session.message.isEmpty {
            lines.append(paint.yellow(DisplayText.fitted(DisplayText.harmless(session.message), width)))
        } else if height >= 10 {
            lines.append("")
        }
        lines.append(lastLine(session))
        return lines
    }

    private func lastLine(_ session: ReviewSession) -> String {
        if case .typing(let entry, let text) = session.mode {
            let label = "\(entry.label): "
            let space = width - DisplayText.width(of: label) - 1
            guard space >= 4 else { return tail(DisplayText.harmless(text), width - 1) + paint.reversed(" ") }
            return paint.bold(label) + tail(DisplayText.harmless(text), space) + paint.reversed(" ")
        }
        let keys =
            width >= 78
            ? "a approve  r reject  e edit  w weight  + add  u undo  n/p move  ? help  q quit"
            : width >= 50 ? "a/r decide  e edit  w weight  + add  u undo  ? q" : "a r e w + u n p ? q"
        return paint.dim(DisplayText.fitted(keys, width))
    }

    /// The end of a text that does not fit: where a person types.
    private func tail(_ text: String, _ columns: Int) -> String {
        var result = text
        while DisplayText.width(of: result) > columns, !result.isEmpty { result.removeFirst() }
        return result
    }

    private func detail(_ suggestion: SuggestionReport) -> String {
        let numbers = [
            suggestion.cosine.map { "cosine \(CommandText.fixed($0, 4))" }, suggestion.rank.map { "place \($0) among all" },
        ].compactMap { $0 }
        let origin =
            switch suggestion.source {
            case .ranked: "found by its likeness to the picture"
            case .measured: "measured in the pixels"
            case .head: "recognised by the encoder"
            case .recovered: "read in the file"
            case .added: "added by hand"
            case .tagger: "named by the tagger"
            }
        var parts = [suggestion.facet, origin + (numbers.isEmpty ? "" : " (\(numbers.joined(separator: ", ")))")]
        if let person = suggestion.decidedBy { parts.append("\(suggestion.state.rawValue) by \(DisplayText.harmless(person))") }
        if !suggestion.aliases.isEmpty { parts.append("also " + DisplayText.harmless(suggestion.aliases.joined(separator: ", "))) }
        return parts.joined(separator: unicode ? " · " : ", ")
    }

    private func help() -> [String] {
        let keys = [
            ("a", "approve it, go to the next"), ("r", "reject it: it is not suggested again"), ("e", "edit its text, approve it"),
            ("w", "give it a weight, approve it"), ("+", "add a tag; \"style: ink\" puts it under a facet"),
            ("u", "undo the last decision"),
            ("x", "take its decision back"), ("A", "approve all that are as sure as this one"), ("n p, arrows", "move"),
            ("N", "next picture"), ("q, Esc", "quit; everything is kept"),
        ]
        let column = min(13, width / 3)
        var lines = [paint.bold("Keys"), ""]
        lines += keys.map { key, meaning in DisplayText.fitted("  " + DisplayText.padded(key, column) + meaning, width) }
        lines += ["", paint.dim(DisplayText.fitted("any key goes back", width))]
        return lines
    }
}

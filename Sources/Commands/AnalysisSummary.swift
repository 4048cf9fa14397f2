import Studio

/// What is the same for most of many pictures, told once below them: what to keep out, other models and the way to each.
struct AnalysisSummary {
    /// Values in the order in which they were met, and for how many pictures each counts.
    private struct Tally {
        private(set) var values: [(value: String, count: Int)] = []

        mutating func add(_ value: String) {
            if let index = values.firstIndex(where: { $0.value == value }) {
                values[index].count += 1
            } else if values.count < AnalysisSummary.distinctValues {
                values.append((value, 1))
            }
        }

        /// The commonest first; of equally common ones the one that was met first.
        var sorted: [(value: String, count: Int)] {
            values.enumerated().sorted { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }.map(\.element)
        }
    }

    /// There are a few of each; a folder of a hundred thousand pictures takes no more memory than that.
    private static let distinctValues = 100
    private static let namedNegatives = 3
    private static let namedModels = 2

    private var pictures = 0
    private var hasPending = false
    private var hasRecovered = false
    private var negatives = Tally()
    private var models = Tally()
    private var confidences: String?

    mutating func add(_ report: AnalysisReport) {
        pictures += 1
        if report.suggestions.contains(where: { $0.state == .pending }) { hasPending = true }
        if report.recovered != nil { hasRecovered = true }
        negatives.add(report.prompt.negative)
        if let model = report.model {
            if let howToGet = model.howToGet { models.add("\(model.name): \(howToGet)") }
            for other in model.runnersUp {
                models.add(other.installed ? other.name : "\(other.name): \(other.howToGet ?? "not installed")")
            }
        }
        if confidences == nil, let confidence = report.confidence, confidence.isWorthTelling { confidences = confidence.explanation }
    }

    /// Empty where nothing was said of any picture.
    ///
    /// - Parameter next: whether it ends with what to do next, for the library in that folder.
    func text(_ terminal: Terminal, next: (isSaid: Bool, library: String?)) -> String {
        guard pictures > 0 else { return "" }
        let layout = LabelledText(terminal)
        var lines = ["", layout.paint.bold("For \(pictures == 1 ? "this picture" : "these \(pictures) pictures")")]
        let told = negatives.sorted
        for (negative, count) in told.prefix(Self.namedNegatives) {
            let share = count == pictures ? "" : "  (\(CommandText.count(count, "picture")))"
            lines += layout.lines("negative", negative + share)
        }
        if told.count > Self.namedNegatives { lines += layout.lines("", "and others") }
        let others = models.sorted
        for (index, model) in others.prefix(Self.namedModels).enumerated() {
            lines += layout.lines(index == 0 ? "or" : "", model.value)
        }
        if others.count > Self.namedModels {
            lines += layout.lines("", "and \(CommandText.count(others.count - Self.namedModels, "other")) (redraw models list)")
        }
        if let confidences { lines += layout.lines("confidences", confidences) }
        if hasRecovered {
            lines += layout.lines(
                "recovered", "\(AnalysisText.recoveredMeans); redraw prompt PICTURE --recovered takes them over")
        }
        lines += layout.lines("more", "analyze one picture to see all that is said of it, or use --details")
        if next.isSaid, hasPending {
            lines += ["", "Next: \(DisplayText.harmless("redraw review\(AnalysisText.option(library: next.library))"))"]
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

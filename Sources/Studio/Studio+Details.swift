import Catalog
import Engines
import Foundation
import Screening
import Synchronization
import Vocabulary

/// A decision as a page sends it.
package struct DecisionWish: Codable, Sendable {
    package var action: String
    package var tag: String
    package var text: String?
    package var weight: Double?
    package var facet: String?

    package static let actions = ["approve", "reject", "reset", "edit", "weigh", "add"]
}

extension Studio {
    /// All that is known of a picture.
    ///
    /// - Parameter model: the one that the prompt is composed for; nil: the one that was suggested, or the default.
    package func pictureDetail(_ id: Int64, model: String? = nil) throws -> PictureDetail {
        let library = try premises.library()
        let summary = try picture(id)
        let analysis = try library.latestAnalysis(of: id)
        let entry: AnalysisReport.ModelEntry? = try analysis?.model?.decoded()
        return PictureDetail(
            summary: summary, encoder: analysis.map { .init(name: $0.encoder.name, sha256: $0.encoder.sha256) },
            vocabulary: analysis.map { .init(name: $0.vocabulary.name, sha256: $0.vocabulary.sha256, count: $0.vocabulary.count) },
            confidence: try analysis.flatMap { try ConfidenceEntry($0) }?.explanation,
            suggestions: try library.suggestions(of: id).map(SuggestionReport.init), dropped: try analysis?.dropped?.decoded() ?? [],
            suggested: analysis.map { .init(positive: $0.positive, negative: $0.negative) }, model: entry.map(modelDetail),
            size: try analysis?.size?.decoded(), recovered: try library.latestRecovery(of: id)?.recovered?.decoded(),
            prompts: try library.prompts(of: id).map(PromptReport.init), compose: try composed(id, model: model))
    }

    private func modelDetail(_ entry: AnalysisReport.ModelEntry) -> AnalysisReport.ModelEntry {
        // What was missing when the picture was analysed may be here by now.
        AnalysisReport.ModelEntry(
            name: entry.name, reason: entry.reason, installed: howToGet(entry.name) == nil, howToGet: howToGet(entry.name),
            runnersUp: entry.runnersUp.map {
                .init(name: $0.name, score: $0.score, installed: howToGet($0.name) == nil, howToGet: howToGet($0.name))
            })
    }

    /// How a model that is known but not here is installed; nil for one that is here.
    package func howToGet(_ name: String) -> String? {
        let catalog = premises.catalog()
        guard let manifest = catalog.model(named: name) else { return "no manifest describes it any more" }
        guard !catalog.isInstalled(manifest) else { return nil }
        return manifest.howToGet
    }

    /// From which strength to which a model's redrawing is advised: as its manifest says, else as is usual; nil for what does not draw.
    package func advisedStrength(ofModel name: String) -> [Double]? {
        guard let manifest = premises.catalog().model(named: name), manifest.kind == .generator else { return nil }
        return manifest.defaults?.advisedStrength ?? [GenerationWish.advisedStrength.lowerBound, GenerationWish.advisedStrength.upperBound]
    }

    /// The sizes that a model draws well; nil for what does not draw.
    package func sizes(ofModel name: String) -> SizesReport? {
        guard let rule = premises.catalog().model(named: name)?.sizeRule else { return nil }
        let sizes = rule.sizes
        let sides = sizes.flatMap { [$0.width, $0.height] }
        let multiple =
            switch rule {
            case .grid(_, _, _, let multiple): multiple
            case .buckets: 8
            }
        return SizesReport(
            multiple: multiple, min: sides.min() ?? 0, max: sides.max() ?? 0,
            native: sizes.map { .init(width: $0.width, height: $0.height) })
    }

    /// The same in words: "512x512 and others of about that area, sides from 256 to 1024 in steps of 64".
    package func sizesInWords(ofModel name: String) -> String? {
        guard let rule = premises.catalog().model(named: name)?.sizeRule else { return nil }
        switch rule {
        case .grid(_, let minimum, let maximum, let multiple):
            return "\(rule.base) and others of about that area, sides from \(minimum) to \(maximum) in steps of \(multiple)"
        case .buckets: return "\(rule.base) and the \(rule.sizes.count - 1) other sizes that it was trained at"
        }
    }

    /// The words about quality that Redraw puts into a model's prompts, and what it keeps out by its authors' word; empty where there are none.
    package func qualityWords(ofModel name: String) -> (wanted: String, unwanted: String) {
        let habit = premises.catalog().model(named: name)?.prompt
        return ([habit?.before, habit?.after].compactMap { $0 }.filter { !$0.isEmpty }.joined(separator: " … "), habit?.negative ?? "")
    }

    /// Takes decisions together: all of them, or none where one is refused.
    ///
    /// - Throws: `OrderError.unknown` for an action that there is not; `LibraryError`; ``ScreeningDeskError/noSuchFacet(_:)``.
    package func decide(_ wishes: [DecisionWish], on picture: Int64, by person: String, model: String? = nil) throws -> ScreeningReport {
        let desk = try desk()
        let decisions = try wishes.map { try decision($0, desk) }
        return try report(desk.decide(decisions, on: picture, by: person).suggestions, of: picture, model: model)
    }

    /// Approves every pending suggestion at or above a confidence.
    package func approve(above confidence: Double, on picture: Int64, by person: String, model: String? = nil) throws -> ScreeningReport {
        try report(desk().decide([.approveAbove(confidence)], on: picture, by: person).suggestions, of: picture, model: model)
    }

    /// Takes back the last decisions.
    package func undo(on picture: Int64, by person: String, model: String? = nil) throws -> ScreeningReport {
        try report(desk().undo(on: picture, by: person).suggestions, of: picture, model: model)
    }

    private func report(_ suggestions: [SuggestionReport], of picture: Int64, model: String?) throws -> ScreeningReport {
        let summary = try self.picture(picture)
        func count(_ state: SuggestionReport.State) -> Int { suggestions.count { $0.state == state } }
        return ScreeningReport(
            suggestions: suggestions, counts: .init(approved: count(.approved), rejected: count(.rejected), pending: count(.pending)),
            compose: try composed(picture, model: model), lastDecision: summary.lastDecision, lastPrompt: summary.lastPrompt)
    }

    private func decision(_ wish: DecisionWish, _ desk: ScreeningDesk) throws -> ScreeningDecision {
        switch wish.action {
        case "approve": return .approve(tag: wish.tag)
        case "reject": return .reject(tag: wish.tag)
        case "reset": return .reset(tag: wish.tag)
        case "edit":
            guard let text = wish.text else { throw LibraryError.invalid(field: "text", value: "null", rule: "an edit needs one") }
            return .edit(tag: wish.tag, to: text)
        case "weigh":
            guard let weight = wish.weight else { throw LibraryError.invalid(field: "weight", value: "null", rule: "weighing needs one") }
            return .weigh(tag: wish.tag, weight)
        case "add":
            guard let facet = wish.facet else { return try desk.addition(wish.tag) }
            guard let known = Facet(spelling: facet) else { throw ScreeningDeskError.noSuchFacet(facet) }
            return .add(tag: wish.tag, facet: known.rawValue)
        default: throw OrderError.unknown(what: "action", value: wish.action, known: DecisionWish.actions)
        }
    }

    /// Keeps a prompt that was written by hand; what is nil stays as it is.
    package func write(positive: String?, negative: String?, for picture: Int64) throws -> PromptReport {
        let desk = try desk()
        return try desk.write(positive: positive, negative: negative, for: desk.picture(id: picture))
    }

    /// Makes the prompt that was found in the picture's file the next version.
    package func adoptRecovered(for picture: Int64) throws -> PromptReport {
        let desk = try desk()
        return try desk.adoptRecovered(for: desk.picture(id: picture))
    }

    /// What happened, the latest first, to one picture or to all; files are told by their names alone.
    package func history(of picture: Int64? = nil, limit: Int = 50) throws -> [HistoryReport] {
        let text = discreetText()
        return try premises.library().history(of: picture, limit: limit).map {
            HistoryReport($0, naming: Studio.plainName, telling: text.plain)
        }
    }

    /// The whole library, or a picture with all that belongs to it, as JSON that another library takes in, without the folders of this
    /// machine: piece by piece as it is asked for.
    ///
    /// - Throws: `LibraryError.noSuchPicture` before there is a piece.
    package func exportText(of picture: Int64? = nil) throws -> AsyncThrowingStream<Data, any Error> {
        let pieces = Mutex(try premises.library().exportPieces(pictures: picture.map { [$0] }, isWithoutFolders: true, reading: .studio))
        return AsyncThrowingStream(unfolding: {
            try await NumericQueue.shared.run { try pieces.withLock { try $0.next() } }
        })
    }

    /// Who decides, for the record: the name of the account that runs the program.
    package static func person(_ environment: [String: String] = ProcessInfo.processInfo.environment) -> String {
        [environment["USER"], environment["LOGNAME"]].compactMap { $0 }.first { !$0.isEmpty } ?? "me"
    }
}

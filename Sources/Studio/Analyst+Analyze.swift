import Analysis
import Encoders
import Engines
import Foundation
import Pixels
import Screening
import Vocabulary

extension Analyst {
    /// Looks at a picture, and keeps what was said in the library. What was decided before stays as it was.
    ///
    /// - Parameters:
    ///   - composition: whether the text tower chooses the prompt.
    ///   - progress: told the share of the vocabulary embedded, from 0 to 1, the first time a vocabulary is used.
    package func analyze(
        _ file: PictureFile, composition: PromptComposition = .fast, progress: @Sendable (Double) -> Void = { _ in }
    ) async throws -> AnalysisReport {
        let clock = ContinuousClock()
        let encoder = try encoder()
        // The picture and the towers need nothing of the vocabulary and the library: on two cores they are ready by then.
        let shortSide = try decodeShortSide()
        async let looking = Analyst.look(at: file, shortSide: shortSide, with: encoder, composition: composition)
        let analyzer = try analyzer(progress: progress)
        let begin = clock.now
        _ = try library()
        let (decoded, look) = try await looking
        return try analyze(decoded, look, of: file, analyzer: analyzer, composition: composition, before: begin.duration(to: clock.now))
    }

    /// Says what a look at a decoded picture tells, and keeps it.
    ///
    /// - Parameter before: how long it took to have the picture decoded and looked at.
    func analyze(
        _ decoded: DecodedImage, _ look: Analyzer.Look, of file: PictureFile, analyzer: Analyzer, composition: PromptComposition,
        before: Duration
    ) throws -> AnalysisReport {
        let image = decoded.image
        let clock = ContinuousClock()
        let begin = clock.now
        let (encoder, vocabulary, library) = (try encoder(), try vocabulary(), try library())
        var rejected: Set<String> = []
        let own = try library.picture(sha256: file.sha256)
        let changed = own == nil ? try library.changed(file, decoded) : nil
        let known = own ?? changed
        if let known {
            rejected = Set(try library.suggestions(of: known.id).filter { $0.state == .rejected }.map(\.tag))
        }
        try Task.checkCancellation()
        let learned = try learnedThresholds()
        let result = try analyzer.analyze(
            look, image, originalSize: (file.width, file.height), excluding: rejected, learned: learned,
            composition: composition.mode)
        // Before the encoder's own analysis, which stays the latest: a model and a size are its to say.
        let tagged = try tag(image, file, excluding: rejected, vocabulary, library)
        let dropped = (result.dropped + tagged.dropped).sorted { ($1.confidence, $0.tag) < ($0.confidence, $1.tag) }
        let recovery = file.recovery { caption in
            guard let known else { return false }
            return (try? library.wrote(caption: caption, of: known.id)) ?? false
        }
        var record = file.record
        record.pixels = file.pixelDigest(decoded)
        let recovered = recovery.prompts.first
        let seconds = (before + begin.duration(to: clock.now)).inSeconds
        let identity = encoder.identity
        let (_, recorded) = try library.record(
            record,
            analysis: NewAnalysis(
                encoder: identity,
                vocabulary: VocabularyIdentity(name: vocabulary.name, sha256: vocabulary.digest, count: vocabulary.tags.count),
                seconds: seconds, suggestions: result.suggestions.map { $0.forLibrary }, positive: result.prompt.positive,
                negative: result.prompt.negative, model: try result.model.map { try JSON.text(AnalysisReport.ModelEntry($0)) },
                size: try result.size.map { try JSON.text(AnalysisReport.SizeEntry($0)) }, recovered: try recovered.map(JSON.text),
                dropped: try JSON.text(dropped.prefix(AnalysisReport.droppedLimit).map(AnalysisReport.DroppedEntry.init)),
                wording: analyzer.wording, composition: try JSON.text(CompositionEntry(result.composition, result.relations)),
                calibration: try JSON.text(ConfidenceEntry(analyzer.scale, learned)),
                things: try JSON.text(result.things.map(AnalysisReport.ThingEntry.init))),
            embedding: NewEmbedding(encoder: identity, halves: look.whole.embedding.halves))
        return try report(
            of: file.path, sha256: file.sha256, size: (file.width, file.height), recorded.analysis, recorded.suggestions,
            notes: recovery.notes, knownAs: changed?.saidOfChangedFile, tagger: tagged.entry, reused: false)
    }

    /// What the library keeps of an analysis, in the shape that scripts read.
    ///
    /// - Parameter knownAs: what is to be said of the file, where its pixels told which picture it is.
    func report(
        _ path: String, _ picture: PictureRecord, _ analysis: AnalysisRecord, knownAs: String? = nil
    ) throws -> AnalysisReport {
        try report(
            of: path, sha256: picture.sha256, size: (picture.width, picture.height), analysis, library().suggestions(of: picture.id),
            knownAs: knownAs, reused: true)
    }

    private func report(
        of path: String, sha256: String, size: (width: Int, height: Int), _ analysis: AnalysisRecord, _ suggestions: [Suggestion],
        notes: [String] = [], knownAs: String? = nil, tagger: TaggerEntry? = nil, reused: Bool
    ) throws -> AnalysisReport {
        let composition = try CompositionEntry(analysis)
        return AnalysisReport(
            picture: .init(path: path, sha256: sha256, width: size.width, height: size.height),
            encoder: .init(name: analysis.encoder.name, sha256: analysis.encoder.sha256),
            vocabulary: .init(name: analysis.vocabulary.name, sha256: analysis.vocabulary.sha256, count: analysis.vocabulary.count),
            suggestions: suggestions.map(SuggestionReport.init),
            dropped: try analysis.dropped?.decoded() ?? [],
            prompt: .init(
                positive: analysis.positive, negative: analysis.negative, tokens: try encoder().tokenCount(analysis.positive),
                forms: .init(
                    suggestions, composition?.told ?? [],
                    UnscreenedPrompt(vocabulary: try vocabulary(), judgement: try encoder().forAnalysis.judgement)),
                composition: composition),
            things: try analysis.things?.decoded() ?? [], confidence: try ConfidenceEntry(analysis), model: try analysis.model?.decoded(),
            size: try analysis.size?.decoded(), recovered: try analysis.recovered?.decoded(), notes: notes,
            knownAs: knownAs, tagger: tagger, seconds: analysis.seconds, reused: reused)
    }
}

extension Analyst {
    /// Decodes the picture and looks at it, while the text tower is loaded where it will be needed: all of it off the cooperative pool.
    private static func look(
        at file: PictureFile, shortSide: Int, with encoder: any PictureTextEncoder, composition: PromptComposition
    ) async throws -> (DecodedImage, Analyzer.Look) {
        async let loading: Void = NumericQueue.shared.run { try encoder.load(texts: composition == .full) }
        let decoded = try await NumericQueue.shared.run { try file.decoded(targetShortSide: shortSide) }
        try await loading
        let look = try await NumericQueue.shared.run { try Analyzer.Look(at: decoded.image, with: encoder.forAnalysis) }
        return (decoded, look)
    }
}

extension Suggested {
    var forLibrary: Suggestion {
        let origin: SuggestionSource =
            switch source {
            case .ranked: .ranked
            case .measured: .measured
            case .head, .seen: .head
            case .tagger: .tagger
            }
        return Suggestion(
            tag: tag, aliases: entry.aliases, facet: facet.rawValue, cosine: cosine.map(Double.init),
            confidence: Double(confidence), rank: rank, source: origin, described: described)
    }
}

extension AnalysisReport.DroppedEntry {
    fileprivate init(_ dropped: Dropped) {
        self.init(
            tag: dropped.tag, facet: dropped.facet.rawValue, confidence: Double(dropped.confidence), reason: "\(dropped.reason)")
    }
}

extension AnalysisReport.Forms {
    /// Of what nobody rejected.
    fileprivate init(_ suggestions: [Suggestion], _ relations: [ThingRelation], _ prompt: UnscreenedPrompt) {
        let ranked = suggestions.filter { $0.state != .rejected && $0.source != .tagger }.sorted {
            ($0.rank ?? .max, $0.id) < ($1.rank ?? .max, $1.id)
        }
        func facet(_ suggestion: Suggestion) -> Facet { Facet(rawValue: suggestion.facet) ?? .subject }
        let used = prompt.chosen(
            from: ranked, tag: \.tag, facet: facet, confidence: { Float($0.confidence) }, isApproved: { $0.state == .approved })
        let tags = used.map {
            ApprovedTag(text: $0.text, facet: facet($0), weight: $0.weight, tag: $0.tag, relations: relations)
        }
        self.init(tags: PromptComposer.tags(tags), sentence: PromptComposer.sentence(tags))
    }
}

extension AnalysisReport.ModelEntry {
    fileprivate init(_ choice: ModelChoice) {
        self.init(
            name: choice.name, reason: choice.reason, installed: choice.installed, howToGet: choice.howToGet,
            runnersUp: choice.runnersUp.map {
                .init(name: $0.name, score: $0.score, installed: $0.installed, howToGet: $0.howToGet)
            })
    }
}

extension AnalysisReport.SizeEntry {
    fileprivate init(_ choice: SizeChoice) {
        self.init(width: choice.width, height: choice.height, reason: choice.reason)
    }
}

extension AnalysisReport.ThingEntry {
    init(_ thing: SeenThing) {
        self.init(
            name: thing.name, certainty: Double(thing.certainty), left: Double(thing.box.left), top: Double(thing.box.top),
            right: Double(thing.box.right), bottom: Double(thing.box.bottom), colour: thing.colour)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

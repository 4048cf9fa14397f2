import Analysis
import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

extension Studio {
    /// Looks at a picture, and keeps what was said in the library. What was decided before stays as it was.
    ///
    /// - Parameter progress: told the share of the vocabulary embedded, from 0 to 1, the first time a vocabulary is used.
    public func analyze(_ file: PictureFile, progress: @Sendable (Double) -> Void = { _ in }) async throws -> AnalysisReport {
        let clock = ContinuousClock()
        let encoder = try encoder()
        // The picture and the image tower need nothing of the vocabulary and the library: on two cores they are ready by then.
        async let decoding = Studio.decoded(file, shortSide: encoder.configuration.image.imageSize)
        async let loading: Void = Studio.loadImageTower(of: encoder)
        let analyzer = try analyzer(progress: progress)
        let begin = clock.now
        _ = try library()
        let image = try await decoding
        try await loading
        return try analyze(image, of: file, analyzer: analyzer, before: begin.duration(to: clock.now))
    }

    /// Looks at a decoded picture, and keeps what was said.
    ///
    /// - Parameter before: how long it took to have the picture decoded.
    func analyze(_ image: Image, of file: PictureFile, analyzer: Analyzer, before: Duration) throws -> AnalysisReport {
        let clock = ContinuousClock()
        let begin = clock.now
        let (encoder, vocabulary, library) = (try encoder(), try vocabulary(), try library())
        var rejected: Set<String> = []
        if let known = try library.picture(sha256: file.sha256) {
            rejected = Set(try library.suggestions(of: known.id).filter { $0.state == .rejected }.map(\.tag))
        }
        try Task.checkCancellation()
        let seen = try encoder.observe(image)
        let result = analyzer.analyze(image, seen: seen, originalSize: (file.width, file.height), excluding: rejected)
        let recovered = file.recovery().prompts.first
        let seconds = (before + begin.duration(to: clock.now)).inSeconds
        let identity = EncoderIdentity(name: encoder.name, sha256: encoder.digest)
        let (_, recorded) = try library.record(
            file.record,
            analysis: NewAnalysis(
                encoder: identity,
                vocabulary: VocabularyIdentity(name: vocabulary.name, sha256: vocabulary.digest, count: vocabulary.tags.count),
                seconds: seconds, suggestions: result.suggestions.map { $0.forLibrary(vocabulary) }, positive: result.prompt.positive,
                negative: result.prompt.negative, model: try result.model.map { try JSON.text(AnalysisReport.ModelEntry($0)) },
                size: try result.size.map { try JSON.text(AnalysisReport.SizeEntry($0)) }, recovered: try recovered.map(JSON.text),
                dropped: try JSON.text(result.dropped.prefix(AnalysisReport.droppedLimit).map(AnalysisReport.DroppedEntry.init)),
                wording: analyzer.wording),
            embedding: NewEmbedding(encoder: identity, halves: seen.embedding.halves))
        return try report(
            of: file.path, sha256: file.sha256, size: (file.width, file.height), recorded.analysis, recorded.suggestions, reused: false)
    }

    /// What the library keeps of an analysis, in the shape that scripts read.
    func report(_ path: String, _ picture: PictureRecord, _ analysis: AnalysisRecord) throws -> AnalysisReport {
        try report(
            of: path, sha256: picture.sha256, size: (picture.width, picture.height), analysis, library().suggestions(of: picture.id),
            reused: true)
    }

    private func report(
        of path: String, sha256: String, size: (width: Int, height: Int), _ analysis: AnalysisRecord, _ suggestions: [Suggestion],
        reused: Bool
    ) throws -> AnalysisReport {
        AnalysisReport(
            picture: .init(path: path, sha256: sha256, width: size.width, height: size.height),
            encoder: .init(name: analysis.encoder.name, sha256: analysis.encoder.sha256),
            vocabulary: .init(name: analysis.vocabulary.name, sha256: analysis.vocabulary.sha256, count: analysis.vocabulary.count),
            suggestions: suggestions.map(AnalysisReport.SuggestionEntry.init),
            dropped: JSON.value(analysis.dropped) ?? [],
            prompt: .init(
                positive: analysis.positive, negative: analysis.negative, tokens: try encoder().tokenCount(analysis.positive)),
            model: JSON.value(analysis.model), size: JSON.value(analysis.size), recovered: JSON.value(analysis.recovered),
            seconds: analysis.seconds, reused: reused)
    }

    static func decoded(_ file: PictureFile, shortSide: Int) async throws -> Image {
        try file.decoded(targetShortSide: shortSide).image
    }

    private static func loadImageTower(of encoder: DefaultEncoder) async throws {
        _ = try encoder.imageTower()
    }
}

extension Suggested {
    fileprivate func forLibrary(_ vocabulary: TagVocabulary) -> NewSuggestion {
        let origin: SuggestionSource =
            switch source {
            case .ranked: .ranked
            case .measured: .measured
            case .head: .head
            }
        return NewSuggestion(
            tag: tag, aliases: vocabulary.tag(named: tag)?.aliases ?? [], facet: facet.rawValue, cosine: cosine.map(Double.init),
            confidence: Double(confidence), rank: rank, source: origin)
    }
}

extension AnalysisReport.DroppedEntry {
    fileprivate init(_ dropped: Dropped) {
        self.init(
            tag: dropped.tag, facet: dropped.facet.rawValue, confidence: Double(dropped.confidence), reason: "\(dropped.reason)")
    }
}

extension AnalysisReport.ModelEntry {
    fileprivate init(_ choice: ModelChoice) {
        self.init(
            name: choice.name, reason: choice.reason, installed: choice.installed,
            runnersUp: choice.runnersUp.map { .init(name: $0.name, score: $0.score, installed: $0.installed) })
    }
}

extension AnalysisReport.SizeEntry {
    fileprivate init(_ choice: SizeChoice) {
        self.init(width: choice.width, height: choice.height, reason: choice.reason)
    }
}

extension AnalysisReport.SuggestionEntry {
    fileprivate init(_ suggestion: Suggestion) {
        self.init(
            id: suggestion.id, tag: suggestion.tag, facet: suggestion.facet, cosine: suggestion.cosine, confidence: suggestion.confidence,
            rank: suggestion.rank, state: suggestion.state, source: suggestion.source)
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

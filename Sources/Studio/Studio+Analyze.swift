import Analysis
import Encoders
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
        let vocabulary = try vocabulary()
        let library = try library()
        let image = try await decoding
        try await loading
        let picture = try library.record(file.record)
        let rejected = Set(try library.suggestions(of: picture.id).filter { $0.state == .rejected }.map(\.tag))
        try Task.checkCancellation()
        let result = try analyzer.analyze(image, originalSize: (file.width, file.height), excluding: rejected)
        let seconds = (clock.now - begin).inSeconds
        let dropped = result.dropped.prefix(AnalysisReport.droppedLimit).map {
            AnalysisReport.DroppedEntry(
                tag: $0.tag, facet: $0.facet.rawValue, confidence: Double($0.confidence), reason: "\($0.reason)")
        }
        let model = result.model.map {
            AnalysisReport.ModelEntry(
                name: $0.name, reason: $0.reason, installed: $0.installed,
                runnersUp: $0.runnersUp.map { .init(name: $0.name, score: $0.score, installed: $0.installed) })
        }
        let size = result.size.map { AnalysisReport.SizeEntry(width: $0.width, height: $0.height, reason: $0.reason) }
        let identity = EncoderIdentity(name: encoder.name, sha256: encoder.digest)
        let words = VocabularyIdentity(name: vocabulary.name, sha256: vocabulary.digest, count: vocabulary.tags.count)
        let recorded = try library.record(
            NewAnalysis(
                encoder: identity, vocabulary: words, seconds: seconds,
                suggestions: result.suggestions.map { suggested in
                    NewSuggestion(
                        tag: suggested.tag, aliases: vocabulary.tag(named: suggested.tag)?.aliases ?? [], facet: suggested.facet.rawValue,
                        cosine: suggested.cosine.map(Double.init), confidence: Double(suggested.confidence), rank: suggested.rank,
                        source: suggested.source.forLibrary)
                },
                positive: result.prompt.positive, negative: result.prompt.negative, model: try model.map(JSON.text),
                size: try size.map(JSON.text), dropped: try JSON.text(dropped)),
            of: picture.id)
        return AnalysisReport(
            picture: .init(path: file.path, sha256: file.sha256, width: file.width, height: file.height),
            encoder: .init(name: identity.name, sha256: identity.sha256),
            vocabulary: .init(name: words.name, sha256: words.sha256, count: words.count),
            suggestions: recorded.suggestions.map {
                .init(
                    id: $0.id, tag: $0.tag, facet: $0.facet, cosine: $0.cosine, confidence: $0.confidence, rank: $0.rank, state: $0.state,
                    source: $0.source)
            },
            dropped: dropped,
            prompt: .init(
                positive: result.prompt.positive, negative: result.prompt.negative, tokens: try encoder.tokenCount(result.prompt.positive)),
            model: model, size: size, recovered: nil, seconds: seconds)
    }
}

extension Studio {
    private static func decoded(_ file: PictureFile, shortSide: Int) async throws -> Image {
        try file.decoded(targetShortSide: shortSide).image
    }

    private static func loadImageTower(of encoder: DefaultEncoder) async throws {
        _ = try encoder.imageTower()
    }
}

extension Suggested.Source {
    fileprivate var forLibrary: SuggestionSource {
        switch self {
        case .ranked: .ranked
        case .measured: .measured
        case .head: .head
        }
    }
}

extension Duration {
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

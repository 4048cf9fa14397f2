public import Foundation
public import Screening

/// A picture with all that is known of it, as JSON. The keys are those of `analyze`; a script may rely on them.
public struct PictureReport: Codable, Sendable {
    public struct Picture: Codable, Sendable {
        public let id: Int64
        @OrNull public internal(set) var path: String?
        public let sha256: String
        public let width: Int
        public let height: Int

        init(_ picture: PictureRecord) {
            (id, path, sha256) = (picture.id, picture.paths.first, picture.sha256)
            (width, height) = (picture.width, picture.height)
        }
    }

    public struct Vocabulary: Codable, Sendable {
        public let name: String
        public let sha256: String
        public let count: Int
    }

    public struct Encoder: Codable, Sendable {
        public let name: String
        public let sha256: String
    }

    public let picture: Picture
    @OrNull public internal(set) var encoder: Encoder?
    @OrNull public internal(set) var vocabulary: Vocabulary?
    @OrNull public internal(set) var recovered: RecoveredPrompt?
    /// The latest analysis of each encoder, the latest first.
    public let analyses: [Analysis]
    public let suggestions: [SuggestionReport]
    @OrNull public internal(set) var prompt: PromptReport?
    public let generations: [GenerationEntry]

    public init(_ picture: PictureRecord, _ desk: ScreeningDesk) throws {
        let analysis = try desk.library.latestAnalysis(of: picture.id)
        self.picture = Picture(picture)
        encoder = analysis.map { Encoder(name: $0.encoder.name, sha256: $0.encoder.sha256) }
        vocabulary = analysis.map { Vocabulary(name: $0.vocabulary.name, sha256: $0.vocabulary.sha256, count: $0.vocabulary.count) }
        recovered = try desk.recovered(for: picture)
        analyses = try Analysis.latest(of: picture, desk)
        suggestions = try desk.library.suggestions(of: picture.id).map(SuggestionReport.init)
        prompt = try desk.library.latestPrompt(of: picture.id).map(PromptReport.init)
        generations = try desk.library.generations(of: picture.id).map { try GenerationEntry($0) }
    }
}

extension PictureReport {
    /// What one encoder said of a picture, besides its suggestions.
    public struct Analysis: Codable, Sendable {
        public struct Prompt: Codable, Sendable {
            public let positive: String
            public let negative: String
            @OrNull public internal(set) var composition: CompositionEntry?
        }

        public let encoder: Encoder
        public let vocabulary: Vocabulary
        public let prompt: Prompt
        @OrNull public internal(set) var confidence: ConfidenceEntry?
        public let seconds: Double
        public let created: Date

        init(_ analysis: AnalysisRecord) throws {
            encoder = .init(name: analysis.encoder.name, sha256: analysis.encoder.sha256)
            vocabulary = .init(name: analysis.vocabulary.name, sha256: analysis.vocabulary.sha256, count: analysis.vocabulary.count)
            prompt = Prompt(positive: analysis.positive, negative: analysis.negative, composition: try CompositionEntry(analysis))
            confidence = try ConfidenceEntry(analysis)
            (seconds, created) = (analysis.seconds, analysis.createdAt)
        }

        public static func latest(of picture: PictureRecord, _ desk: ScreeningDesk) throws -> [Analysis] {
            var seen: Set<String> = []
            return try desk.library.analyses(of: picture.id).filter { seen.insert($0.encoder.name).inserted }.map { try Analysis($0) }
        }
    }
}

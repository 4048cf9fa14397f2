import Foundation
import Screening

/// A picture with all that is known of it, as JSON. The keys are those of `analyze`; a script may rely on them.
package struct PictureReport: Encodable, Sendable {
    /// Which picture it is.
    package struct Picture: Codable, Sendable {
        package let id: Int64
        @OrNull package internal(set) var path: String?
        package let sha256: String
        package let width: Int
        package let height: Int

        init(_ picture: KnownPicture) {
            (id, path, sha256) = (picture.id, picture.paths.first, picture.sha256)
            (width, height) = (picture.width, picture.height)
        }
    }

    /// From which tags it was chosen, and how many there were.
    package struct Vocabulary: Codable, Sendable {
        package let name: String
        package let sha256: String
        package let count: Int
    }

    /// Who looked.
    package struct Encoder: Codable, Sendable {
        package let name: String
        package let sha256: String
    }

    package let picture: Picture
    @OrNull package internal(set) var encoder: Encoder?
    @OrNull package internal(set) var vocabulary: Vocabulary?
    @OrNull package internal(set) var recovered: RecoveredEntry?
    /// The latest analysis of each encoder, the latest first.
    package let analyses: [Analysis]
    package let suggestions: [SuggestionReport]
    @OrNull package internal(set) var prompt: PromptReport?
    package let generations: [GenerationEntry]

    package init(_ picture: KnownPicture, _ desk: ScreeningDesk) throws {
        let analysis = try desk.library.latestAnalysis(of: picture.id)
        self.picture = Picture(picture)
        encoder = analysis.map { Encoder(name: $0.encoder.name, sha256: $0.encoder.sha256) }
        vocabulary = analysis.map { Vocabulary(name: $0.vocabulary.name, sha256: $0.vocabulary.sha256, count: $0.vocabulary.count) }
        recovered = try desk.recovered(for: picture)
        analyses = try Analysis.latest(of: picture, desk)
        suggestions = try desk.library.suggestions(of: picture.id).map(SuggestionReport.init)
        prompt = try desk.library.latestPrompt(of: picture.id).map(PromptReport.init)
        generations = try desk.library.generations(of: picture.id).map { GenerationEntry($0) }
    }
}

extension PictureReport {
    /// What one encoder said of a picture, besides its suggestions.
    package struct Analysis: Codable, Sendable {
        /// What was composed of what is likely enough.
        package struct Prompt: Codable, Sendable {
            package let positive: String
            package let negative: String
            @OrNull package internal(set) var composition: CompositionEntry?
        }

        package let encoder: Encoder
        package let vocabulary: Vocabulary
        package let prompt: Prompt
        @OrNull package internal(set) var confidence: ConfidenceEntry?
        package let seconds: Double
        package let created: Date

        init(_ analysis: AnalysisRecord) throws {
            encoder = .init(name: analysis.encoder.name, sha256: analysis.encoder.sha256)
            vocabulary = .init(name: analysis.vocabulary.name, sha256: analysis.vocabulary.sha256, count: analysis.vocabulary.count)
            prompt = Prompt(positive: analysis.positive, negative: analysis.negative, composition: try CompositionEntry(analysis))
            confidence = try ConfidenceEntry(analysis)
            (seconds, created) = (analysis.seconds, analysis.createdAt)
        }

        package static func latest(of picture: KnownPicture, _ desk: ScreeningDesk) throws -> [Analysis] {
            var seen: Set<String> = []
            return try desk.library.analyses(of: picture.id).filter { seen.insert($0.encoder.name).inserted }.map { try Analysis($0) }
        }
    }
}

import Foundation
import Studio

/// The library's desk for a command's options.
enum Desks {
    static func open(_ options: LibraryOptions) throws -> ScreeningDesk {
        try options.studio().desk()
    }
}

/// A picture with all that is known of it, as JSON. The keys are those of `analyze`; a script may rely on them.
struct ScreenedPicture: Encodable {
    struct Picture: Encodable {
        var id: Int64
        @OrNull var path: String?
        var sha256: String
        var width: Int
        var height: Int

        init(_ picture: PictureRecord) {
            (id, path, sha256) = (picture.id, picture.paths.first, picture.sha256)
            (width, height) = (picture.width, picture.height)
        }
    }

    struct Vocabulary: Encodable {
        var name: String
        var sha256: String
        var count: Int
    }

    struct Encoder: Encodable {
        var name: String
        var sha256: String
    }

    var picture: Picture
    @OrNull var encoder: Encoder?
    @OrNull var vocabulary: Vocabulary?
    @OrNull var recovered: RecoveredPrompt?
    /// The latest analysis of each encoder, the latest first.
    var analyses: [KeptAnalysis]
    var suggestions: [ScreenedSuggestion]
    @OrNull var prompt: KeptPrompt?
    var generations: [KeptGeneration]

    init(_ picture: PictureRecord, _ desk: ScreeningDesk) throws {
        let analysis = try desk.library.latestAnalysis(of: picture.id)
        self.picture = Picture(picture)
        encoder = analysis.map { Encoder(name: $0.encoder.name, sha256: $0.encoder.sha256) }
        vocabulary = analysis.map { Vocabulary(name: $0.vocabulary.name, sha256: $0.vocabulary.sha256, count: $0.vocabulary.count) }
        recovered = try desk.recovered(for: picture)
        analyses = try KeptAnalysis.latest(of: picture, desk)
        suggestions = try desk.library.suggestions(of: picture.id).map(ScreenedSuggestion.init)
        prompt = try desk.library.latestPrompt(of: picture.id).map(KeptPrompt.init)
        generations = try desk.library.generations(of: picture.id).map(KeptGeneration.init)
    }
}

/// What one encoder said of a picture, besides its suggestions.
struct KeptAnalysis: Encodable {
    struct Prompt: Encodable {
        var positive: String
        var negative: String
        @OrNull var composition: CompositionEntry?
    }

    var encoder: ScreenedPicture.Encoder
    var vocabulary: ScreenedPicture.Vocabulary
    var prompt: Prompt
    @OrNull var confidence: ConfidenceEntry?
    var seconds: Double
    var created: Date

    init(_ analysis: AnalysisRecord) {
        encoder = .init(name: analysis.encoder.name, sha256: analysis.encoder.sha256)
        vocabulary = .init(name: analysis.vocabulary.name, sha256: analysis.vocabulary.sha256, count: analysis.vocabulary.count)
        prompt = Prompt(positive: analysis.positive, negative: analysis.negative, composition: CompositionEntry(analysis))
        confidence = ConfidenceEntry(analysis)
        (seconds, created) = (analysis.seconds, analysis.createdAt)
    }

    static func latest(of picture: PictureRecord, _ desk: ScreeningDesk) throws -> [KeptAnalysis] {
        var seen: Set<String> = []
        return try desk.library.analyses(of: picture.id).filter { seen.insert($0.encoder.name).inserted }.map(KeptAnalysis.init)
    }
}

struct ScreenedSuggestion: Encodable {
    var id: Int64
    var tag: String
    var facet: String
    @OrNull var cosine: Double?
    var confidence: Double
    @OrNull var rank: Int?
    var source: String
    var state: String
    /// The edited text, where there is one.
    var text: String
    var weight: Double
    @OrNull var decidedAt: Date?
    @OrNull var decidedBy: String?

    init(_ suggestion: Suggestion) {
        (id, tag, facet, rank) = (suggestion.id, suggestion.tag, suggestion.facet, suggestion.rank)
        cosine = suggestion.cosine.map { ($0 * 10_000).rounded() / 10_000 }
        confidence = (suggestion.confidence * 10_000).rounded() / 10_000
        (source, state) = (suggestion.source.rawValue, suggestion.state.rawValue)
        (text, weight, decidedAt, decidedBy) = (suggestion.text, suggestion.weight, suggestion.decidedAt, suggestion.decidedBy)
    }
}

struct KeptPrompt: Encodable {
    var version: Int
    @OrNull var parent: Int?
    var positive: String
    var negative: String
    @OrNull var model: String?
    @OrNull var width: Int?
    @OrNull var height: Int?
    var source: String
    var created: Date

    init(_ prompt: PromptVersion) {
        (version, parent, positive, negative) = (prompt.number, prompt.parent, prompt.positive, prompt.negative)
        (model, width, height) = (prompt.model, prompt.width, prompt.height)
        (source, created) = (prompt.source.rawValue, prompt.createdAt)
    }
}

struct KeptGeneration: Encodable {
    struct Steps: Encodable {
        var requested: Int
        var run: Int
        @OrNull var firstTimestep: Double?

        private enum CodingKeys: String, CodingKey {
            case requested, run
            case firstTimestep = "first_timestep"
        }
    }

    struct Untouched: Encodable {
        var pixels: Int
        var identical: Bool
    }

    var id: Int64
    var kind: String
    var status: String
    @OrNull var message: String?
    var outputs: [String]
    var seed: UInt64
    var steps: Steps
    var model: String
    var profile: String
    var precision: String
    @OrNull var seconds: [String: Double]?
    @OrNull var untouched: Untouched?
    @OrNull var picture: Int64?
    @OrNull var prompt: Int?
    var created: Date

    init(_ generation: Generation) {
        (id, kind, status) = (generation.id, generation.kind.rawValue, generation.status.rawValue)
        message = generation.message
        outputs = generation.outputs.map(\.path)
        seed = generation.seed
        steps = Steps(requested: generation.stepsRequested, run: generation.stepsRun, firstTimestep: generation.firstTimestep)
        (model, profile, precision) = (generation.model, generation.profile, generation.precision)
        seconds = generation.seconds.flatMap { try? JSONDecoder().decode([String: Double].self, from: Data($0.utf8)) }
        untouched = generation.untouched.map { Untouched(pixels: $0.pixels, identical: $0.identical) }
        (picture, prompt, created) = (generation.pictureID, generation.promptNumber, generation.createdAt)
    }
}

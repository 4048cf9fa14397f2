import Analysis
import Screening

/// What an analysis said and what the library holds of it now, in the shape that scripts read.
public struct AnalysisReport: Codable, Sendable {
    public struct PictureEntry: Codable, Sendable {
        public let path: String
        public let sha256: String
        public let width: Int
        public let height: Int
    }
    public struct EncoderEntry: Codable, Sendable {
        public let name: String
        public let sha256: String
    }
    public struct VocabularyEntry: Codable, Sendable {
        public let name: String
        public let sha256: String
        public let count: Int
    }
    public struct SuggestionEntry: Codable, Sendable {
        public let id: Int64
        public let tag: String
        public let facet: String
        @OrNull public internal(set) var cosine: Double?
        public let confidence: Double
        @OrNull public internal(set) var rank: Int?
        public let state: Suggestion.State
        public let source: SuggestionSource
        /// What a person made of the tag; nil where it is as it was suggested.
        @OrNull public internal(set) var editedText: String?
    }
    /// One thing and where it is, in shares of the picture's width and height from the top left corner.
    public struct ThingEntry: Codable, Sendable {
        public let name: String
        public let certainty: Double
        public let left: Double
        public let top: Double
        public let right: Double
        public let bottom: Double
    }
    public struct DroppedEntry: Codable, Sendable {
        public let tag: String
        public let facet: String
        public let confidence: Double
        public let reason: String
    }
    public struct PromptEntry: Codable, Sendable {
        public let positive: String
        public let negative: String
        public let tokens: Int
        /// How near it is to the picture; nil in analyses that were made before anything told.
        @OrNull public internal(set) var composition: CompositionEntry?
    }
    public struct ModelEntry: Codable, Sendable {
        public struct RunnerUp: Codable, Sendable {
            public let name: String
            public let score: Double
            public let installed: Bool
        }
        public let name: String
        public let reason: String
        public let installed: Bool
        public let runnersUp: [RunnerUp]
    }
    public struct SizeEntry: Codable, Sendable {
        public let width: Int
        public let height: Int
        public let reason: String
    }

    /// Every tag of the vocabulary was considered; the fiftieth is of no interest to anybody.
    public static let droppedLimit = 50

    public let picture: PictureEntry
    public let encoder: EncoderEntry
    public let vocabulary: VocabularyEntry
    public let suggestions: [SuggestionEntry]
    /// What was considered and is not suggested, with the reason: the likeliest `droppedLimit`.
    public let dropped: [DroppedEntry]
    public let prompt: PromptEntry
    /// What stands where, the most certain first; empty in analyses that were made before anything told.
    public let things: [ThingEntry]
    /// What the confidences rest on; nil in analyses that were made before anything told.
    @OrNull public internal(set) var confidence: ConfidenceEntry?
    @OrNull public internal(set) var model: ModelEntry?
    @OrNull public internal(set) var size: SizeEntry?
    /// The prompt found in the picture's own file or beside it: somebody's words, no suggestion.
    @OrNull public internal(set) var recovered: RecoveredPrompt?
    /// What of the file's texts and colours was not read; of an analysis that was made just now.
    public let notes: [String]
    /// The tagger that was asked besides; its tags stand among the suggestions.
    @OrNull public internal(set) var tagger: TaggerEntry?
    public let seconds: Double
    /// Whether this is what an earlier analysis said, as the library keeps it.
    public let reused: Bool
}

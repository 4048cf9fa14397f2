public import Analysis

/// A picture with all that is known of it; no path of the machine is in it. Its keys are those of `PictureSummary` and these.
public struct PictureDetail: Encodable, Sendable {
    public struct Suggested: Codable, Sendable {
        public let positive: String
        public let negative: String
    }

    public struct Model: Codable, Sendable {
        public struct RunnerUp: Codable, Sendable {
            public let name: String
            public let score: Double
            public let installed: Bool
            @OrNull public internal(set) var howToGet: String?
        }
        public let name: String
        public let reason: String
        public let installed: Bool
        @OrNull public internal(set) var howToGet: String?
        public let runnersUp: [RunnerUp]
    }

    public let summary: PictureSummary
    public internal(set) var encoder: PictureReport.Encoder?
    public internal(set) var vocabulary: PictureReport.Vocabulary?
    /// What the confidences rest on, in words.
    public internal(set) var confidence: String?
    public let suggestions: [SuggestionReport]
    /// What was considered and is not suggested, with the reason.
    public let dropped: [AnalysisReport.DroppedEntry]
    public internal(set) var suggested: Suggested?
    public internal(set) var model: Model?
    public internal(set) var size: AnalysisReport.SizeEntry?
    public internal(set) var recovered: RecoveredPrompt?
    /// The first version first.
    public let prompts: [PromptReport]
    public let compose: ComposedReport

    enum CodingKeys: String, CodingKey {
        case encoder, vocabulary, confidence, suggestions, dropped, suggested, model, size, recovered, prompts, compose
    }

    public func encode(to encoder: any Encoder) throws {
        try summary.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(self.encoder, forKey: .encoder)
        try values.encode(vocabulary, forKey: .vocabulary)
        try values.encode(confidence, forKey: .confidence)
        try values.encode(suggestions, forKey: .suggestions)
        try values.encode(dropped, forKey: .dropped)
        try values.encode(suggested, forKey: .suggested)
        try values.encode(model, forKey: .model)
        try values.encode(size, forKey: .size)
        try values.encode(recovered, forKey: .recovered)
        try values.encode(prompts, forKey: .prompts)
        try values.encode(compose, forKey: .compose)
    }
}

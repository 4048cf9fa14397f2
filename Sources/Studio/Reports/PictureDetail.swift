/// A picture with all that is known of it; no path of the machine is in it. Its keys are those of `PictureSummary` and these.
package struct PictureDetail: Encodable, Sendable {
    /// The prompt that the latest analysis composed before anybody decided.
    package struct Suggested: Codable, Sendable {
        package let positive: String
        package let negative: String
    }

    package let summary: PictureSummary
    package internal(set) var encoder: PictureReport.Encoder?
    package internal(set) var vocabulary: PictureReport.Vocabulary?
    /// What the confidences rest on, in words.
    package internal(set) var confidence: String?
    package let suggestions: [SuggestionReport]
    /// What was considered and is not suggested, with the reason.
    package let dropped: [AnalysisReport.DroppedEntry]
    package internal(set) var suggested: Suggested?
    package internal(set) var model: AnalysisReport.ModelEntry?
    package internal(set) var size: AnalysisReport.SizeEntry?
    package internal(set) var recovered: RecoveredEntry?
    /// The first version first.
    package let prompts: [PromptReport]
    package let compose: ComposedReport

    enum CodingKeys: String, CodingKey {
        case encoder, vocabulary, confidence, suggestions, dropped, suggested, model, size, recovered, prompts, compose
    }

    package func encode(to encoder: any Encoder) throws {
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

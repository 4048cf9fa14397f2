/// How a prompt says what was approved.
package enum PromptForm: String, Codable, Sendable, CaseIterable {
    /// "a photo of a cat, sofa, window light".
    case phrase
    /// "cat, sofa, window light, photo".
    case tags
    /// "A photo of a cat and a sofa, with window light."
    case sentence
}

/// The prompt that the approved tags come to now, in every form.
package struct ComposedReport: Codable, Sendable, Equatable {
    /// How long each form is for the model.
    package struct Tokens: Codable, Sendable, Equatable {
        package let phrase: Int
        package let tags: Int
        package let sentence: Int
    }

    package let phrase: String
    package let tags: String
    package let sentence: String
    /// The one that the model wants; it has the model's words about quality.
    package let form: PromptForm
    package let negative: String
    /// For the model.
    package let tokens: Tokens
    /// How many the model sees at once; nil where it does not tell.
    @OrNull package internal(set) var limit: Int?
    /// In how many such pieces the model's own form is read.
    package let chunks: Int
    package let model: String
}

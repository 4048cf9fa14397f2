/// The prompt that the approved tags come to now, in the two forms that people need.
package struct ComposedReport: Codable, Sendable, Equatable {
    package struct Tokens: Codable, Sendable, Equatable {
        package let tags: Int
        package let sentence: Int
    }

    package let tags: String
    package let sentence: String
    package let negative: String
    /// For the model.
    package let tokens: Tokens
    /// How many the model sees at once; nil where it does not tell.
    @OrNull package internal(set) var limit: Int?
    /// In how many such pieces the tags are read.
    package let chunks: Int
    package let model: String
}

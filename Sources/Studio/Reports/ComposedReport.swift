/// The prompt that the approved tags come to now, in the two forms that people need.
public struct ComposedReport: Codable, Sendable, Equatable {
    public struct Tokens: Codable, Sendable, Equatable {
        public let tags: Int
        public let sentence: Int
    }

    public let tags: String
    public let sentence: String
    public let negative: String
    /// For the model.
    public let tokens: Tokens
    /// How many the model sees at once; nil where it does not tell.
    @OrNull public internal(set) var limit: Int?
    /// In how many such pieces the tags are read.
    public let chunks: Int
    public let model: String
}

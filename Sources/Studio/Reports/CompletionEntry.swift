/// A tag of the vocabulary that a person may mean who has begun to type.
package struct CompletionEntry: Codable, Sendable {
    package let tag: String
    package let facet: String
    package let aliases: [String]
    /// Its cosine with the picture; nil without a picture, and for what is measured and not embedded.
    @OrNull package internal(set) var nearness: Double?
    @OrNull package internal(set) var confidence: Double?
}

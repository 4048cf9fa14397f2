/// A picture of the library that looks like another.
public struct SimilarPicture: Codable, Sendable {
    public let id: Int64
    /// Where it was last seen; nil where it never had a name.
    @OrNull public internal(set) var path: String?
    public let sha256: String
    public let width: Int
    public let height: Int
    /// Of the two pictures' embeddings, from -1 to 1; 1 for the same picture.
    public let cosine: Double
    /// What was approved for it, else what was suggested.
    public let prompt: String
}

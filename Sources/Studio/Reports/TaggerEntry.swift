/// A tagger that looked at a picture, in the shape that scripts read.
public struct TaggerEntry: Codable, Sendable {
    public let name: String
    public let sha256: String
    /// Tags that it named.
    public let count: Int
    /// How explicit it finds the picture; nil where it has no such labels.
    @OrNull public internal(set) var rating: String?
}

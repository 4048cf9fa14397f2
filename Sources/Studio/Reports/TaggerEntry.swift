/// A tagger that looked at a picture, in the shape that scripts read.
package struct TaggerEntry: Codable, Sendable {
    package let name: String
    package let sha256: String
    /// Tags that it named.
    package let count: Int
    /// How explicit it finds the picture; nil where it has no such labels.
    @OrNull package internal(set) var rating: String?
}

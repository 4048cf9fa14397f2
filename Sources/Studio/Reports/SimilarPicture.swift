/// A picture of the library that looks like another.
package struct SimilarPicture: Codable, Sendable {
    package let id: Int64
    /// Where it was last seen; nil where it never had a name.
    @OrNull package internal(set) var path: String?
    package let sha256: String
    package let width: Int
    package let height: Int
    /// Of the two pictures' embeddings, from -1 to 1; 1 for the same picture.
    package let cosine: Double
    /// What was approved for it, else what was suggested; empty where it cannot be read.
    package let prompt: String
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?
}

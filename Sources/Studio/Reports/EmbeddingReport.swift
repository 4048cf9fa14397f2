import Encoders

/// An embedding of a picture or a text, in the shape that scripts read.
public struct EmbeddingEntry: Codable, Sendable {
    /// The path or the text.
    public let input: String
    /// Of length 1, or as the tower gave it where that was asked for.
    public let embedding: [Float]
}

/// How long an encoder's tower took, for comparing it with others.
public struct EmbeddingTimes: Codable, Sendable {
    public let inputs: Int
    /// Each pass over all inputs at once, in milliseconds; decoding and preparing are not in it.
    public let milliseconds: [Double]
}

/// What a tagger says of a picture.
public struct PictureLabels: Codable, Sendable {
    public struct Label: Codable, Sendable {
        public let name: String
        /// `general`, `character` or `rating`.
        public let category: String
        public let probability: Float

        init(_ label: ScoredLabel) {
            (name, category, probability) = (label.name, "\(label.category)", label.probability)
        }
    }

    /// The path.
    public let input: String
    /// The likeliest rating, then characters and general labels above the thresholds, likeliest first.
    public let labels: [Label]
    /// Every label's probability in the list's order, where that was asked for.
    public let probabilities: [Float]?
}

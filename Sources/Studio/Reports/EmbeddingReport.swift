import Encoders

/// An embedding of a picture or a text, in the shape that scripts read.
package struct EmbeddingEntry: Codable, Sendable {
    /// The path or the text.
    package let input: String
    /// Of length 1, or as the tower gave it where that was asked for.
    package let embedding: [Float]
}

/// How long an encoder's tower took, for comparing it with others.
package struct EmbeddingTimes: Codable, Sendable {
    package let inputs: Int
    /// Each pass over all inputs at once, in milliseconds; decoding and preparing are not in it.
    package let milliseconds: [Double]
}

/// What a tagger says of a picture.
package struct PictureLabels: Codable, Sendable {
    /// One of its labels.
    package struct Label: Codable, Sendable {
        package let name: String
        /// `general`, `character` or `rating`.
        package let category: String
        package let probability: Float

        init(_ label: ScoredLabel) {
            (name, category, probability) = (label.name, "\(label.category)", label.probability)
        }
    }

    /// The path.
    package let input: String
    /// The likeliest rating, then characters and general labels above the thresholds, likeliest first.
    package let labels: [Label]
    /// Every label's probability in the list's order, where that was asked for.
    package let probabilities: [Float]?
}

import Pixels
import Tensors

/// A picture or a text as a point of the space that both share: a vector of length 1, so that a product of two is a cosine.
package struct Embedding: Sendable, Equatable {
    package let values: [Float]

    /// - Parameter values: of length 1 already, such as were stored.
    package init(unit values: [Float]) {
        self.values = values
    }

    /// The direction of `values`; a length below 1e-12 counts as that, so zeros stay zeros.
    package init(direction values: [Float]) {
        let length = values.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
        let factor = Float(1 / max(length, 1e-12))
        self.values = values.map { $0 * factor }
    }

    package var dimension: Int { values.count }

    /// From -1 to 1. Both must have the same dimension.
    package func cosine(_ other: Embedding) -> Float {
        precondition(values.count == other.values.count, "embeddings of \(values.count) and of \(other.values.count) numbers")
        var sum: Float = 0
        for index in values.indices {
            sum += values[index] * other.values[index]
        }
        return sum
    }
}

/// A text's tokens after the text tower's last layer, from [CLS] to [SEP], without padding.
package struct TextStates: Sendable {
    /// `[1, tokens, width]`
    package let hidden: Tensor
    package let tokenCount: Int

    package init(hidden: Tensor, tokenCount: Int) {
        self.hidden = hidden
        self.tokenCount = tokenCount
    }
}

/// Takes pictures to embeddings.
package protocol ImageEncoder: Sendable {
    var dimension: Int { get }
    func embed(_ image: Image) throws -> Embedding
}

/// Takes texts to embeddings of the same space.
package protocol TextEncoder: Sendable {
    var dimension: Int { get }
    /// One embedding for each text, in order.
    func embed(_ texts: [String]) throws -> [Embedding]
    /// How many tokens the tower sees of a text, its start and end marks included; what is beyond its maximum is cut off.
    func tokenCount(_ text: String) throws -> Int
}

/// What one look at a picture gives.
package struct Observation: Sendable {
    package let embedding: Embedding
    /// How the picture was made: every medium the head knows (photo, painting, cartoon, sketch), likeliest first; the probabilities sum to 1.
    package let mediums: [(name: String, probability: Float)]
    /// What is in the picture and where; nil where the encoder was not taught to see things.
    package let seen: Seen?

    package init(embedding: Embedding, mediums: [(name: String, probability: Float)], seen: Seen? = nil) {
        self.embedding = embedding
        self.mediums = mediums
        self.seen = seen
    }
}

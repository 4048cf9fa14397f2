import Pixels
import Tensors

/// A picture or a text as a point of the space that both share: a vector of length 1, so that a product of two is a cosine.
public struct Embedding: Sendable, Equatable {
    public let values: [Float]

    /// - Parameter values: of length 1 already, such as were stored.
    public init(unit values: [Float]) {
        self.values = values
    }

    /// The direction of `values`; a length below 1e-12 counts as that, so zeros stay zeros.
    public init(direction values: [Float]) {
        let length = values.reduce(into: 0.0) { $0 += Double($1) * Double($1) }.squareRoot()
        let factor = Float(1 / max(length, 1e-12))
        self.values = values.map { $0 * factor }
    }

    public var dimension: Int { values.count }

    /// From -1 to 1. Both must have the same dimension.
    public func cosine(_ other: Embedding) -> Float {
        precondition(values.count == other.values.count, "embeddings of \(values.count) and of \(other.values.count) numbers")
        var sum: Float = 0
        for index in values.indices {
            sum += values[index] * other.values[index]
        }
        return sum
    }
}

/// A text's tokens after the text tower's last layer, from [CLS] to [SEP], without padding.
public struct TextStates: Sendable {
    /// `[1, tokens, width]`
    public let hidden: Tensor
    public let tokenCount: Int

    public init(hidden: Tensor, tokenCount: Int) {
        self.hidden = hidden
        self.tokenCount = tokenCount
    }
}

/// Takes pictures to embeddings.
public protocol ImageEncoder: Sendable {
    var dimension: Int { get }
    func embed(_ image: Image) throws -> Embedding
}

/// Takes texts to embeddings of the same space.
public protocol TextEncoder: Sendable {
    var dimension: Int { get }
    /// One embedding for each text, in order.
    func embed(_ texts: [String]) throws -> [Embedding]
    /// How many tokens the tower sees of a text, its start and end marks included; what is beyond its maximum is cut off.
    func tokenCount(_ text: String) throws -> Int
}

/// What one look at a picture gives.
public struct Observation: Sendable {
    public let embedding: Embedding
    /// How the picture was made: every medium the head knows (photo, painting, cartoon, sketch), likeliest first; the probabilities sum to 1.
    public let mediums: [(name: String, probability: Float)]
    /// What is in the picture and where; nil where the encoder was not taught to see things.
    public let seen: Seen?

    public init(embedding: Embedding, mediums: [(name: String, probability: Float)], seen: Seen? = nil) {
        self.embedding = embedding
        self.mediums = mediums
        self.seen = seen
    }
}

import Pixels
import Tensors

/// What everything above the encoders asks of one: pictures and texts as points of one space, and what a nearness there is worth.
package protocol PictureTextEncoder: ImageEncoder, TextEncoder {
    /// For people.
    var name: String { get }
    /// Hexadecimal digits that change whenever an embedding could: what cached embeddings belong to. Told without reading all weights:
    /// SHA-256 where a recipe wrote it down, else a fingerprint of 128 bits over names, sizes, headers and samples.
    var digest: String { get }
    /// How the encoder itself turns a cosine into a score; nil where it was not trained with one.
    var similarityScale: SimilarityScale? { get }
    /// A decoder may shrink a picture as long as its shorter side keeps so many pixels.
    var decodeShortSide: Int { get }
    /// Texts are cut to so many tokens, their marks included.
    var maximumTokens: Int { get }

    /// A noun in the sentence that suits the encoder, to be embedded in its stead.
    func phrase(for noun: String) -> String
    /// Loads what would otherwise be loaded when it is first used: the image tower, and what texts need where they will come.
    func load(texts: Bool) throws
    /// A picture as the image tower takes it, `[1, height, width, 3]`: what can be done on another thread than the looking.
    func prepare(_ image: Image) throws -> Tensor
    /// One observation for each picture that was prepared, in order; the tower takes them together.
    func observe(prepared: [Tensor]) throws -> [Observation]
    /// Projected picture features before they are brought to length 1, `[pictures, dimension]`, as the reference's `get_image_features`.
    func features(prepared: [Tensor]) throws -> Tensor
    /// The same for texts, `[texts, dimension]`.
    func features(texts: [String]) throws -> Tensor
}

/// A cosine's meaning as the encoder was trained: `scale * cosine + bias` goes through a soft-max over texts, or through a sigmoid.
package struct SimilarityScale: Sendable, Equatable {
    /// What texts are to a picture: rivals, or each for itself.
    package enum Kind: String, Sendable {
        /// CLIP: texts compete for a picture.
        case softmax
        /// SigLIP: each pair of picture and text stands for itself.
        case sigmoid
    }

    package let kind: Kind
    package let scale: Float
    package let bias: Float

    package init(kind: Kind, scale: Float, bias: Float = 0) {
        self.kind = kind
        self.scale = scale
        self.bias = bias
    }

    /// What goes through the soft-max or the sigmoid.
    package func logit(cosine: Float) -> Float { scale * cosine + bias }
}

extension PictureTextEncoder {
    package func observe(_ image: Image) throws -> Observation {
        try observe(prepared: [try prepare(image)])[0]
    }

    package func embed(_ image: Image) throws -> Embedding { try observe(image).embedding }

    package func observe(prepared: [Tensor]) throws -> [Observation] {
        try Self.rows(features(prepared: prepared)).map { Observation(embedding: Embedding(direction: $0), mediums: []) }
    }

    package func embed(_ texts: [String]) throws -> [Embedding] {
        guard !texts.isEmpty else { return [] }
        return try Self.rows(features(texts: texts)).map { Embedding(direction: $0) }
    }

    package func phrase(for noun: String) -> String { "a photo of \(noun)" }

    static func rows(_ matrix: Tensor) -> [[Float]] {
        let values = matrix.values
        let width = matrix.shape[-1]
        return (0..<matrix.shape[0]).map { Array(values[$0 * width..<($0 + 1) * width]) }
    }
}

extension DefaultEncoder: PictureTextEncoder {
    package var similarityScale: SimilarityScale? { nil }
    package var decodeShortSide: Int { max(configuration.image.imageSize, configuration.seeing?.imageSize ?? 0) }
    package var maximumTokens: Int { configuration.text.maximumTokens }

    package func load(texts: Bool) throws {
        _ = try imageTower()
        if texts { _ = try textTower() }
    }

    package func prepare(_ image: Image) throws -> Tensor { try imageTower().prepare(image) }

    /// Embeddings and mediums alone: to see things takes the picture itself, which is looked at once more, larger.
    package func observe(prepared: [Tensor]) throws -> [Observation] {
        let tower = try imageTower()
        return prepared.map { tower.observe(prepared: $0) }
    }

    /// Of length 1: this encoder mixes directions, which have no other length.
    package func features(prepared: [Tensor]) throws -> Tensor {
        Tensor(try observe(prepared: prepared).flatMap(\.embedding.values), shape: [prepared.count, dimension])
    }

    package func features(texts: [String]) throws -> Tensor {
        Tensor(try embed(texts).flatMap(\.values), shape: [texts.count, dimension])
    }
}

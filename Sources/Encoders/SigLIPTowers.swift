import Checkpoints
import Layers
import Tensors

/// SigLIP's image tower (Zhai 2023): a ViT without class token whose patches one learned query sums up. transformers' `SiglipVisionModel`.
struct SigLIPImageTower: ImageFeatures {
    private let patches: PatchEmbedding
    /// `[patches, width]`
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: AttentionPooling

    /// - Parameters:
    ///   - weights: the scope `vision_model`.
    ///   - configuration: its projection is the width, as nothing projects.
    init(_ weights: Weights, _ configuration: CLIPImageTower.Configuration) throws {
        try configuration.check()
        let (width, side) = (configuration.width, configuration.imageSize / configuration.patchSize)
        let tables = weights["embeddings"]
        patches = try PatchEmbedding(tables["patch_embedding"], patch: configuration.patchSize, width: width, bias: true)
        positions = try tables["position_embedding"].tensor("weight", [side * side, width])
        tables.ignore("position_ids")
        blocks = try (0..<configuration.layers).map {
            try TransformerBlock(transformers: weights["encoder"]["layers"][$0], configuration.dimensions)
        }
        norm = try LayerNorm(weights["post_layernorm"], width: width, epsilon: configuration.layerNormEpsilon)
        head = try AttentionPooling(weights["head"], configuration.dimensions)
    }

    var tokensOfPicture: Int { positions.shape[0] }

    func features(_ pictures: Tensor) -> Tensor {
        head(norm(blocks.reduce(patches(pictures) + positions) { x, block in block(x) }))
    }
}

/// Attention of one learned query to all tokens, and a perceptron behind it.
private struct AttentionPooling: Sendable {
    /// `[1, 1, width]`, projected already.
    private let query: Tensor
    private let key, value, output: Linear
    private let norm: LayerNorm
    private let enter, leave: Linear
    private let dimensions: TransformerBlock.Dimensions

    init(_ weights: Weights, _ dimensions: TransformerBlock.Dimensions) throws(CheckpointError) {
        let width = dimensions.width
        let parts = try FusedProjection(weights["attention"], weight: "in_proj_weight", bias: "in_proj_bias", width: width)
        query = parts.query(try weights.tensor("probe", [1, 1, width]))
        (key, value) = (parts.key, parts.value)
        output = try Linear(weights["attention"]["out_proj"], input: width, output: width)
        norm = try LayerNorm(weights["layernorm"], width: width, epsilon: dimensions.epsilon)
        enter = try Linear(weights["mlp"]["fc1"], input: width, output: dimensions.innerWidth)
        leave = try Linear(weights["mlp"]["fc2"], input: dimensions.innerWidth, output: width)
        self.dimensions = dimensions
    }

    /// - Parameter x: `[batch, tokens, width]`
    /// - Returns: `[batch, width]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let asked = attention(query.repeated(x.shape[0]), key(x), value(x), heads: dimensions.heads, arithmetic: key.arithmetic)
        let seen = output(asked)
        return leave(enter(norm(seen), activation: dimensions.activation), adding: seen).reshaped([x.shape[0], dimensions.width])
    }
}

/// SigLIP's text tower: every token sees every other, padding included, and the last one stands for the text. transformers' `SiglipTextModel`.
struct SigLIPTextTower: TextFeatures {
    /// `[vocabulary, width]`
    private let tokenTable: RowTable
    /// `[positions, width]`
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: Linear
    private let width: Int

    /// - Parameter weights: the scope `text_model`.
    init(_ weights: Weights, _ configuration: CLIPTextTower.Configuration) throws {
        try configuration.check()
        width = configuration.width
        let tables = weights["embeddings"]
        tokenTable = try tables["token_embedding"].table("weight", rows: configuration.vocabularySize, width: width)
        positions = try tables["position_embedding"].tensor("weight", [configuration.positions, width])
        tables.ignore("position_ids")
        blocks = try (0..<configuration.layers).map {
            try TransformerBlock(transformers: weights["encoder"]["layers"][$0], configuration.dimensions)
        }
        norm = try LayerNorm(weights["final_layer_norm"], width: width, epsilon: configuration.layerNormEpsilon)
        head = try Linear(weights["head"], input: width, output: configuration.projection ?? width)
    }

    /// - Parameter tokens: rows filled up to the number of positions.
    func features(_ tokens: [[Int]]) throws -> Tensor {
        let count = positions.shape[0]
        if let wrong = tokens.first(where: { $0.count != count }) { throw EncoderError.badTokenCount(wrong.count, allowed: count) }
        let rows = try tokenTable.gather(tokens.flatMap { $0 }).reshaped([tokens.count, count, width])
        let states = norm(blocks.reduce(rows + positions) { x, block in block(x) })
        return head(states.sliced(count - 1..<count, axis: 1).reshaped([tokens.count, width]))
    }
}

import Checkpoints
import Layers
import Tensors

/// A transformer's block with the norms before attention and perceptron (Vaswani 2017, Xiong 2020): what CLIP, SigLIP and ViT are made of.
struct TransformerBlock: Sendable {
    private let attentionNorm: LayerNorm
    private let query, key, value, output: Linear
    private let perceptronNorm: LayerNorm
    private let enter, leave: Linear
    private let heads: Int
    private let activation: Activation

    /// How wide a block is, and what it is made of.
    struct Dimensions: Sendable {
        var width: Int
        var innerWidth: Int
        var heads: Int
        var activation: Activation
        var epsilon: Float
    }

    /// transformers' names: `self_attn.{q,k,v,out}_proj`, `layer_norm1`, `layer_norm2`, `mlp.fc1`, `mlp.fc2`.
    init(transformers weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let (attention, width) = (weights["self_attn"], dimensions.width)
        let parts = (
            query: try Linear(attention["q_proj"], input: width, output: width),
            key: try Linear(attention["k_proj"], input: width, output: width),
            value: try Linear(attention["v_proj"], input: width, output: width)
        )
        try self.init(
            parts, output: attention["out_proj"], norms: (weights["layer_norm1"], weights["layer_norm2"]),
            perceptron: (weights["mlp"]["fc1"], weights["mlp"]["fc2"]), dimensions)
    }

    /// open_clip's names: `ln_1`, `attn.in_proj_{weight,bias}`, `attn.out_proj`, `ln_2`, `mlp.c_fc`, `mlp.c_proj`.
    init(openCLIP weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let parts = try FusedProjection(weights["attn"], weight: "in_proj_weight", bias: "in_proj_bias", width: dimensions.width)
        try self.init(
            (parts.query, parts.key, parts.value), output: weights["attn"]["out_proj"], norms: (weights["ln_1"], weights["ln_2"]),
            perceptron: (weights["mlp"]["c_fc"], weights["mlp"]["c_proj"]), dimensions)
    }

    /// timm's names: `norm1`, `attn.qkv`, `attn.proj`, `norm2`, `mlp.fc1`, `mlp.fc2`.
    init(timm weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let parts = try FusedProjection(weights["attn"]["qkv"], weight: "weight", bias: "bias", width: dimensions.width)
        try self.init(
            (parts.query, parts.key, parts.value), output: weights["attn"]["proj"], norms: (weights["norm1"], weights["norm2"]),
            perceptron: (weights["mlp"]["fc1"], weights["mlp"]["fc2"]), dimensions)
    }

    /// What the layouts have in common: everything but names, and how query, key and value are stored.
    private init(
        _ projections: (query: Linear, key: Linear, value: Linear), output: Weights, norms: (attention: Weights, perceptron: Weights),
        perceptron: (enter: Weights, leave: Weights), _ dimensions: Dimensions
    ) throws(CheckpointError) {
        let (width, inner, epsilon) = (dimensions.width, dimensions.innerWidth, dimensions.epsilon)
        (query, key, value) = projections
        attentionNorm = try LayerNorm(norms.attention, width: width, epsilon: epsilon)
        self.output = try Linear(output, input: width, output: width)
        perceptronNorm = try LayerNorm(norms.perceptron, width: width, epsilon: epsilon)
        enter = try Linear(perceptron.enter, input: width, output: inner)
        leave = try Linear(perceptron.leave, input: inner, output: width)
        (heads, activation) = (dimensions.heads, dimensions.activation)
    }

    /// - Parameter x: `[batch, tokens, width]`
    /// - Returns: `[batch, tokens, width]`
    func callAsFunction(_ x: Tensor, mask: AttentionMask = .none) -> Tensor {
        let normed = attentionNorm(x)
        let seen = attention(query(normed), key(normed), value(normed), heads: heads, mask: mask, arithmetic: query.arithmetic)
        let attended = output(seen, adding: x)
        return leave(enter(perceptronNorm(attended), activation: activation), adding: attended)
    }
}

/// Query, key and value of one fused projection `[3 * width, width]`.
struct FusedProjection {
    let query, key, value: Linear

    init(_ weights: Weights, weight: String, bias: String?, width: Int) throws(CheckpointError) {
        let matrix = try weights.tensor(weight, [3 * width, width])
        let offsets = try bias.map { name throws(CheckpointError) in try weights.tensor(name, [3 * width]) }
        func part(_ index: Int) -> Linear {
            let rows = index * width..<(index + 1) * width
            return Linear(weight: matrix.sliced(rows), bias: offsets?.sliced(rows), holding: weights.holding)
        }
        (query, key, value) = (part(0), part(1), part(2))
    }

    /// timm's `qkv` whose biases stand beside it; the keys have none.
    init(_ weights: Weights, queryBias: String, valueBias: String, width: Int) throws(CheckpointError) {
        let matrix = try weights["qkv"].tensor("weight", [3 * width, width])
        func part(_ index: Int, _ bias: String?) throws(CheckpointError) -> Linear {
            let offsets = try bias.map { name throws(CheckpointError) in try weights.tensor(name, [width]) }
            return Linear(weight: matrix.sliced(index * width..<(index + 1) * width), bias: offsets, holding: weights.holding)
        }
        (query, key, value) = (try part(0, queryBias), try part(1, nil), try part(2, valueBias))
    }
}

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
        let (width, inner, epsilon) = (dimensions.width, dimensions.innerWidth, dimensions.epsilon)
        let attention = weights["self_attn"]
        attentionNorm = try LayerNorm(weights["layer_norm1"], width: width, epsilon: epsilon)
        query = try Linear(attention["q_proj"], input: width, output: width)
        key = try Linear(attention["k_proj"], input: width, output: width)
        value = try Linear(attention["v_proj"], input: width, output: width)
        output = try Linear(attention["out_proj"], input: width, output: width)
        perceptronNorm = try LayerNorm(weights["layer_norm2"], width: width, epsilon: epsilon)
        enter = try Linear(weights["mlp"]["fc1"], input: width, output: inner)
        leave = try Linear(weights["mlp"]["fc2"], input: inner, output: width)
        (heads, activation) = (dimensions.heads, dimensions.activation)
    }

    /// open_clip's names: `ln_1`, `attn.in_proj_{weight,bias}`, `attn.out_proj`, `ln_2`, `mlp.c_fc`, `mlp.c_proj`.
    init(openCLIP weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let (width, inner, epsilon) = (dimensions.width, dimensions.innerWidth, dimensions.epsilon)
        attentionNorm = try LayerNorm(weights["ln_1"], width: width, epsilon: epsilon)
        let parts = try FusedProjection(weights["attn"], weight: "in_proj_weight", bias: "in_proj_bias", width: width)
        (query, key, value) = (parts.query, parts.key, parts.value)
        output = try Linear(weights["attn"]["out_proj"], input: width, output: width)
        perceptronNorm = try LayerNorm(weights["ln_2"], width: width, epsilon: epsilon)
        enter = try Linear(weights["mlp"]["c_fc"], input: width, output: inner)
        leave = try Linear(weights["mlp"]["c_proj"], input: inner, output: width)
        (heads, activation) = (dimensions.heads, dimensions.activation)
    }

    /// timm's names: `norm1`, `attn.qkv`, `attn.proj`, `norm2`, `mlp.fc1`, `mlp.fc2`.
    init(timm weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let (width, inner, epsilon) = (dimensions.width, dimensions.innerWidth, dimensions.epsilon)
        attentionNorm = try LayerNorm(weights["norm1"], width: width, epsilon: epsilon)
        let parts = try FusedProjection(weights["attn"]["qkv"], weight: "weight", bias: "bias", width: width)
        (query, key, value) = (parts.query, parts.key, parts.value)
        output = try Linear(weights["attn"]["proj"], input: width, output: width)
        perceptronNorm = try LayerNorm(weights["norm2"], width: width, epsilon: epsilon)
        enter = try Linear(weights["mlp"]["fc1"], input: width, output: inner)
        leave = try Linear(weights["mlp"]["fc2"], input: inner, output: width)
        (heads, activation) = (dimensions.heads, dimensions.activation)
    }

    /// - Parameter x: `[batch, tokens, width]`
    /// - Returns: `[batch, tokens, width]`
    func callAsFunction(_ x: Tensor, mask: AttentionMask = .none) -> Tensor {
        let normed = attentionNorm(x)
        let seen = attention(query(normed), key(normed), value(normed), heads: heads, mask: mask)
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
            return Linear(weight: matrix.sliced(rows), bias: offsets?.sliced(rows))
        }
        (query, key, value) = (part(0), part(1), part(2))
    }
}

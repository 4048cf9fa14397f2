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
            parts, output: Linear(attention["out_proj"], input: width, output: width),
            norms: (weights["layer_norm1"], weights["layer_norm2"]), enter: weights["mlp"]["fc1"],
            leave: Linear(weights["mlp"]["fc2"], input: dimensions.innerWidth, output: width), dimensions)
    }

    /// open_clip's names: `ln_1`, `attn.in_proj_{weight,bias}`, `attn.out_proj`, `ln_2`, `mlp.c_fc`, `mlp.c_proj`.
    init(openCLIP weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let parts = try FusedProjection(weights["attn"], weight: "in_proj_weight", bias: "in_proj_bias", width: dimensions.width)
        try self.init(
            (parts.query, parts.key, parts.value),
            output: Linear(weights["attn"]["out_proj"], input: dimensions.width, output: dimensions.width),
            norms: (weights["ln_1"], weights["ln_2"]), enter: weights["mlp"]["c_fc"],
            leave: Linear(weights["mlp"]["c_proj"], input: dimensions.innerWidth, output: dimensions.width), dimensions)
    }

    /// timm's names: `norm1`, `attn.qkv`, `attn.proj`, `norm2`, `mlp.fc1`, `mlp.fc2`.
    init(timm weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let parts = try FusedProjection(weights["attn"]["qkv"], weight: "weight", bias: "bias", width: dimensions.width)
        try self.init(
            (parts.query, parts.key, parts.value),
            output: Linear(weights["attn"]["proj"], input: dimensions.width, output: dimensions.width),
            norms: (weights["norm1"], weights["norm2"]), enter: weights["mlp"]["fc1"],
            leave: Linear(weights["mlp"]["fc2"], input: dimensions.innerWidth, output: dimensions.width), dimensions)
    }

    /// JoyTag's names: `norm1`, `qkv_proj`, `out_proj`, `norm2`, `mlp.linear1`, `mlp.linear2`; what attention and perceptron add has a factor
    /// for each number (`skip_init1`, `skip_init2`).
    init(joyTag weights: Weights, _ dimensions: Dimensions) throws(CheckpointError) {
        let width = dimensions.width
        let parts = try FusedProjection(weights["qkv_proj"], weight: "weight", bias: "bias", width: width)
        try self.init(
            (parts.query, parts.key, parts.value),
            output: Linear(weights["out_proj"], input: width, output: width, factors: weights["skip_init1"].tensor("skip", [width])),
            norms: (weights["norm1"], weights["norm2"]), enter: weights["mlp"]["linear1"],
            leave: Linear(
                weights["mlp"]["linear2"], input: dimensions.innerWidth, output: width,
                factors: weights["skip_init2"].tensor("skip", [width])), dimensions)
    }

    /// What the layouts have in common: everything but names, and how query, key and value are stored.
    private init(
        _ projections: (query: Linear, key: Linear, value: Linear), output: Linear, norms: (attention: Weights, perceptron: Weights),
        enter: Weights, leave: Linear, _ dimensions: Dimensions
    ) throws(CheckpointError) {
        let (width, epsilon) = (dimensions.width, dimensions.epsilon)
        (query, key, value) = projections
        attentionNorm = try LayerNorm(norms.attention, width: width, epsilon: epsilon)
        self.output = output
        perceptronNorm = try LayerNorm(norms.perceptron, width: width, epsilon: epsilon)
        self.enter = try Linear(enter, input: width, output: dimensions.innerWidth)
        self.leave = leave
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

extension Linear {
    /// A layer whose outputs have a factor each, which becomes a part of its numbers.
    ///
    /// - Parameter factors: `[output]`
    init(_ weights: Weights, input: Int, output: Int, factors: Tensor) throws(CheckpointError) {
        let weight = try weights.tensor("weight", [output, input])
        let scaled = Tensor(shape: weight.shape) { target in
            weight.withUnsafeValues { values in
                factors.withUnsafeValues { factors in
                    for index in values.indices { target[index] = values[index] * factors[index / input] }
                }
            }
        }
        self.init(weight: scaled, bias: try weights.tensor("bias", [output]) * factors, holding: weights.holding)
    }
}

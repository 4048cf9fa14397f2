import Checkpoints
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// timm's `Eva` in the form of EVA-02 (Fang 2023): a vision transformer whose queries and keys are turned by their place, with a gated
/// perceptron that has a norm inside. The mean over all patches stands for the picture.
struct EVATagger: TaggerTower {
    private let patches: PatchEmbedding
    /// `[1, width]`
    private let classToken: Tensor?
    /// `[tokens, width]`
    private let positions: Tensor
    private let blocks: [EVABlock]
    private let norm: LayerNorm
    private let head: Linear

    /// - Parameter head: where it does not stand with the rest.
    init(_ weights: Weights, head: Weights? = nil, _ configuration: TaggerConfiguration) throws {
        let (patches, width, side) = try configuration.patches(weights)
        self.patches = patches
        classToken = weights.has("cls_token") ? try weights.tensor("cls_token", [1, 1, width]).reshaped([1, width]) : nil
        let tokens = side * side + (classToken == nil ? 0 : 1)
        positions = try weights.tensor("pos_embed", [1, tokens, width]).reshaped([tokens, width])
        let heads = try configuration.heads(width: width)
        guard width / heads % 4 == 0 else { throw configuration.foreign("heads of \(width / heads) numbers, not a multiple of 4") }
        let rotation = Rotation(side: side, reference: configuration.referenceSide, width: width / heads, unmoved: tokens - side * side)
        blocks = try (0..<configuration.count(weights["blocks"])).map {
            try EVABlock(weights["blocks"][$0], width: width, heads: heads, rotation: rotation)
        }
        norm = try LayerNorm(weights["fc_norm"], width: width, epsilon: EVABlock.epsilon)
        self.head = try Linear(head ?? weights["head"], input: width, output: configuration.labels)
    }

    func callAsFunction(_ pictures: Tensor) -> Tensor {
        var tokens = patches(pictures)
        if let classToken { tokens = tokens.prefixed(by: classToken) }
        let states = blocks.reduce(tokens + positions) { x, block in block(x) }
        return head(norm((classToken == nil ? states : states.sliced(1..<states.shape[1], axis: 1)).mean(axis: 1)))
    }
}

private struct EVABlock: Sendable {
    static let epsilon: Float = 1e-6

    private let attentionNorm: LayerNorm
    private let query, key, value, output: Linear
    private let heads: Int
    private let rotation: Rotation
    private let perceptronNorm: LayerNorm
    private let gate, enter: Linear
    private let innerNorm: LayerNorm?
    private let leave: Linear

    init(_ weights: Weights, width: Int, heads: Int, rotation: Rotation) throws {
        let (attention, perceptron) = (weights["attn"], weights["mlp"])
        attentionNorm = try LayerNorm(weights["norm1"], width: width, epsilon: Self.epsilon)
        if attention.has("qkv") {
            let parts = try FusedProjection(attention, queryBias: "q_bias", valueBias: "v_bias", width: width)
            (query, key, value) = (parts.query, parts.key, parts.value)
        } else {
            query = try Linear(attention["q_proj"], input: width, output: width)
            key = try Linear(attention["k_proj"], input: width, output: width, bias: false)
            value = try Linear(attention["v_proj"], input: width, output: width)
        }
        output = try Linear(attention["proj"], input: width, output: width)
        perceptronNorm = try LayerNorm(weights["norm2"], width: width, epsilon: Self.epsilon)
        let inner = try perceptron["fc1_g"].shape(of: "weight")[0]
        gate = try Linear(perceptron["fc1_g"], input: width, output: inner)
        enter = try Linear(perceptron["fc1_x"], input: width, output: inner)
        innerNorm = perceptron.has("norm") ? try LayerNorm(perceptron["norm"], width: inner, epsilon: Self.epsilon) : nil
        leave = try Linear(perceptron["fc2"], input: inner, output: width)
        (self.heads, self.rotation) = (heads, rotation)
    }

    /// - Parameter x: `[batch, tokens, width]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let normed = attentionNorm(x)
        let seen = attention(
            rotation(query(normed)), rotation(key(normed)), value(normed), heads: heads, arithmetic: query.arithmetic)
        let attended = output(seen, adding: x)
        let entered = perceptronNorm(attended)
        let gated = gate(entered, activation: .silu) * enter(entered)
        return leave(innerNorm.map { $0(gated) } ?? gated, adding: attended)
    }
}

/// Rotary position embedding over a square map (timm's `RotaryEmbeddingCat`): neighbouring numbers are a point that is turned, the first
/// half of a head's points by the row and the second half by the column, each by a frequency of its own.
private struct Rotation: Sendable {
    /// `[places, points of a head]` each
    private let cosines, sines: Tensor
    /// Tokens at the start that are not turned.
    private let unmoved: Int
    private let points: Int

    /// - Parameters:
    ///   - side: places of a side.
    ///   - reference: how many the frequencies were chosen for: places are counted as if there were so many.
    ///   - width: of a head.
    init(side: Int, reference: Int, width: Int, unmoved: Int) {
        let bands = width / 4
        let frequencies = (0..<bands).map { 1 / pow(Float(10000), Float($0) / Float(bands)) }
        func table(_ function: (Float) -> Float) -> Tensor {
            let places = (0..<side).map { Float($0) / Float(side) * Float(reference) }
            let values = places.flatMap { y in
                places.flatMap { x in frequencies.map { function(y * $0) } + frequencies.map { function(x * $0) } }
            }
            return Tensor(values, shape: [side * side, 2 * bands])
        }
        (cosines, sines) = (table(cos), table(sin))
        (self.unmoved, points) = (unmoved, 2 * bands)
    }

    /// - Parameter x: `[batch, tokens, heads * width]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let (tokens, width) = (x.shape[1], x.shape[2])
        return Tensor(shape: x.shape) { target in
            guard let to = target.baseAddress else { return }
            x.withUnsafeValues { from in
                cosines.withUnsafeValues { cosines in
                    sines.withUnsafeValues { sines in
                        guard let from = from.baseAddress, let cosines = cosines.baseAddress, let sines = sines.baseAddress else { return }
                        Parallel.forEachRange(count: x.rowCount, minimum: 64) { rows in
                            for row in rows {
                                let (source, out) = (from + row * width, to + row * width)
                                guard row % tokens >= unmoved else {
                                    out.update(from: source, count: width)
                                    continue
                                }
                                let place = (row % tokens - unmoved) * points
                                for head in stride(from: 0, to: width, by: 2 * points) {
                                    for point in 0..<points {
                                        let (c, s) = (cosines[place + point], sines[place + point])
                                        let (a, b) = (source[head + 2 * point], source[head + 2 * point + 1])
                                        out[head + 2 * point] = a * c - b * s
                                        out[head + 2 * point + 1] = b * c + a * s
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}

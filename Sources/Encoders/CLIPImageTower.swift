import Checkpoints
import Layers
import Tensors

/// A vision transformer with a class token (Dosovitskiy 2020) as CLIP has it: transformers' `CLIPVisionModel` and its projection.
struct CLIPImageTower: Sendable {
    struct Configuration: Sendable, Equatable {
        /// The side of the square in pixels.
        var imageSize: Int
        var patchSize: Int
        var width: Int
        var innerWidth: Int
        var layers: Int
        var heads: Int
        var activation: Activation
        var layerNormEpsilon: Float
        /// The width of the embeddings.
        var projection: Int

        var dimensions: TransformerBlock.Dimensions {
            TransformerBlock.Dimensions(
                width: width, innerWidth: innerWidth, heads: heads, activation: activation, epsilon: layerNormEpsilon)
        }

        func check() throws(EncoderError) {
            let numbers = [
                "image_size": imageSize, "patch_size": patchSize, "hidden_size": width, "intermediate_size": innerWidth,
                "num_hidden_layers": layers, "num_attention_heads": heads, "projection_dim": projection,
            ]
            try TowerLimits.check(numbers, width: width, heads: heads)
            guard (1...4096).contains(imageSize) else { throw .badNumber(name: "image_size", value: imageSize, allowed: 1...4096) }
            guard patchSize <= imageSize else { throw .badNumber(name: "patch_size", value: patchSize, allowed: 1...imageSize) }
        }
    }

    private let patches: PatchEmbedding
    /// `[1, width]`
    private let classToken: Tensor
    /// `[1 + patches, width]`
    let positions: Tensor
    private let entryNorm: LayerNorm
    private let blocks: [TransformerBlock]
    private let exitNorm: LayerNorm
    private let projection: Linear

    /// - Parameter weights: the scope that holds `vision_model` and `visual_projection`.
    init(transformers weights: Weights, _ configuration: Configuration) throws {
        try configuration.check()
        let (width, model) = (configuration.width, weights["vision_model"])
        let tables = model["embeddings"]
        patches = try PatchEmbedding(tables["patch_embedding"], patch: configuration.patchSize, width: width, bias: false)
        let side = configuration.imageSize / configuration.patchSize
        classToken = try tables.tensor("class_embedding", [width]).reshaped([1, width])
        positions = try tables["position_embedding"].tensor("weight", [1 + side * side, width])
        tables.ignore("position_ids")
        // The name's letters are missing in the reference.
        entryNorm = try LayerNorm(model["pre_layrnorm"], width: width, epsilon: configuration.layerNormEpsilon)
        blocks = try (0..<configuration.layers).map {
            try TransformerBlock(transformers: model["encoder"]["layers"][$0], configuration.dimensions)
        }
        exitNorm = try LayerNorm(model["post_layernorm"], width: width, epsilon: configuration.layerNormEpsilon)
        projection = try Linear(weights["visual_projection"], input: width, output: configuration.projection, bias: false)
    }

    /// - Parameter weights: the scope that holds `visual`.
    init(openCLIP weights: Weights, _ configuration: Configuration) throws {
        try configuration.check()
        let (width, model) = (configuration.width, weights["visual"])
        patches = try PatchEmbedding(model["conv1"], patch: configuration.patchSize, width: width, bias: false)
        let side = configuration.imageSize / configuration.patchSize
        classToken = try model.tensor("class_embedding", [width]).reshaped([1, width])
        positions = try model.tensor("positional_embedding", [1 + side * side, width])
        entryNorm = try LayerNorm(model["ln_pre"], width: width, epsilon: configuration.layerNormEpsilon)
        blocks = try (0..<configuration.layers).map {
            try TransformerBlock(openCLIP: model["transformer"]["resblocks"][$0], configuration.dimensions)
        }
        exitNorm = try LayerNorm(model["ln_post"], width: width, epsilon: configuration.layerNormEpsilon)
        projection = Linear(
            weight: try model.tensor("proj", [width, configuration.projection]).transposed(), bias: nil, holding: weights.holding)
    }

    /// - Parameter pictures: `[batch, size, size, 3]`
    /// - Returns: `[batch, projection]`, of any length.
    func callAsFunction(_ pictures: Tensor) -> Tensor {
        let tokens = entryNorm(patches(pictures).prefixed(by: classToken) + positions)
        let states = blocks.reduce(tokens) { x, block in block(x) }
        return projection(exitNorm(states.firstTokens()))
    }
}

/// The convolution whose stride is its kernel: each patch of a picture becomes a token, row by row.
struct PatchEmbedding: Sendable {
    private let projection: Linear
    private let patch: Int
    private let channels: Int

    /// Reads `weight` `[width, channels, patch, patch]` and, where `bias`, `bias` `[width]`.
    init(_ weights: Weights, patch: Int, channels: Int = 3, width: Int, bias: Bool) throws(CheckpointError) {
        let kernel = try weights.tensor("weight", [width, channels, patch, patch]).permuted([0, 2, 3, 1])
            .reshaped([width, patch * patch * channels])
        projection = Linear(weight: kernel, bias: bias ? try weights.tensor("bias", [width]) : nil, holding: weights.holding)
        self.patch = patch
        self.channels = channels
    }

    /// - Parameter projection: of `patch` lines of `patch` pixels, channels innermost.
    init(_ projection: Linear, patch: Int, channels: Int) {
        (self.projection, self.patch, self.channels) = (projection, patch, channels)
    }

    /// What does not fill a patch at the right and the bottom is not looked at.
    ///
    /// - Parameter pictures: `[batch, height, width, channels]`
    /// - Returns: `[batch, patches, width]`
    func callAsFunction(_ pictures: Tensor) -> Tensor {
        let (batch, height, width) = (pictures.shape[0], pictures.shape[1], pictures.shape[2])
        let (rows, columns, line) = (height / patch, width / patch, patch * channels)
        let unfolded = Tensor(shape: [batch, rows * columns, patch * line]) { target in
            guard let to = target.baseAddress else { return }
            pictures.withUnsafeValues { from in
                guard let from = from.baseAddress else { return }
                Parallel.forEachRange(count: batch * rows, minimum: 8) { range in
                    for row in range {
                        let start = from + (row / rows * height + row % rows * patch) * width * channels
                        for column in 0..<columns {
                            let out = to + (row * columns + column) * patch * line
                            for y in 0..<patch {
                                (out + y * line).update(from: start + y * width * channels + column * line, count: line)
                            }
                        }
                    }
                }
            }
        }
        return projection(unfolded)
    }
}

extension Tensor {
    /// Tokens `[batch, tokens, width]` with another token `[1, width]` before each sequence.
    func prefixed(by token: Tensor) -> Tensor {
        Tensor.concatenated([token.repeated(shape[0]).reshaped([shape[0], 1, shape[2]]), self], axis: 1)
    }

    /// The first token of each sequence: `[batch, width]`.
    func firstTokens() -> Tensor {
        sliced(0..<1, axis: 1).reshaped([shape[0], shape[2]])
    }
}

import Checkpoints
import Layers
import Tensors

/// What a tagger's network does: scores for every label from a picture.
protocol TaggerTower: Sendable {
    /// - Parameter pictures: `[batch, side, side, 3]`, prepared.
    /// - Returns: `[batch, labels]`, before the sigmoid.
    func callAsFunction(_ pictures: Tensor) -> Tensor
}

/// timm's `VisionTransformer` without class token: the mean over all tokens stands for the picture.
struct ViTTagger: TaggerTower {
    private let patches: PatchEmbedding
    /// `[patches, width]`
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: Linear

    init(_ weights: Weights, _ configuration: TaggerConfiguration) throws {
        let (patches, width, side) = try configuration.patches(weights)
        self.patches = patches
        positions = try weights.tensor("pos_embed", [1, side * side, width]).reshaped([side * side, width])
        let inner = try weights["blocks"][0]["mlp"]["fc1"].shape(of: "weight")[0]
        let dimensions = TransformerBlock.Dimensions(
            width: width, innerWidth: inner, heads: try configuration.heads(width: width), activation: configuration.activation,
            epsilon: 1e-6)
        blocks = try (0..<configuration.count(weights["blocks"])).map { try TransformerBlock(timm: weights["blocks"][$0], dimensions) }
        norm = try LayerNorm(weights["norm"], width: width, epsilon: 1e-6)
        head = try Linear(weights["head"], input: width, output: configuration.labels)
    }

    func callAsFunction(_ pictures: Tensor) -> Tensor {
        let tokens = patches(pictures) + positions
        return head(norm(blocks.reduce(tokens) { x, block in block(x) }).mean(axis: 1))
    }
}

/// timm's `ConvNeXt` (Liu 2022): depthwise 7x7 convolutions, each with a perceptron over the channels.
struct ConvNeXtTagger: TaggerTower {
    private struct Stage: Sendable {
        /// Norm and convolution that halve the sides; nil in the first stage.
        var shrink: (norm: LayerNorm, merge: PatchEmbedding)?
        var blocks: [ConvNeXtBlock]
    }

    private let stem: PatchEmbedding
    private let stemNorm: LayerNorm
    private let stages: [Stage]
    private let headNorm: LayerNorm
    private let head: Linear

    init(_ weights: Weights, _ configuration: TaggerConfiguration) throws {
        var (width, patch) = try configuration.patchShape(weights, "stem.0.weight")
        guard patch == Self.stemPatch else { throw configuration.foreign("a stem of patches of \(patch) pixels") }
        stem = try PatchEmbedding(weights["stem"][0], patch: patch, width: width, bias: true)
        stemNorm = try LayerNorm(weights["stem"][1], width: width, epsilon: 1e-6)
        var stages: [Stage] = []
        for index in 0..<configuration.count(weights["stages"]) {
            let scope = weights["stages"][index]
            var stage = Stage(shrink: nil, blocks: [])
            if index > 0 {
                let wider = try scope["downsample"][1].shape(of: "weight")[0]
                stage.shrink = (
                    try LayerNorm(scope["downsample"][0], width: width, epsilon: 1e-6),
                    try PatchEmbedding(scope["downsample"][1], patch: 2, channels: width, width: wider, bias: true)
                )
                width = wider
            }
            stage.blocks = try (0..<configuration.count(scope["blocks"])).map {
                try ConvNeXtBlock(scope["blocks"][$0], width: width, activation: configuration.activation)
            }
            stages.append(stage)
        }
        self.stages = stages
        headNorm = try LayerNorm(weights["head"]["norm"], width: width, epsilon: 1e-6)
        head = try Linear(weights["head"]["fc"], input: width, output: configuration.labels)
    }

    private static let stemPatch = 4

    func callAsFunction(_ pictures: Tensor) -> Tensor {
        func map(_ tokens: Tensor, side: Int) -> Tensor { tokens.reshaped([tokens.shape[0], side, side, tokens.shape[2]]) }
        var side = pictures.shape[1] / Self.stemPatch
        var x = map(stemNorm(stem(pictures)), side: side)
        for stage in stages {
            if let (norm, merge) = stage.shrink {
                side /= 2
                x = map(merge(norm(x)), side: side)
            }
            x = stage.blocks.reduce(x) { x, block in block(x) }
        }
        return head(headNorm(x.reshaped([x.shape[0], side * side, x.shape[3]]).mean(axis: 1)))
    }
}

private struct ConvNeXtBlock: Sendable {
    private let depthwise: Conv2D
    private let norm: LayerNorm
    private let enter, leave: Linear
    private let activation: Activation

    init(_ weights: Weights, width: Int, activation: Activation) throws(CheckpointError) {
        depthwise = try Conv2D(weights["conv_dw"], input: width, output: width, kernel: 7, padding: 3, groups: width)
        norm = try LayerNorm(weights["norm"], width: width, epsilon: 1e-6)
        let inner = try weights["mlp"]["fc1"].shape(of: "weight")[0]
        enter = try Linear(weights["mlp"]["fc1"], input: width, output: inner)
        let last = weights["mlp"]["fc2"]
        leave =
            weights.has("gamma")
            ? try Linear(last, input: inner, output: width, factors: weights.tensor("gamma", [width]))
            : try Linear(last, input: inner, output: width)
        self.activation = activation
    }

    /// - Parameter x: `[batch, height, width, channels]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        leave(enter(norm(depthwise(x)), activation: activation), adding: x)
    }
}

import Checkpoints
import Layers
import Tensors

/// What a network is told beside the tokens of its texts: a family's own affair, made and understood by it alone.
package protocol AddedConditioning: Sendable {}

/// What a network is told beside the latent and the timestep: one sequence of text states for each latent of the batch, and what its family
/// adds to it.
package struct TextContext: Sendable {
    /// [batch, tokens, width]; shorter sequences are filled up at their end.
    package let states: Tensor
    /// Leaves out what was filled up.
    package let mask: AttentionMask
    /// Nil: nothing beside the tokens.
    var added: (any AddedConditioning)?
    /// How many of the pixels of a large map are merged into others for its look at itself.
    var mergedShare = 0.0

    /// The same with tokens of a picture before each text's.
    ///
    /// - Parameter tokens: [batch or 1, tokens, width].
    func beside(_ tokens: Tensor?) -> TextContext {
        guard let tokens else { return self }
        let batch = states.shape[0]
        let all = tokens.shape[0] == batch ? tokens : tokens.repeated(batch)
        var mask = mask
        // What was filled up stands at the end as before.
        if case .lengths(let lengths) = mask { mask = .lengths(lengths.map { $0 + tokens.shape[1] }) }
        return TextContext(states: .concatenated([all, states], axis: 1), mask: mask, added: added, mergedShare: mergedShare)
    }
}

/// diffusers' `Transformer2DModel`: the pixels of a level as a sequence that looks at itself and at the text.
struct SpatialTransformer: Sendable {
    private let norm: GroupNorm
    private let projectionIn: Linear
    private let blocks: [TransformerBlock]
    private let projectionOut: Linear

    /// The projections may be stored as linear layers or as 1x1 convolutions: the same arithmetic under two shapes of weight.
    init(
        _ weights: Weights, channels: Int, heads: Int, layers: Int, textWidth: Int, groups: Int
    ) throws(CheckpointError) {
        // The transformer's own norm has 1e-6, whatever the UNet's configuration says.
        norm = try GroupNorm(weights["norm"], groups: groups, channels: channels, epsilon: 1e-6)
        projectionIn = try Linear(weights["proj_in"], input: channels, output: channels)
        var blocks: [TransformerBlock] = []
        for index in 0..<layers {
            blocks.append(
                try TransformerBlock(weights["transformer_blocks"][index], width: channels, heads: heads, textWidth: textWidth))
        }
        self.blocks = blocks
        projectionOut = try Linear(weights["proj_out"], input: channels, output: channels)
    }

    /// - Parameter x: [batch, height, width, channels]
    func callAsFunction(_ x: Tensor, _ context: TextContext) -> Tensor {
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        var tokens = projectionIn(norm(x)).reshaped([batch, height * width, channels])
        for block in blocks { tokens = block(tokens, context, height: height, width: width) }
        return projectionOut(tokens.reshaped([batch, height, width, channels]), adding: x)
    }
}

/// diffusers' `BasicTransformerBlock`.
struct TransformerBlock: Sendable {
    private let norm1: LayerNorm
    private let selfAttention: Attention
    private let norm2: LayerNorm
    private let textAttention: Attention
    private let norm3: LayerNorm
    private let feedForward: FeedForward

    init(_ weights: Weights, width: Int, heads: Int, textWidth: Int) throws(CheckpointError) {
        norm1 = try LayerNorm(weights["norm1"], width: width)
        selfAttention = try Attention(weights["attn1"], width: width, heads: heads)
        norm2 = try LayerNorm(weights["norm2"], width: width)
        textAttention = try Attention(weights["attn2"], width: width, contextWidth: textWidth, heads: heads)
        norm3 = try LayerNorm(weights["norm3"], width: width)
        feedForward = try FeedForward(weights["ff"], width: width)
    }

    /// - Parameters:
    ///   - x: [batch, pixels, channels]
    ///   - height, width: of the map that the pixels are.
    func callAsFunction(_ x: Tensor, _ context: TextContext, height: Int, width: Int) -> Tensor {
        let first =
            if context.mergedShare > 0, let merging = TokenMerging(x, height: height, width: width, share: context.mergedShare) {
                x + merging.spread(selfAttention(merging.merged(norm1(x))))
            } else {
                selfAttention(norm1(x), adding: x)
            }
        let second = textAttention(norm2(first), context: context.states, mask: context.mask, adding: first)
        return feedForward(norm3(second), adding: second)
    }
}

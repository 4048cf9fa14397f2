import Checkpoints
import Foundation
import Layers
import Tensors

/// A `UNet2DConditionModel`: a noisy latent, a timestep and a text give what was asked to be predicted. Source: diffusers.
package struct UNet: Denoiser {
    package let configuration: UNetConfiguration
    private let convIn: Conv2D
    private let time: TimestepEmbedding
    /// From pooled text and sizes, where the model is told them.
    private let added: EmbeddingProjection?
    private let down: [DownBlock]
    private let middle: MiddleBlock?
    private let up: [UpBlock]
    private let normOut: GroupNorm
    private let convOut: Conv2D

    /// - Parameter weights: the scope of the UNet; every tensor in it must be one of this architecture's.
    package init(_ weights: Weights, configuration: UNetConfiguration) throws(CheckpointError) {
        self.configuration = configuration
        let channels = configuration.channels
        let levels = channels.count
        let timeWidth = channels[0] * 4
        convIn = try Conv2D(weights["conv_in"], input: configuration.inputChannels, output: channels[0], kernel: 3, padding: 1)
        time = try TimestepEmbedding(
            weights["time_embedding"], channels: channels[0], width: timeWidth, flipSineToCosine: configuration.flipSineToCosine,
            frequencyShift: configuration.frequencyShift, conditionWidth: configuration.guidanceEmbeddingWidth)
        added =
            if let added = configuration.added {
                try EmbeddingProjection(weights["add_embedding"], input: added.inputWidth, width: timeWidth)
            } else {
                nil
            }

        var down: [DownBlock] = []
        for level in 0..<levels {
            down.append(
                try DownBlock(
                    weights["down_blocks"][level], configuration, level: level, input: channels[max(level - 1, 0)], timeWidth: timeWidth))
        }
        self.down = down
        middle = configuration.hasMiddle ? try MiddleBlock(weights["mid_block"], configuration, timeWidth: timeWidth) : nil
        var up: [UpBlock] = []
        for block in 0..<levels {
            up.append(try UpBlock(weights["up_blocks"][block], configuration, block: block, timeWidth: timeWidth))
        }
        self.up = up
        normOut = try GroupNorm(
            weights["conv_norm_out"], groups: configuration.normGroups, channels: channels[0], epsilon: configuration.normEpsilon)
        convOut = try Conv2D(weights["conv_out"], input: channels[0], output: configuration.outputChannels, kernel: 3, padding: 1)
        try weights.requireAllRead()
    }

    /// - Parameters:
    ///   - latent: [batch, height, width, inputChannels]
    ///   - timestep: one for the whole batch.
    ///   - context: the text of each latent, and what goes with it.
    /// - Throws: `DiffusionError.missingPooledText` for a context without what this model is told beside the tokens, and what
    ///   `checkCancelled` throws.
    /// - Returns: [batch, height, width, outputChannels]
    func callAsFunction(
        _ latent: Tensor, timestep: Float, _ context: TextContext, checkCancelled: CancellationCheck
    ) throws -> Tensor {
        try predict(latent, at: Double(timestep), context, .none, checkCancelled: checkCancelled)
    }

    /// What is kept is what the last layer on the way up is given from below; that layer, with the first convolution's skip, is all that a
    /// pass between two whole ones runs.
    ///
    /// - Throws: besides, `DiffusionError.extras` where there are not as many residuals as skips.
    package func predict(
        _ latent: Tensor, at time: Double, _ told: TextContext, _ extras: Extras, reusing deep: inout DeepFeatures,
        checkCancelled: CancellationCheck
    ) throws -> Tensor {
        var context = told.beside(extras.pictureTokens)
        context.mergedShare = extras.mergedShare
        let activatedTime = try embedding(Float(time), context).silu()
        var x = convIn(latent)
        if let kept = deep.next(), let last = up.last {
            if let residual = extras.skips.first { x = x + residual }
            x = try last.ending(kept, skip: x, activatedTime, context, checkCancelled)
            return convOut(x, behind: normOut, .silu)
        }
        var skips = [x]
        for block in down { x = try block(x, activatedTime, context, &skips, checkCancelled) }
        if !extras.skips.isEmpty {
            guard extras.skips.count == skips.count else { throw DiffusionError.extras(found: extras.skips.count, expected: skips.count) }
            for index in skips.indices { skips[index] = skips[index] + extras.skips[index] }
        }
        if let middle { x = try middle(x, activatedTime, context, checkCancelled) }
        if let residual = extras.middle { x = x + residual }
        for (index, block) in up.enumerated() {
            x = try block(x, activatedTime, context, &skips, checkCancelled) { if index == up.count - 1 { deep.keep($0) } }
        }
        try checkCancelled()
        return convOut(x, behind: normOut, .silu)
    }

    /// - Returns: [1, width], or [batch, width] where each latent is told something of its own.
    private func embedding(_ timestep: Float, _ context: TextContext) throws(DiffusionError) -> Tensor {
        let beside = context.added as? any UNetConditioning
        let scale = configuration.guidanceEmbeddingWidth.map { guidanceEmbedding(beside?.guidanceScale ?? 1, width: $0) }
        let embedded = time(timestep, condition: scale)
        guard let added, let told = configuration.added else { return embedded }
        guard let whole = beside?.whole, whole.texts.shape[-1] == told.pooledWidth,
            whole.sizes.count == UNetConfiguration.AddedConditioning.numbers
        else { throw .missingPooledText(expected: told.pooledWidth) }
        let sizes = sinusoidalEmbedding(
            whole.sizes, channels: told.numberWidth, flipSineToCosine: configuration.flipSineToCosine,
            frequencyShift: configuration.frequencyShift
        ).reshaped([1, whole.sizes.count * told.numberWidth])
        let input = Tensor.concatenated([whole.texts, sizes.repeated(whole.texts.shape[0])], axis: -1)
        return added(input) + embedded.reshaped([embedded.shape[-1]])
    }
}

/// diffusers' `get_guidance_scale_embedding`: sines, then cosines of 1000 (scale - 1) exp(-i log(10000) / (half - 1)), rounded where the
/// reference rounds, as angles of thousands show it.
private func guidanceEmbedding(_ scale: Float, width: Int) -> Tensor {
    let half = width / 2
    let rate = log(Float(10000)) / Float(half - 1)
    let angles = (0..<half).map { (scale - 1) * 1000 * exp(Float($0) * -rate) }
    return Tensor(angles.map { sin($0) } + angles.map { cos($0) }, shape: [1, width])
}

/// `DownBlock2D` and `CrossAttnDownBlock2D`.
private struct DownBlock: Sendable {
    private let residuals: [ResidualBlock]
    /// Empty where the level does not look at the text.
    private let attentions: [SpatialTransformer]
    private let downsampler: Downsampler?

    init(
        _ weights: Weights, _ configuration: UNetConfiguration, level: Int, input: Int, timeWidth: Int
    ) throws(CheckpointError) {
        let output = configuration.channels[level]
        var residuals: [ResidualBlock] = []
        var attentions: [SpatialTransformer] = []
        for layer in 0..<configuration.layers[level] {
            residuals.append(
                try configuration.residual(
                    weights["resnets"][layer], input: layer == 0 ? input : output, output: output, timeWidth: timeWidth))
            if configuration.downAttention[level] {
                attentions.append(
                    try configuration.transformer(
                        weights["attentions"][layer], level: level, layers: configuration.depth(down: level, layer: layer)))
            }
        }
        self.residuals = residuals
        self.attentions = attentions
        let last = level == configuration.channels.count - 1
        downsampler = last ? nil : try Downsampler(weights["downsamplers"][0], channels: output, evenPadding: true)
    }

    func callAsFunction(
        _ x: Tensor, _ activatedTime: Tensor, _ context: TextContext, _ skips: inout [Tensor], _ checkCancelled: CancellationCheck
    ) throws -> Tensor {
        var x = x
        for (layer, residual) in residuals.enumerated() {
            try checkCancelled()
            x = residual(x, activatedTime: activatedTime)
            if !attentions.isEmpty { x = attentions[layer](x, context) }
            skips.append(x)
        }
        if let downsampler {
            x = downsampler(x)
            skips.append(x)
        }
        return x
    }
}

/// `UNetMidBlock2DCrossAttn`, or `UNetMidBlock2D` as distilled models have it.
private struct MiddleBlock: Sendable {
    private let first: ResidualBlock
    /// Nil where the block does not look at the text and ends with its first part.
    private let rest: (attention: SpatialTransformer, second: ResidualBlock)?

    init(_ weights: Weights, _ configuration: UNetConfiguration, timeWidth: Int) throws(CheckpointError) {
        let level = configuration.channels.count - 1
        let channels = configuration.channels[level]
        first = try configuration.residual(weights["resnets"][0], input: channels, output: channels, timeWidth: timeWidth)
        guard configuration.middleLooks else {
            rest = nil
            return
        }
        rest = (
            try configuration.transformer(weights["attentions"][0], level: level, layers: configuration.transformerLayers[level]),
            try configuration.residual(weights["resnets"][1], input: channels, output: channels, timeWidth: timeWidth)
        )
    }

    func callAsFunction(
        _ x: Tensor, _ activatedTime: Tensor, _ context: TextContext, _ checkCancelled: CancellationCheck
    ) throws -> Tensor {
        try checkCancelled()
        let begun = first(x, activatedTime: activatedTime)
        guard let rest else { return begun }
        let looked = rest.attention(begun, context)
        try checkCancelled()
        return rest.second(looked, activatedTime: activatedTime)
    }
}

/// `UpBlock2D` and `CrossAttnUpBlock2D`.
private struct UpBlock: Sendable {
    private let residuals: [ResidualBlock]
    private let attentions: [SpatialTransformer]
    private let upsampler: Upsampler?

    /// - Parameter block: counted from the lowest resolution upwards.
    init(_ weights: Weights, _ configuration: UNetConfiguration, block: Int, timeWidth: Int) throws(CheckpointError) {
        let levels = configuration.channels.count
        let level = levels - 1 - block
        let output = configuration.channels[level]
        let below = configuration.channels[min(level + 1, levels - 1)]
        let above = configuration.channels[max(level - 1, 0)]
        let count = configuration.layers[level] + 1
        var residuals: [ResidualBlock] = []
        var attentions: [SpatialTransformer] = []
        for layer in 0..<count {
            let skip = layer == count - 1 ? above : output
            residuals.append(
                try configuration.residual(
                    weights["resnets"][layer], input: (layer == 0 ? below : output) + skip, output: output, timeWidth: timeWidth))
            if configuration.upAttention[block] {
                attentions.append(
                    try configuration.transformer(
                        weights["attentions"][layer], level: level, layers: configuration.depth(up: block, layer: layer)))
            }
        }
        self.residuals = residuals
        self.attentions = attentions
        upsampler = level == 0 ? nil : try Upsampler(weights["upsamplers"][0], channels: output)
    }

    /// - Parameter beforeLast: is given what the last layer is about to take.
    func callAsFunction(
        _ x: Tensor, _ activatedTime: Tensor, _ context: TextContext, _ skips: inout [Tensor], _ checkCancelled: CancellationCheck,
        beforeLast: (Tensor) -> Void
    ) throws -> Tensor {
        var x = x
        for layer in residuals.indices {
            if layer == residuals.count - 1 { beforeLast(x) }
            x = try self.layer(layer, x, skip: skips.removeLast(), activatedTime, context, checkCancelled)
        }
        if let upsampler, let next = skips.last {
            x = upsampler(x, height: next.shape[1], width: next.shape[2])
        }
        return x
    }

    /// The last layer alone.
    func ending(
        _ x: Tensor, skip: Tensor, _ activatedTime: Tensor, _ context: TextContext, _ checkCancelled: CancellationCheck
    ) throws -> Tensor {
        try layer(residuals.count - 1, x, skip: skip, activatedTime, context, checkCancelled)
    }

    private func layer(
        _ index: Int, _ x: Tensor, skip: Tensor, _ activatedTime: Tensor, _ context: TextContext, _ checkCancelled: CancellationCheck
    ) throws -> Tensor {
        try checkCancelled()
        let made = residuals[index](Tensor.concatenated([x, skip], axis: -1), activatedTime: activatedTime)
        return attentions.isEmpty ? made : attentions[index](made, context)
    }
}

extension UNetConfiguration {
    fileprivate func residual(_ weights: Weights, input: Int, output: Int, timeWidth: Int) throws(CheckpointError) -> ResidualBlock {
        try ResidualBlock(weights, input: input, output: output, timeWidth: timeWidth, groups: normGroups, epsilon: normEpsilon)
    }

    fileprivate func transformer(_ weights: Weights, level: Int, layers: Int) throws(CheckpointError) -> SpatialTransformer {
        try SpatialTransformer(
            weights, channels: channels[level], heads: heads[level], layers: layers, textWidth: textWidths[level],
            groups: normGroups)
    }
}

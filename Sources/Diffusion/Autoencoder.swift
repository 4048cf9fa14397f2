import Foundation
import Checkpoints
import Layers
import Tensors

/// What turns pictures to latents an eighth as wide and back: an `AutoencoderKL`, or the `AutoencoderTiny` of TAESD. Source: diffusers.
package struct Autoencoder: Sendable {
    package let configuration: AutoencoderConfiguration
    private let form: Form

    private enum Form: Sendable {
        /// Without its encoder where nothing is encoded any more.
        case standard(Encoder?, quantization: Linear?, postQuantization: Linear?, Decoder)
        case tiny(TinyEncoder, TinyDecoder)
    }

    /// - Parameter weights: the scope of the autoencoder; every tensor in it must be one of this architecture's.
    package init(_ weights: Weights, configuration: AutoencoderConfiguration) throws(CheckpointError) {
        self.configuration = configuration
        if let blocks = configuration.tiny {
            form = .tiny(
                try TinyEncoder(weights["encoder"], configuration, blocks), try TinyDecoder(weights["decoder"], configuration, blocks))
        } else {
            let latents = configuration.latentChannels
            form = .standard(
                try Encoder(weights["encoder"], configuration),
                quantization: configuration.usesQuantization
                    ? try Linear(weights["quant_conv"], input: 2 * latents, output: 2 * latents) : nil,
                postQuantization: configuration.usesPostQuantization
                    ? try Linear(weights["post_quant_conv"], input: latents, output: latents) : nil,
                try Decoder(weights["decoder"], configuration))
        }
        try weights.requireAllRead()
    }

    private init(_ configuration: AutoencoderConfiguration, _ form: Form) {
        (self.configuration, self.form) = (configuration, form)
    }

    /// The same for latents alone; a tiny one has hardly anything to save.
    var withoutEncoder: Autoencoder {
        guard case .standard(_, _, let postQuantization, let decoder) = form else { return self }
        return Autoencoder(configuration, .standard(nil, quantization: nil, postQuantization: postQuantization, decoder))
    }

    /// The distribution of a picture's latents.
    package struct Posterior: Sendable {
        /// [batch, height / 8, width / 8, latentChannels]
        package let mean: Tensor
        /// Same shape; nil where the autoencoder gives one latent and no distribution, so that nothing is drawn.
        package let deviation: Tensor?

        /// A sample, given normal noise of the mean's shape.
        package func sample(_ noise: Tensor) -> Tensor {
            deviation.map { mean + $0 * noise } ?? mean
        }
    }

    /// - Parameter picture: [batch, height, width, 3] in -1 ... 1; both sides multiples of the scale.
    /// - Returns: latents in the autoencoder's own scale; `scaled` brings them to the UNet's.
    package func encode(_ picture: Tensor, checkCancelled: CancellationCheck = {}) throws -> Posterior {
        switch form {
        case .tiny(let encoder, _):
            return Posterior(mean: try encoder(picture, checkCancelled), deviation: nil)
        case .standard(let encoder, let quantization, _, _):
            guard let encoder else { preconditionFailure("an autoencoder is to encode that was left its decoder alone") }
            let hidden = try encoder(picture, checkCancelled)
            let moments = quantization?(hidden) ?? hidden
            let parts = moments.chunks(2)
            return Posterior(mean: parts[0], deviation: parts[1].mapped { expf(0.5 * min(max($0, -30), 20)) })
        }
    }

    /// - Parameter latent: [batch, height / 8, width / 8, latentChannels] in the autoencoder's own scale, as `unscaled` gives it.
    /// - Returns: [batch, height, width, 3], about -1 ... 1.
    package func decode(_ latent: Tensor, checkCancelled: CancellationCheck = {}) throws -> Tensor {
        switch form {
        case .tiny(_, let decoder): try decoder(latent, checkCancelled)
        case .standard(_, _, let postQuantization, let decoder): try decoder(postQuantization?(latent) ?? latent, checkCancelled)
        }
    }

    /// A latent of this autoencoder as the UNet was trained to see it.
    package func scaled(_ latent: Tensor) -> Tensor {
        if let spread = configuration.spread {
            return (latent - spread.mean) * (spread.deviation.mapped { configuration.scalingFactor / $0 })
        }
        return configuration.shiftFactor == 0
            ? latent * configuration.scalingFactor : (latent - configuration.shiftFactor) * configuration.scalingFactor
    }

    /// The way back from `scaled`.
    package func unscaled(_ latent: Tensor) -> Tensor {
        if let spread = configuration.spread {
            return latent * (spread.deviation / configuration.scalingFactor) + spread.mean
        }
        let divided = latent / configuration.scalingFactor
        return configuration.shiftFactor == 0 ? divided : divided + configuration.shiftFactor
    }
}

private struct Encoder: Sendable {
    private let convIn: Conv2D
    private let down: [(residuals: [ResidualBlock], downsampler: Downsampler?)]
    private let middle: AutoencoderMiddle
    private let normOut: GroupNorm
    private let convOut: Conv2D

    init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws(CheckpointError) {
        let channels = configuration.channels
        convIn = try Conv2D(weights["conv_in"], input: configuration.inputChannels, output: channels[0], kernel: 3, padding: 1)
        var down: [(residuals: [ResidualBlock], downsampler: Downsampler?)] = []
        for level in channels.indices {
            let scope = weights["down_blocks"][level]
            let residuals = try configuration.residuals(
                scope["resnets"], count: configuration.layers, input: channels[max(level - 1, 0)], output: channels[level])
            let last = level == channels.count - 1
            let downsampler = last ? nil : try Downsampler(scope["downsamplers"][0], channels: channels[level], evenPadding: false)
            down.append((residuals, downsampler))
        }
        self.down = down
        middle = try AutoencoderMiddle(weights["mid_block"], configuration)
        normOut = try GroupNorm(
            weights["conv_norm_out"], groups: configuration.normGroups, channels: channels[channels.count - 1], epsilon: 1e-6)
        convOut = try Conv2D(
            weights["conv_out"], input: channels[channels.count - 1], output: 2 * configuration.latentChannels, kernel: 3, padding: 1)
    }

    func callAsFunction(_ picture: Tensor, _ checkCancelled: CancellationCheck) throws -> Tensor {
        var x = convIn(picture)
        for level in down {
            for residual in level.residuals {
                try checkCancelled()
                x = residual(x)
            }
            if let downsampler = level.downsampler { x = downsampler(x) }
        }
        x = try middle(x, checkCancelled)
        try checkCancelled()
        return convOut(x, behind: normOut, .silu)
    }
}

private struct Decoder: Sendable {
    private let convIn: Conv2D
    private let middle: AutoencoderMiddle
    private let up: [(residuals: [ResidualBlock], upsampler: Upsampler?)]
    private let normOut: GroupNorm
    private let convOut: Conv2D

    init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws(CheckpointError) {
        let channels = Array(configuration.channels.reversed())
        convIn = try Conv2D(weights["conv_in"], input: configuration.latentChannels, output: channels[0], kernel: 3, padding: 1)
        middle = try AutoencoderMiddle(weights["mid_block"], configuration)
        var up: [(residuals: [ResidualBlock], upsampler: Upsampler?)] = []
        for block in channels.indices {
            let scope = weights["up_blocks"][block]
            let residuals = try configuration.residuals(
                scope["resnets"], count: configuration.layers + 1, input: channels[max(block - 1, 0)], output: channels[block])
            let last = block == channels.count - 1
            up.append((residuals, last ? nil : try Upsampler(scope["upsamplers"][0], channels: channels[block])))
        }
        self.up = up
        let smallest = channels[channels.count - 1]
        normOut = try GroupNorm(weights["conv_norm_out"], groups: configuration.normGroups, channels: smallest, epsilon: 1e-6)
        convOut = try Conv2D(weights["conv_out"], input: smallest, output: configuration.outputChannels, kernel: 3, padding: 1)
    }

    func callAsFunction(_ latent: Tensor, _ checkCancelled: CancellationCheck) throws -> Tensor {
        var x = try middle(convIn(latent), checkCancelled)
        for level in up {
            for residual in level.residuals {
                try checkCancelled()
                x = residual(x)
            }
            if let upsampler = level.upsampler {
                try checkCancelled()
                x = upsampler(x, height: 2 * x.shape[1], width: 2 * x.shape[2])
            }
        }
        try checkCancelled()
        return convOut(x, behind: normOut, .silu)
    }
}

/// `UNetMidBlock2D` without time.
private struct AutoencoderMiddle: Sendable {
    private let first: ResidualBlock
    private let attention: PixelAttention?
    private let second: ResidualBlock

    init(_ weights: Weights, _ configuration: AutoencoderConfiguration) throws(CheckpointError) {
        let channels = configuration.channels[configuration.channels.count - 1]
        first = try configuration.residual(weights["resnets"][0], input: channels, output: channels)
        attention =
            configuration.middleAttention
            ? try PixelAttention(weights["attentions"][0], channels: channels, groups: configuration.normGroups) : nil
        second = try configuration.residual(weights["resnets"][1], input: channels, output: channels)
    }

    func callAsFunction(_ x: Tensor, _ checkCancelled: CancellationCheck) throws -> Tensor {
        try checkCancelled()
        var x = first(x)
        if let attention {
            try checkCancelled()
            x = attention(x)
        }
        try checkCancelled()
        return second(x)
    }
}

/// Attention of every pixel to every other, with one head; its input is added.
private struct PixelAttention: Sendable {
    private let norm: GroupNorm
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear

    /// Reads today's tensor names and those of the first diffusers releases.
    init(_ weights: Weights, channels: Int, groups: Int) throws(CheckpointError) {
        func linear(_ scope: Weights, _ former: String) throws(CheckpointError) -> Linear {
            try Linear(weights.has(former) ? weights[former] : scope, input: channels, output: channels)
        }
        norm = try GroupNorm(weights["group_norm"], groups: groups, channels: channels, epsilon: 1e-6)
        query = try linear(weights["to_q"], "query")
        key = try linear(weights["to_k"], "key")
        value = try linear(weights["to_v"], "value")
        output = try linear(weights["to_out"][0], "proj_attn")
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        let tokens = norm(x).reshaped([x.shape[0], x.shape[1] * x.shape[2], x.shape[3]])
        let looked = attention(query(tokens), key(tokens), value(tokens), heads: 1, arithmetic: query.arithmetic)
        return output(looked.reshaped(x.shape), adding: x)
    }
}

extension AutoencoderConfiguration {
    fileprivate func residual(_ weights: Weights, input: Int, output: Int) throws(CheckpointError) -> ResidualBlock {
        try ResidualBlock(weights, input: input, output: output, timeWidth: nil, groups: normGroups, epsilon: 1e-6)
    }

    fileprivate func residuals(_ weights: Weights, count: Int, input: Int, output: Int) throws(CheckpointError) -> [ResidualBlock] {
        var blocks: [ResidualBlock] = []
        for index in 0..<count {
            blocks.append(try residual(weights[index], input: index == 0 ? input : output, output: output))
        }
        return blocks
    }
}

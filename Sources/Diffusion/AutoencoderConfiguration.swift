import Foundation
import Tensors

/// The `config.json` of an `AutoencoderKL` or an `AutoencoderTiny`.
package struct AutoencoderConfiguration: Sendable, Equatable {
    package var inputChannels = 3
    package var outputChannels = 3
    package var latentChannels = 4
    /// Channels of each level, from full resolution downwards.
    package var channels: [Int] = [128, 256, 512, 512]
    /// Residual blocks of each level of the encoder; the decoder has one more.
    package var layers = 2
    package var normGroups = 32
    /// What a latent is multiplied with before the UNet sees it.
    package var scalingFactor: Float = 0.18215
    /// What is taken from a latent before that.
    package var shiftFactor: Float = 0
    /// `latents_mean` and `latents_std`, [latentChannels] each, where the latents are brought to mean 0 and deviation 1 by channel.
    package var spread: Spread?
    package var usesQuantization = true
    package var usesPostQuantization = true
    /// Whether the middle blocks look across the whole picture.
    package var middleAttention = true

    /// Width and height of the pictures it was trained on, where the file tells.
    package var sampleSize: Int?

    /// Residual blocks of each level of an `AutoencoderTiny`, encoder and decoder in their own order; nil: the standard architecture.
    package var tiny: TinyBlocks?

    /// Mean and deviation of each channel, by which latents are brought to the network's scale.
    package struct Spread: Sendable, Equatable {
        package var mean: Tensor
        package var deviation: Tensor
    }
    /// How many blocks each level has.
    package struct TinyBlocks: Sendable, Equatable {
        package var encoder: [Int]
        package var decoder: [Int]
    }

    package init() {}

    /// Pixels a side that one latent value stands for.
    package var scale: Int { 1 << (channels.count - 1) }

    /// Reads a `config.json`.
    /// - Throws: `DiffusionError` that names the key, for values this engine does not know.
    package init(contentsOf url: URL) throws {
        try self.init(ConfigurationFile(contentsOf: url))
    }

    init(_ file: ConfigurationFile) throws(DiffusionError) {
        try file.require("_class_name", in: ["AutoencoderKL", "AutoencoderTiny"])
        inputChannels = try file.integer("in_channels", default: 3)
        outputChannels = try file.integer("out_channels", default: 3)
        latentChannels = try file.integer("latent_channels", default: 4)
        sampleSize = file.has("sample_size") ? try file.integer("sample_size") : nil
        guard inputChannels == 3, outputChannels == 3 else {
            throw file.unsupported(inputChannels == 3 ? "out_channels" : "in_channels", "not 3", supported: "3")
        }
        if file.has("_class_name"), try file.text("_class_name") == "AutoencoderTiny" {
            try readTiny(file)
        } else {
            try readStandard(file)
        }
        try validate(in: file.name)
    }

    /// Checks that layers can be made of it, wherever it came from: a file, or the tensors of a checkpoint.
    ///
    /// - Parameter file: named in errors.
    func validate(in file: String) throws(DiffusionError) {
        func refuse(_ key: String, _ value: String, _ supported: String) -> DiffusionError {
            .unsupported(file: file, key: key, value: value, supported: supported)
        }
        guard (1...64).contains(latentChannels) else { throw refuse("latent_channels", "\(latentChannels)", "1 to 64") }
        guard scalingFactor > 0, scalingFactor.isFinite else { throw refuse("scaling_factor", "\(scalingFactor)", "numbers above 0") }
        guard shiftFactor.isFinite else { throw refuse("shift_factor", "\(shiftFactor)", "finite numbers") }
        if let spread {
            for (key, values) in [("latents_mean", spread.mean.values), ("latents_std", spread.deviation.values)]
            where values.count != latentChannels || !values.allSatisfy({ $0.isFinite && (key == "latents_mean" || $0 > 0) }) {
                throw refuse(key, "\(values)", "\(latentChannels) numbers\(key == "latents_std" ? " above 0" : "")")
            }
        }
        guard (1...8).contains(channels.count), channels.allSatisfy({ (1...16_384).contains($0) }) else {
            throw refuse("block_out_channels", "\(channels)", "1 to 8 levels")
        }
        if let sampleSize, !(1...65_536).contains(sampleSize) { throw refuse("sample_size", "\(sampleSize)", "1 to 65536") }
        guard tiny == nil else { return }
        guard (1...16).contains(layers) else { throw refuse("layers_per_block", "\(layers)", "1 to 16") }
        guard normGroups > 0, channels.allSatisfy({ $0 % normGroups == 0 }) else {
            throw refuse("norm_num_groups", "\(normGroups)", "a divisor of every number in block_out_channels \(channels)")
        }
    }

    private mutating func readStandard(_ file: ConfigurationFile) throws(DiffusionError) {
        channels = try file.integers("block_out_channels", default: [64])
        layers = try file.integer("layers_per_block", default: 1)
        normGroups = try file.integer("norm_num_groups", default: 32)
        scalingFactor = Float(try file.number("scaling_factor", default: 0.18215))
        shiftFactor = Float(try file.number("shift_factor", default: 0))
        usesQuantization = try file.flag("use_quant_conv", default: true)
        usesPostQuantization = try file.flag("use_post_quant_conv", default: true)
        middleAttention = try file.flag("mid_block_add_attention", default: true)
        for (key, block) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] where file.has(key) {
            let names = try file.texts(key)
            guard names.count == channels.count else {
                throw .malformedConfiguration(file: file.name, key: key, reason: "\(names.count) blocks for \(channels.count) levels")
            }
            if let foreign = names.first(where: { $0 != block }) { throw file.unsupported(key, "\"\(foreign)\"", supported: block) }
        }
        try file.require("act_fn", in: ["silu", "swish"])
        if file.has("latents_mean"), file.has("latents_std") {
            func perChannel(_ key: String) throws(DiffusionError) -> Tensor {
                let values = try file.numbers(key)
                guard values.count == latentChannels, values.allSatisfy(\.isFinite) else {
                    throw .malformedConfiguration(
                        file: file.name, key: key, reason: "\(values.count) values for \(latentChannels) channels")
                }
                return Tensor(values.map { Float($0) }, shape: [latentChannels])
            }
            spread = Spread(mean: try perChannel("latents_mean"), deviation: try perChannel("latents_std"))
        }
    }

    private mutating func readTiny(_ file: ConfigurationFile) throws(DiffusionError) {
        channels = try file.integers("encoder_block_out_channels", default: [64, 64, 64, 64])
        let decoder = try file.integers("decoder_block_out_channels", default: [64, 64, 64, 64])
        let blocks = TinyBlocks(
            encoder: try file.integers("num_encoder_blocks", default: [1, 3, 3, 3]),
            decoder: try file.integers("num_decoder_blocks", default: [3, 3, 3, 1]))
        // The reference's layers take one number of channels from level to level too, and fail to run with others.
        guard Set(channels + decoder).count == 1 else {
            throw file.unsupported("decoder_block_out_channels", "\(decoder)", supported: "one number of channels for all levels")
        }
        for (key, counts) in [("num_encoder_blocks", blocks.encoder), ("num_decoder_blocks", blocks.decoder)] {
            guard counts.count == channels.count, decoder.count == channels.count, counts.allSatisfy({ (0...16).contains($0) }) else {
                throw file.unsupported(key, "\(counts)", supported: "0 to 16 blocks for each of \(channels.count) levels")
            }
        }
        scalingFactor = Float(try file.number("scaling_factor", default: 1))
        try file.require("act_fn", in: ["relu"])
        try file.require("upsample_fn", in: ["nearest"])
        try file.requireUnused("upsampling_scaling_factor", neutral: 2)
        try file.requireUnused("shift_factor", neutral: 0)
        tiny = blocks
    }
}

import Foundation

/// The `config.json` of an `AutoencoderKL`.
public struct AutoencoderConfiguration: Sendable, Equatable {
    public var inputChannels = 3
    public var outputChannels = 3
    public var latentChannels = 4
    /// Channels of each level, from full resolution downwards.
    public var channels: [Int] = [128, 256, 512, 512]
    /// Residual blocks of each level of the encoder; the decoder has one more.
    public var layers = 2
    public var normGroups = 32
    /// What a latent is multiplied with before the UNet sees it.
    public var scalingFactor: Float = 0.18215
    public var usesQuantization = true
    public var usesPostQuantization = true
    /// Whether the middle blocks look across the whole picture.
    public var middleAttention = true

    /// Pixels a side that one latent value stands for.
    public var scale: Int { 1 << (channels.count - 1) }

    /// Reads a `config.json`.
    /// - Throws: `DiffusionError` that names the key, for values this engine does not know.
    public init(contentsOf url: URL) throws {
        try self.init(ConfigurationFile(contentsOf: url))
    }

    init(_ file: ConfigurationFile) throws(DiffusionError) {
        try file.require("_class_name", in: ["AutoencoderKL"])
        inputChannels = try file.integer("in_channels", default: 3)
        outputChannels = try file.integer("out_channels", default: 3)
        latentChannels = try file.integer("latent_channels", default: 4)
        channels = try file.integers("block_out_channels", default: [64])
        layers = try file.integer("layers_per_block", default: 1)
        normGroups = try file.integer("norm_num_groups", default: 32)
        scalingFactor = Float(try file.number("scaling_factor", default: 0.18215))
        usesQuantization = try file.flag("use_quant_conv", default: true)
        usesPostQuantization = try file.flag("use_post_quant_conv", default: true)
        middleAttention = try file.flag("mid_block_add_attention", default: true)

        guard inputChannels == 3, outputChannels == 3 else {
            throw file.unsupported(inputChannels == 3 ? "out_channels" : "in_channels", "not 3", supported: "3")
        }
        guard (1...64).contains(latentChannels) else {
            throw file.unsupported("latent_channels", "\(latentChannels)", supported: "1 to 64")
        }
        guard (1...8).contains(channels.count), channels.allSatisfy({ (1...16_384).contains($0) }) else {
            throw file.unsupported("block_out_channels", "\(channels)", supported: "1 to 8 levels")
        }
        guard (1...16).contains(layers) else { throw file.unsupported("layers_per_block", "\(layers)", supported: "1 to 16") }
        guard normGroups > 0, channels.allSatisfy({ $0 % normGroups == 0 }) else {
            throw file.unsupported("norm_num_groups", "\(normGroups)", supported: "a divisor of every number in block_out_channels")
        }
        guard scalingFactor > 0, scalingFactor.isFinite else {
            throw file.unsupported("scaling_factor", "\(scalingFactor)", supported: "numbers above 0")
        }
        for (key, block) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] where file.has(key) {
            let names = try file.texts(key)
            guard names.count == channels.count else {
                throw .malformedConfiguration(file: file.name, key: key, reason: "\(names.count) blocks for \(channels.count) levels")
            }
            if let foreign = names.first(where: { $0 != block }) { throw file.unsupported(key, "\"\(foreign)\"", supported: block) }
        }
        try file.require("act_fn", in: ["silu", "swish"])
        for key in ["shift_factor", "latents_mean", "latents_std"] { try file.requireUnused(key) }
    }
}

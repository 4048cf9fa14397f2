import Foundation

/// The `config.json` of a `UNet2DConditionModel`.
package struct UNetConfiguration: Sendable, Equatable {
    /// Channels of a latent, plus those of mask and masked picture in a UNet made for repainting.
    package var inputChannels = 4
    package var outputChannels = 4
    /// Channels of each level, from full resolution downwards.
    package var channels: [Int] = [320, 640, 1280, 1280]
    /// Residual blocks of each level on the way down; one more on the way up.
    package var layers: [Int] = [2, 2, 2, 2]
    /// Which levels look at the text, downwards and upwards.
    package var downAttention = [true, true, true, false]
    package var upAttention = [false, true, true, true]
    /// Whether there is a middle block.
    package var hasMiddle = true
    /// Whether it looks at the text, between two residual blocks; one that does not is a single residual block.
    package var middleLooks = true
    /// Width of the text states, by level.
    package var textWidths: [Int] = [768, 768, 768, 768]
    /// Attention heads of each level. The file calls it `attention_head_dim`, by an old mistake that every checkpoint has.
    package var heads: [Int] = [8, 8, 8, 8]
    /// Transformer blocks in each attention, by level.
    package var transformerLayers: [Int] = [1, 1, 1, 1]
    /// The same where the attentions of a level differ, as in distilled models; nil: all have what `transformerLayers` says of their level.
    package var depths: Depths?

    /// Transformer blocks of each attention, by block.
    package struct Depths: Sendable, Equatable {
        package var down: [[Int]]
        /// From the lowest resolution upwards.
        package var up: [[Int]]
    }

    /// Transformer blocks of an attention on the way down.
    func depth(down level: Int, layer: Int) -> Int { depths?.down[level][layer] ?? transformerLayers[level] }
    /// Of one on the way up; blocks are counted from the lowest resolution.
    func depth(up block: Int, layer: Int) -> Int { depths?.up[block][layer] ?? transformerLayers[channels.count - 1 - block] }
    package var normGroups = 32
    package var normEpsilon: Float = 1e-5
    package var flipSineToCosine = true
    package var frequencyShift: Float = 0
    /// Width and height of the latents it was trained on, where the file tells.
    package var sampleSize: Int?
    /// Width of the embedding of the guidance scale that a latent consistency model was distilled with; such a model takes the scale as an
    /// input and runs without a negative prompt.
    package var guidanceEmbeddingWidth: Int?
    /// What SDXL is told beside the prompt's tokens.
    package var added: AddedConditioning?

    /// `addition_embed_type: text_time`: the pooled text and sinusoids of six numbers (original height and width, top, left, target height
    /// and width).
    package struct AddedConditioning: Sendable, Equatable {
        /// Width of one number's sinusoid.
        package var numberWidth: Int
        /// Width of pooled text and sinusoids together.
        package var inputWidth: Int
        package static let numbers = 6

        package init(numberWidth: Int, inputWidth: Int) {
            (self.numberWidth, self.inputWidth) = (numberWidth, inputWidth)
        }

        package var pooledWidth: Int { inputWidth - Self.numbers * numberWidth }
    }

    package init() {}

    /// Reads a `config.json`.
    /// - Throws: `DiffusionError` that names the key, for values this engine does not know.
    package init(contentsOf url: URL) throws {
        try self.init(ConfigurationFile(contentsOf: url))
    }

    init(_ file: ConfigurationFile) throws(DiffusionError) {
        try file.require("_class_name", in: ["UNet2DConditionModel"])
        inputChannels = try file.integer("in_channels", default: 4)
        outputChannels = try file.integer("out_channels", default: 4)
        channels = try file.integers("block_out_channels", default: [320, 640, 1280, 1280])
        let levels = channels.count
        guard (1...8).contains(levels) else {
            throw file.unsupported("block_out_channels", "\(channels)", supported: "1 to 8 levels")
        }
        layers = try file.integers("layers_per_block", levels: levels, default: 2)
        downAttention = try Self.attention(
            file, "down_block_types", levels, with: "CrossAttnDownBlock2D", without: "DownBlock2D", usual: [true, true, true, false])
        upAttention = try Self.attention(
            file, "up_block_types", levels, with: "CrossAttnUpBlock2D", without: "UpBlock2D", usual: [false, true, true, true])
        if file.has("mid_block_type") {
            try file.require("mid_block_type", in: ["UNetMidBlock2DCrossAttn", "UNetMidBlock2D"])
            middleLooks = try file.text("mid_block_type") == "UNetMidBlock2DCrossAttn"
        } else {
            // Null means that there is none; a key left out means the class's default.
            hasMiddle = !file.states("mid_block_type")
        }
        textWidths = try file.integers("cross_attention_dim", levels: levels, default: 1280)
        heads = try file.integers("attention_head_dim", levels: levels, default: 8)
        if file.hasLists("transformer_layers_per_block") || file.has("reverse_transformer_layers_per_block") {
            let down = try file.lists("transformer_layers_per_block", counts: layers)
            let up = try file.lists("reverse_transformer_layers_per_block", counts: layers.reversed().map { $0 + 1 })
            depths = Depths(down: down, up: up)
            transformerLayers = down.map { $0.first ?? 1 }
        } else {
            transformerLayers = try file.integers("transformer_layers_per_block", levels: levels, default: 1)
        }
        normGroups = try file.integer("norm_num_groups", default: 32)
        normEpsilon = Float(try file.number("norm_eps", default: 1e-5))
        flipSineToCosine = try file.flag("flip_sin_to_cos", default: true)
        frequencyShift = Float(try file.number("freq_shift", default: 0))
        sampleSize = file.has("sample_size") ? try file.integer("sample_size") : nil
        guidanceEmbeddingWidth = file.has("time_cond_proj_dim") ? try file.integer("time_cond_proj_dim") : nil
        added = try Self.added(file)
        try Self.refuseForeign(file)

        try validate(in: file.name)
    }

    /// Checks that layers can be made of it, wherever it came from: a file, or the tensors of a checkpoint.
    ///
    /// - Parameter file: named in errors.
    func validate(in file: String) throws(DiffusionError) {
        func refuse(_ key: String, _ value: String, _ supported: String) -> DiffusionError {
            .unsupported(file: file, key: key, value: value, supported: supported)
        }
        guard (1...8).contains(channels.count) else { throw refuse("block_out_channels", "\(channels)", "1 to 8 levels") }
        for (key, values) in [
            ("block_out_channels", channels), ("layers_per_block", layers), ("attention_head_dim", heads),
            ("cross_attention_dim", textWidths), ("transformer_layers_per_block", transformerLayers),
        ] where !values.allSatisfy({ (1...16_384).contains($0) }) {
            throw refuse(key, "\(values)", "1 to 16384")
        }
        if let depths {
            let counts = (depths.down.map(\.count), depths.up.map(\.count))
            guard counts == (layers, layers.reversed().map { $0 + 1 }),
                (depths.down + depths.up).joined().allSatisfy({ (1...64).contains($0) })
            else { throw refuse("transformer_layers_per_block", "\(depths.down), \(depths.up)", "1 to 64 for each attention") }
        }
        guard (1...64).contains(inputChannels) else { throw refuse("in_channels", "\(inputChannels)", "1 to 64") }
        guard (1...64).contains(outputChannels) else { throw refuse("out_channels", "\(outputChannels)", "1 to 64") }
        guard normGroups > 0, channels.allSatisfy({ $0 % normGroups == 0 }) else {
            throw refuse("norm_num_groups", "\(normGroups)", "a divisor of every number in block_out_channels \(channels)")
        }
        for (level, count) in heads.enumerated() where channels[level] % count != 0 {
            throw refuse("attention_head_dim", "\(count)", "a divisor of the \(channels[level]) channels of its level")
        }
        if let width = guidanceEmbeddingWidth, !(4...4096).contains(width) || width % 2 != 0 {
            throw refuse("time_cond_proj_dim", "\(width)", "even numbers from 4 to 4096")
        }
        if let sampleSize, !(1...8192).contains(sampleSize) { throw refuse("sample_size", "\(sampleSize)", "1 to 8192") }
        guard channels[0] % 2 == 0 else { throw refuse("block_out_channels", "\(channels)", "an even first number") }
        guard let added else { return }
        guard (2...4096).contains(added.numberWidth), added.numberWidth % 2 == 0 else {
            throw refuse("addition_time_embed_dim", "\(added.numberWidth)", "even numbers from 2 to 4096")
        }
        guard (1...65_536).contains(added.inputWidth), (1...16_384).contains(added.pooledWidth) else {
            throw refuse(
                "projection_class_embeddings_input_dim", "\(added.inputWidth)",
                "6 times addition_time_embed_dim and 1 to 16384 for the pooled text")
        }
    }

    private static func added(_ file: ConfigurationFile) throws(DiffusionError) -> AddedConditioning? {
        guard file.has("addition_embed_type") else { return nil }
        try file.require("addition_embed_type", in: ["text_time"])
        return AddedConditioning(
            numberWidth: try file.integer("addition_time_embed_dim"), inputWidth: try file.integer("projection_class_embeddings_input_dim"))
    }

    private static func attention(
        _ file: ConfigurationFile, _ key: String, _ levels: Int, with: String, without: String, usual: [Bool]
    ) throws(DiffusionError) -> [Bool] {
        let names = file.has(key) ? try file.texts(key) : usual.map { $0 ? with : without }
        guard names.count == levels else {
            throw .malformedConfiguration(file: file.name, key: key, reason: "\(names.count) blocks for \(levels) levels")
        }
        for name in names where name != with && name != without {
            throw file.unsupported(key, "\"\(name)\"", supported: "\(with), \(without)")
        }
        return names.map { $0 == with }
    }

    /// Keys of other architectures that share the class: what is set there would change the result, so it is not to be passed over.
    private static func refuseForeign(_ file: ConfigurationFile) throws(DiffusionError) {
        for key in [
            "only_cross_attention", "dual_cross_attention", "center_input_sample", "class_embed_type", "encoder_hid_dim",
            "encoder_hid_dim_type", "num_attention_heads", "num_class_embeds", "resnet_skip_time_act",
            "time_embedding_dim", "time_embedding_act_fn", "timestep_post_act", "cross_attention_norm",
            "class_embeddings_concat", "mid_block_only_cross_attention",
        ] {
            try file.requireUnused(key)
        }
        try file.requireUnused("downsample_padding", neutral: 1)
        try file.requireUnused("mid_block_scale_factor", neutral: 1)
        try file.requireUnused("resnet_out_scale_factor", neutral: 1)
        try file.requireUnused("conv_in_kernel", neutral: 3)
        try file.requireUnused("conv_out_kernel", neutral: 3)
        try file.require("act_fn", in: ["silu", "swish"])
        try file.require("resnet_time_scale_shift", in: ["default"])
        try file.require("time_embedding_type", in: ["positional"])
        try file.require("attention_type", in: ["default"])
    }
}

/// The names that the first releases of Stable Diffusion gave their modules, which single-file checkpoints and many LoRA files still have,
/// against those of diffusers. Source: CompVis/latent-diffusion and diffusers' conversion of it.
package struct LatentDiffusionNames: Sendable {
    /// Module by module, without `.weight` and `.bias`.
    private let toDiffusers: [String: String]

    /// What diffusers calls a tensor; nil where no module of this name is known.
    package func diffusersName(of name: String) -> String? {
        var module = name[...]
        while true {
            if let known = toDiffusers[String(module)] { return known + name[module.endIndex...] }
            guard let dot = module.lastIndex(of: ".") else { return nil }
            module = module[..<dot]
        }
    }

    /// The old name of every module by that of diffusers.
    package var modules: [(old: String, diffusers: String)] {
        toDiffusers.map { (old: $0.key, diffusers: $0.value) }
    }

    private init(_ pairs: [(String, String)]) {
        toDiffusers = Dictionary(pairs) { first, _ in first }
    }

    /// The parts of a residual block under both names.
    private static let residual = [
        ("in_layers.0", "norm1"), ("in_layers.2", "conv1"), ("emb_layers.1", "time_emb_proj"), ("out_layers.0", "norm2"),
        ("out_layers.3", "conv2"), ("skip_connection", "conv_shortcut"),
    ]

    /// - Parameter names: the tensors of a UNet, without the prefix `model.diffusion_model.`. Where a level ends and which blocks look at
    ///   the text is seen from them.
    package init(unet names: Set<String>) {
        var layers = [0]
        var down = [false]
        var index = 1
        while true {
            let old = "input_blocks.\(index)"
            if names.contains("\(old).0.op.weight") {
                layers.append(0)
                down.append(false)
            } else if names.contains("\(old).0.in_layers.0.weight") {
                layers[layers.count - 1] += 1
                if names.contains("\(old).1.norm.weight") { down[down.count - 1] = true }
            } else {
                break
            }
            index += 1
        }
        var up: [Bool] = []
        index = 0
        for count in layers.reversed() {
            up.append(names.contains("output_blocks.\(index).1.norm.weight"))
            index += count + 1
        }
        self.init(unetLayers: layers, downAttention: down, upAttention: up)
    }

    /// - Parameters:
    ///   - layers: residual blocks of each level on the way down; one more on the way up.
    ///   - downAttention, upAttention: which levels look at the text, downwards and upwards.
    package init(unetLayers layers: [Int], downAttention: [Bool], upAttention: [Bool]) {
        var pairs = [
            ("time_embed.0", "time_embedding.linear_1"), ("time_embed.2", "time_embedding.linear_2"),
            ("time_embed.cond_proj", "time_embedding.cond_proj"), ("label_emb.0.0", "add_embedding.linear_1"),
            ("label_emb.0.2", "add_embedding.linear_2"), ("input_blocks.0.0", "conv_in"), ("out.0", "conv_norm_out"), ("out.2", "conv_out"),
        ]
        func block(_ old: String, _ new: String, layer: Int, attention: Bool) {
            pairs += Self.residual.map { ("\(old).0.\($0.0)", "\(new).resnets.\(layer).\($0.1)") }
            if attention { pairs.append(("\(old).1", "\(new).attentions.\(layer)")) }
        }
        let last = layers.count - 1
        var index = 1
        for (level, count) in layers.enumerated() {
            for layer in 0..<count {
                block("input_blocks.\(index)", "down_blocks.\(level)", layer: layer, attention: downAttention[level])
                index += 1
            }
            if level < last {
                pairs.append(("input_blocks.\(index).0.op", "down_blocks.\(level).downsamplers.0.conv"))
                index += 1
            }
        }
        for (old, new) in [("middle_block.0", "mid_block.resnets.0"), ("middle_block.2", "mid_block.resnets.1")] {
            pairs += Self.residual.map { ("\(old).\($0.0)", "\(new).\($0.1)") }
        }
        pairs.append(("middle_block.1", "mid_block.attentions.0"))
        index = 0
        for (level, count) in layers.reversed().enumerated() {
            for layer in 0...count {
                block("output_blocks.\(index)", "up_blocks.\(level)", layer: layer, attention: upAttention[level])
                if layer == count, level < last {
                    pairs.append(("output_blocks.\(index).\(upAttention[level] ? 2 : 1).conv", "up_blocks.\(level).upsamplers.0.conv"))
                }
                index += 1
            }
        }
        self.init(pairs)
    }

    /// - Parameters:
    ///   - levels: of resolution.
    ///   - layers: residual blocks of a level of the encoder.
    package init(autoencoderLevels levels: Int, layers: Int) {
        var pairs = [("quant_conv", "quant_conv"), ("post_quant_conv", "post_quant_conv")]
        for half in ["encoder", "decoder"] {
            pairs += [
                ("\(half).conv_in", "\(half).conv_in"), ("\(half).norm_out", "\(half).conv_norm_out"),
                ("\(half).conv_out", "\(half).conv_out"),
                ("\(half).mid.block_1", "\(half).mid_block.resnets.0"), ("\(half).mid.block_2", "\(half).mid_block.resnets.1"),
            ]
            // The second half of the list: as diffusers names them, which some tools leave within the old names.
            for (old, new) in [
                ("norm", "group_norm"), ("q", "to_q"), ("k", "to_k"), ("v", "to_v"), ("proj_out", "to_out.0"), ("group_norm", "group_norm"),
                ("to_q", "to_q"), ("to_k", "to_k"), ("to_v", "to_v"), ("to_out.0", "to_out.0"),
            ] {
                pairs.append(("\(half).mid.attn_1.\(old)", "\(half).mid_block.attentions.0.\(new)"))
            }
        }
        for level in 0..<levels {
            let block = levels - 1 - level
            pairs.append(("encoder.down.\(level).downsample.conv", "encoder.down_blocks.\(level).downsamplers.0.conv"))
            pairs.append(("decoder.up.\(level).upsample.conv", "decoder.up_blocks.\(block).upsamplers.0.conv"))
            for layer in 0...layers {
                for (old, new) in [
                    ("encoder.down.\(level)", "encoder.down_blocks.\(level)"), ("decoder.up.\(level)", "decoder.up_blocks.\(block)"),
                ] {
                    pairs.append(("\(old).block.\(layer).nin_shortcut", "\(new).resnets.\(layer).conv_shortcut"))
                    pairs.append(("\(old).block.\(layer)", "\(new).resnets.\(layer)"))
                }
            }
        }
        self.init(pairs)
    }

    /// Where a tensor of open_clip's text tower stands in transformers' `CLIPTextModelWithProjection`; nothing for what is not needed.
    ///
    /// - Parameter name: without the tower's prefix.
    package static func openCLIP(_ name: String) -> [TensorPlace]? {
        switch name {
        case "positional_embedding": return [TensorPlace("text_model.embeddings.position_embedding.weight")]
        case "token_embedding.weight": return [TensorPlace("text_model.embeddings.token_embedding.weight")]
        case "ln_final.weight", "ln_final.bias": return [TensorPlace("text_model.final_layer_norm." + name.dropFirst("ln_final.".count))]
        case "text_projection": return [TensorPlace("text_projection.weight", transposed: true)]
        case "text_projection.weight": return [TensorPlace(name)]
        case "logit_scale", "attn_mask": return []
        default: break
        }
        let prefix = "transformer.resblocks."
        guard name.hasPrefix(prefix) else { return nil }
        let parts = name.dropFirst(prefix.count).split(separator: ".", maxSplits: 1)
        guard parts.count == 2, let layer = Int(parts[0]) else { return nil }
        let scope = "text_model.encoder.layers.\(layer)."
        let rest = String(parts[1])
        for (old, new) in [("in_proj_weight", "weight"), ("in_proj_bias", "bias")] where rest == "attn.\(old)" {
            return ["q", "k", "v"].enumerated().map { TensorPlace("\(scope)self_attn.\($1)_proj.\(new)", part: $0, of: 3) }
        }
        for (old, new) in [
            ("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("mlp.c_fc.", "mlp.fc1."), ("mlp.c_proj.", "mlp.fc2."),
            ("attn.out_proj.", "self_attn.out_proj."),
        ] where rest.hasPrefix(old) {
            return [TensorPlace(scope + new + rest.dropFirst(old.count))]
        }
        return nil
    }
}

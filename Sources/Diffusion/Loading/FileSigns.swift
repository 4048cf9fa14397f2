import Checkpoints

/// A sign that tells what a file is. The first that fits counts, so the more telling ones stand first.
struct FileSigns: Sendable {
    let identity: @Sendable (TensorNames, SafetensorsFile) -> FileIdentity?

    private init(_ identity: @escaping @Sendable (TensorNames, SafetensorsFile) -> FileIdentity?) {
        self.identity = identity
    }

    static let all: [FileSigns] = [adapter, lora, embedding, controlNet, unet] + others + [autoencoder, textEncoder, upscaler]

    private static func made(_ kind: FileIdentity.Kind, _ family: String?, runs: Bool = false, _ use: String) -> FileIdentity {
        var identity = FileIdentity()
        (identity.kind, identity.family, identity.runs, identity.use) = (kind, family, runs, use)
        return identity
    }

    // MARK: What the built-in engine takes

    private static let lora = FileSigns { names, file in
        let parts = ["lora_", ".hada_", ".lokr_", ".oft_", ".boft_", ".alpha", "dora_scale", ".lora.", ".diff_b", "lycoris_"]
        guard file.names.contains(where: { name in parts.contains { name.contains($0) } }), !names.begins("input_blocks.0") else {
            return nil
        }
        let family = loraFamily(file.names, names)
        let runs = family.map { FamilySigns.titles.contains($0) } ?? false
        var identity = made(
            .lora, family, runs: runs,
            runs
                ? "put it into a folder loras beside a model and call it in the prompt: <lora:name:0.8>"
                : "no model of its family is run here" + (family == nil ? ", as far as can be told" : ""))
        let down = file.names.first { name in
            ["lora_down.weight", "lora_A.weight", "lora.down.weight", "hada_w1_b"].contains { name.hasSuffix($0) }
        }
        identity.rank = down.flatMap { try? file.shape(of: $0) }?.dimensions.first
        return identity
    }

    /// The family by the width of the text that the cross-attention looks at, else by the names of its layers.
    private static func loraFamily(_ full: [String], _ names: TensorNames) -> String? {
        func any(_ parts: String...) -> Bool { full.contains { name in parts.contains { name.contains($0) } } }
        if any("double_blocks", "single_blocks", "single_transformer_blocks") { return "Flux.1" }
        if any("joint_blocks", "joint_transformer_blocks") { return "SD 3" }
        if any("transformer_blocks.0.img_mlp", "transformer_blocks_0_img_mlp", "transformer_blocks.0.txt_mlp") { return "Qwen-Image" }
        if any("context_refiner", "noise_refiner") { return "Lumina 2 or Z-Image" }
        if any("cross_attn_k_img", "blocks.0.cross_attn", "blocks_0_cross_attn") { return "Wan (video)" }
        if any("temporal", "motion_modules") { return "AnimateDiff (video)" }
        if any("effnet", "clip_txt_mapper") { return "Stable Cascade" }
        let texts = full.first { name in
            (name.contains("attn2_to_k") || name.contains("attn2.to_k"))
                && ["lora_down.weight", "lora_A.weight", "lora.down.weight"].contains { name.hasSuffix($0) }
        }
        if let known = texts.flatMap({ names.shape($0)?.last }).flatMap(FamilySigns.title) { return known }
        if any("lora_te2_", "text_encoder_2.", "input_blocks_4_1_transformer_blocks_1", "down_blocks_2_attentions_0_transformer_blocks_9") {
            return "SDXL"
        }
        return any("lora_te_text_model", "lora_unet_", "unet.") ? "SD 1.5" : nil
    }

    private static let embedding = FileSigns { names, _ in
        let use = "put it into a folder embeddings beside a model and call it by its name in the prompt"
        if names.has("clip_l") && names.has("clip_g") { return made(.embedding, "SDXL", runs: true, use) }
        guard let width = (names.shape("emb_params") ?? names.shape("clip_l"))?.last else { return nil }
        return made(.embedding, [768: "SD 1.5", 1024: "SD 2", 1280: "SDXL"][width], runs: true, use)
    }

    /// A UNet of Stable Diffusion, by the names of its first releases or by diffusers', whole model or not.
    private static let unet = FileSigns { names, file in
        let isOld = names.begins("input_blocks.1.")
        guard isOld || names.has("conv_in.weight") && names.begins("down_blocks.") && names.begins("time_embedding.") else { return nil }
        let context = names.shape(endingIn: "attn2.to_k.weight")?.last
        let channels = (names.shape("input_blocks.0.0.weight") ?? names.shape("conv_in.weight")).flatMap { $0.count == 4 ? $0[1] : nil }
        var (family, reason): (String?, String?)
        family = context.flatMap(FamilySigns.title)
        // A width that others may have, too.
        if let own = family.flatMap(FamilySigns.latentChannels), own != channels { family = nil }
        if family.map(FamilySigns.isInFoldersOnly) == true { reason = inFolder }
        if context == 2048, names.contains("encoder_hid_proj") { family = "Kolors" }
        if context == 1280 { (family, reason) = ("SDXL refiner", "a refiner is run by no command here; take the base model") }
        if names.contains("time_stack", "temporal_transformer") {
            (family, reason) = ("Stable Video Diffusion", "video models are not run here")
        }
        if family == "Kolors" { reason = "the family Kolors is not run here" }
        if let foreign = CheckpointSigns.foreignKind(file.names) { reason = foreign }
        let hasAutoencoder = file.names.contains { $0.hasPrefix("first_stage_model.") || $0.hasPrefix("vae.") }
        let hasText = file.names.contains { name in
            ["cond_stage_model.", "conditioner.", "text_encoders."].contains { name.hasPrefix($0) }
        }
        let isWhole = isOld && hasAutoencoder && hasText
        if family == nil, reason == nil { reason = "its UNet looks at texts of width \(context ?? 0), which no known family has" }
        var identity = made(isWhole ? .checkpoint : .network, family, runs: reason == nil, reason ?? "name the file with --model")
        if reason == nil { (identity.lacksAutoencoder, identity.lacksTextEncoder) = (!hasAutoencoder, !hasText) }
        if let missing = CheckpointSigns.missing(autoencoder: identity.lacksAutoencoder, textEncoder: identity.lacksTextEncoder) {
            identity.use += "; \(missing)"
        }
        identity.repaints = channels == 9
        if channels == 8 {
            (identity.runs, identity.lacksAutoencoder, identity.lacksTextEncoder) = (false, false, false)
            identity.use = "it was made for instructions (InstructPix2Pix), which is not run here"
        }
        if names.has("time_embed.cond_proj.weight") || names.has("time_embedding.cond_proj.weight") {
            identity.fewStep = "LCM, as its UNet takes the guidance scale as an input"
        }
        return identity
    }

    private static let inFolder = "it is part of a model that is a folder; name the folder with --model"

    // MARK: What it does not run

    private static func other(
        _ family: String, flow: Bool = false, _ fits: @escaping @Sendable (TensorNames) -> Bool
    ) -> FileSigns {
        FileSigns { names, _ in
            guard fits(names) else { return nil }
            var identity = made(.network, family, "the family is not run here; a server of yours may: --engine URL")
            if flow { identity.prediction = "flow" }
            return identity
        }
    }

    private static let others: [FileSigns] = [
        other("Chroma", flow: true) { $0.begins("distilled_guidance_layer.") },
        other("FLUX.2", flow: true) { $0.begins("double_stream_modulation_img", "single_stream_modulation") },
        other("HunyuanVideo", flow: true) { $0.begins("txt_in.individual_token_refiner") },
        other("HiDream", flow: true) { $0.begins("double_stream_blocks.") },
        other("Flux.1 dev", flow: true) { $0.begins("double_blocks.0.") && $0.begins("single_blocks.") && $0.begins("guidance_in.") },
        other("Flux.1 schnell", flow: true) { $0.begins("double_blocks.0.") && $0.begins("single_blocks.") },
        other("Flux.1", flow: true) { $0.begins("single_transformer_blocks.") },
        other("SD 3.5 medium", flow: true) { $0.contains("joint_blocks.0.x_block.attn2.") },
        other("SD 3.5 large", flow: true) { $0.begins("joint_blocks.") && $0.count("joint_blocks.") >= 38 },
        other("SD 3", flow: true) { $0.begins("joint_blocks.") },
        other("Qwen-Image", flow: true) { $0.begins("transformer_blocks.0.img_mlp") },
        other("SD 3", flow: true) { $0.begins("transformer_blocks.0.attn.add_q_proj") && $0.begins("pos_embed.") },
        other("Z-Image", flow: true) { $0.begins("noise_refiner.") && $0.has("x_pad_token") },
        other("Lumina 2", flow: true) { $0.begins("noise_refiner.", "context_refiner.") },
        other("AuraFlow", flow: true) { $0.begins("double_layers.0.attn.w1q") },
        other("LTX-Video", flow: true) {
            $0.begins("patchify_proj.") || $0.begins("adaln_single.") && $0.contains("attn1.to_q") && $0.begins("proj_in.")
        },
        other("Wan (video)", flow: true) { $0.begins("blocks.0.cross_attn.") },
        other("Mochi (video)", flow: true) { $0.begins("t5_y_embedder.") },
        other("Cosmos") { $0.begins("blocks.block0.blocks.") || $0.contains("adaln_modulation_self_attn") },
        other("PixArt") { $0.begins("caption_projection.") || $0.begins("y_embedder.") && $0.contains("scale_shift_table") },
        other("Hunyuan-DiT") { $0.begins("mlp_t5.") },
        other("Stable Cascade") { $0.begins("clip_txt_mapper.", "effnet_mapper.") },
        other("AnimateDiff (video)") { $0.contains("motion_modules.") },
    ]

    private static let controlNet = FileSigns { names, _ in
        guard names.begins("control_model.", "controlnet_cond_embedding.", "controlnet_down_blocks.", "zero_convs.", "input_hint_block."),
            !names.begins("output_blocks.")
        else { return nil }
        let family =
            names.shape(endingIn: "attn2.to_k.weight")?.last.flatMap(FamilySigns.title)
            ?? (names.begins("transformer_blocks.", "single_transformer_blocks.") ? "Flux.1 or SD 3" : nil)
        return made(.controlNet, family, "ControlNets are not run here; a server of yours may: --engine URL")
    }

    private static let adapter = FileSigns { names, _ in
        if names.begins("ip_adapter.") || names.begins("image_proj.") && names.contains("to_k_ip") {
            return made(.adapter, nil, "picture prompts (IP-Adapter) are not run here")
        }
        if names.begins("adapter.body.") || names.begins("body.0.block1") {
            return made(.adapter, nil, "T2I-Adapters are not run here")
        }
        return nil
    }

    private static let autoencoder = FileSigns { names, _ in
        guard names.begins("decoder.", "first_stage_model.decoder.", "taesd_decoder.") else { return nil }
        if names.begins("decoder.upsamples.", "decoder.middle.") {
            return made(.autoencoder, "Wan (video)", "the family is not run here")
        }
        let latent = (names.shape("decoder.conv_in.weight") ?? names.shape("first_stage_model.decoder.conv_in.weight")).flatMap {
            $0.count >= 4 ? $0[1] : nil
        }
        if names.shape("decoder.conv_in.weight")?.count == 5 { return made(.autoencoder, "a video model", "video models are not run here") }
        switch latent {
        case 4:
            return made(
                .autoencoder, "SD 1.5, SD 2 or SDXL", runs: true, "name the file with --vae, to have it in the place of a model's own")
        case 16: return made(.autoencoder, "Flux.1 or SD 3", "the family is not run here")
        case 32: return made(.autoencoder, "FLUX.2", "the family is not run here")
        default:
            if let family = latent.flatMap(FamilySigns.titleOfLatents) { return made(.autoencoder, family, inFolder) }
            return names.begins("decoder.layers.", "decoder.1.")
                ? made(.autoencoder, nil, "a tiny autoencoder; give it as --autoencoder")
                : made(.autoencoder, nil, "its latent is of no known family")
        }
    }

    private static let textEncoder = FileSigns { names, _ in
        if names.begins("encoder.block.0.layer.0.SelfAttention") {
            // UMT5's vocabulary is of all languages.
            let isMany = (names.shape("shared.weight")?.first ?? names.shape("encoder.embed_tokens.weight")?.first ?? 0) > 200_000
            return made(.textEncoder, isMany ? "UMT5" : "T5", "it reads prompts for Flux, SD 3 and video models, which are not run here")
        }
        let width =
            (names.shape("text_model.embeddings.token_embedding.weight") ?? names.shape("token_embedding.weight")
            ?? names.shape("transformer.resblocks.0.ln_1.weight"))?.last
        if let width, names.begins("text_model.", "transformer.resblocks.", "resblocks.") {
            let isWhole = names.begins("vision_model.", "visual.")
            let name = [768: "CLIP L", 1024: "CLIP H", 1280: "CLIP bigG"][width] ?? "CLIP"
            if isWhole { return made(.textEncoder, name, "name its folder with --encoder") }
            return made(.textEncoder, name, runs: true, "name the file with --text-encoder, for a model that lacks its own")
        }
        if names.begins("layers.0.self_attn.q_proj", "layers.0.self_attn.qkv_proj", "language_model.layers.0.") {
            return made(.textEncoder, "a language model", "it reads prompts for models that are not run here")
        }
        return nil
    }

    private static let upscaler = FileSigns { names, _ in
        guard names.begins("1.sub.", "conv_first.", "body.0.rdb1", "params_ema.", "layers.0.residual_group") else { return nil }
        return made(.upscaler, nil, "upscalers are not run here; pictures are scaled with Lanczos")
    }
}

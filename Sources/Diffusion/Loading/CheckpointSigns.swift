import Checkpoints
import Foundation

/// What the names and the metadata of a single file tell beside the weights: the kind of a model that is not run here, what it predicts, and
/// what may be read past.
enum CheckpointSigns {
    /// Families and kinds whose UNet, or whatever they have instead, is not run here, by name; nil for none of them.
    static func foreignKind(_ names: [String]) -> String? {
        let all = Set(names)
        func any(_ parts: String...) -> Bool { names.contains { name in parts.contains { name.contains($0) } } }
        if let kind = ContinuousMarks.Kind(names), !any("label_emb.0.0.weight", "add_embedding.linear_1.weight") {
            let marks = kind.names.filter(all.contains).joined(separator: ", ")
            return "it has the marks of \(kind.rawValue) (\(marks)), which is of SDXL's layout, and a layout that is not SDXL's"
        }
        guard !names.contains(where: { $0.hasPrefix("model.diffusion_model.input_blocks.") }) else { return nil }
        if any("double_blocks", "single_blocks", "single_transformer_blocks") { return "it is of the family Flux, which is not run here" }
        if any("joint_blocks") { return "it is of the family Stable Diffusion 3, which is not run here" }
        if any("motion_modules", "temporal_transformer", "blocks.0.cross_attn", "time_stack") {
            return "it is a video model, which is not run here"
        }
        return nil
    }

    /// Whether the model was trained to predict the velocity; nil where the file does not tell.
    static func predictsVelocity(_ file: SafetensorsFile) -> Bool? {
        if let kind = ContinuousMarks.Kind(file.names) { return kind.prediction == .velocity }
        if file.has("v_pred") { return true }
        for key in ["modelspec.prediction_type", "prediction_type", "ss_prediction_type"] {
            guard let told = file.metadata[key]?.lowercased() else { continue }
            if ["v", "v_prediction", "v-prediction", "vpred"].contains(told) { return true }
            if told.hasPrefix("eps") { return false }
        }
        return file.metadata["ss_v_parameterization"]?.lowercased() == "true" ? true : nil
    }

    /// Whether the training's last step is noise alone.
    static func endsInNoise(_ file: SafetensorsFile) -> Bool {
        file.has("ztsnr") || file.metadata["ss_zero_terminal_snr"]?.lowercased() == "true"
    }

    /// - Throws: `DiffusionError.notACheckpoint` that says what is missing, and how to give it.
    static func requireParts(autoencoder: Bool, textEncoder: Bool, of url: URL) throws(DiffusionError) {
        guard let missing = missing(autoencoder: !autoencoder, textEncoder: !textEncoder) else { return }
        throw .notACheckpoint(file: url.path, reason: missing)
    }

    /// What a file lacks, and how it is given; nil where it lacks nothing.
    static func missing(autoencoder: Bool, textEncoder: Bool) -> String? {
        let missing = (autoencoder ? ["autoencoder"] : []) + (textEncoder ? ["text encoder"] : [])
        guard !missing.isEmpty else { return nil }
        let options = (autoencoder ? ["--vae PATH"] : []) + (textEncoder ? ["--text-encoder PATH"] : [])
        return "it holds no \(missing.joined(separator: " and no ")); give "
            + "\(missing.count == 1 ? "one" : "them") with \(options.joined(separator: " and ")): a file or folder of its own, "
            + "or another model of the same family"
    }

    /// Tensors that say nothing about the model: the training's noise schedule, averaged copies of the weights, towers that look at pictures.
    static func isUnneeded(_ name: String) -> Bool {
        if schedule.contains(name) || ContinuousMarks.names.contains(name) { return true }
        // What tools that bring weights into eight bits note beside them; the scales themselves are read.
        if ["scaled_fp8", "scale_input", "input_scale", "comfy_quant"].contains(where: { name == $0 || name.hasSuffix("." + $0) }) {
            return true
        }
        if ["model_ema.", "embedding_manager.", "first_stage_model.loss.", "optimizer"].contains(where: { name.hasPrefix($0) }) {
            return true
        }
        guard name.hasPrefix("cond_stage_model.") || name.hasPrefix("conditioner.embedders.") else { return false }
        let parts = name.split(separator: ".")
        return parts.contains("visual") || parts.contains("vision_model") || parts.contains("visual_projection")
            || parts.last == "logit_scale" || parts.last == "position_ids"
    }

    private static let schedule: Set<String> = [
        "betas", "alphas_cumprod", "alphas_cumprod_prev", "sqrt_alphas_cumprod", "sqrt_one_minus_alphas_cumprod",
        "log_one_minus_alphas_cumprod", "sqrt_recip_alphas_cumprod", "sqrt_recipm1_alphas_cumprod", "posterior_variance",
        "posterior_log_variance_clipped", "posterior_mean_coef1", "posterior_mean_coef2", "lvlb_weights", "logvar", "scale_factor",
        "denoiser.sigmas", "v_pred", "ztsnr", "global_step", "cond_stage_model.text_projection.weight",
    ]
}

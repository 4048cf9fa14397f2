import Tensors

/// What the modules of a model may be called in an adapter's file: after kohya's scripts (`lora_unet_…`, `lora_te1_…`, also with dots), after
/// diffusers and peft (`unet.…`, `base_model.model.…`), ComfyUI (`diffusion_model.…`), LyCORIS (`lycoris_…`), or by nothing but their name; the
/// modules by diffusers' names or those of the first releases.
struct AdapterNames {
    /// Of each component: the module by every flat spelling of its name.
    private let modules: [[String: String]]
    /// What stands before a module's flat name, and the components it may be in.
    private let prefixes: [(text: String, components: [Int])]

    init(_ components: [LowRankAdaptation.Component]) {
        modules = components.map(Self.modules)
        let unet = components.indices.filter { components[$0].name == "unet" }
        let first = components.indices.filter { components[$0].name == "text_encoder" }
        let second = components.indices.filter { components[$0].name == "text_encoder_2" }
        // The longest that fits counts, so that `text_encoder_2` is not read as one of `text_encoder`.
        prefixes = [
            ("lora_unet_", unet), ("lycoris_unet_", unet), ("lycoris_te2_", second), ("lycoris_te1_", first), ("lycoris_te_", first),
            ("lycoris_", unet), ("base_model_model_unet_", unet), ("base_model_model_text_encoder_2_", second),
            ("base_model_model_text_encoder_", first), ("base_model_model_", unet + first), ("model_diffusion_model_", unet),
            ("diffusion_model_", unet), ("unet_", unet), ("text_encoder_2_", second), ("text_encoder_", first), ("lora_te2_", second),
            ("lora_te1_", first), ("lora_te_", first), ("te2_", second), ("te1_", first), ("te_", first),
            ("clip_g_transformer_", second), ("clip_l_transformer_", first), ("text_encoders_clip_l_transformer_", first),
            ("text_encoders_clip_g_transformer_", second), ("", unet + first + second),
        ].sorted { $0.0.utf8.count > $1.0.utf8.count }
    }

    /// The component and module that a name in a file means.
    func place(of name: String) -> (component: Int, module: String)? {
        let flat = Self.flat(name)
        for (prefix, components) in prefixes where flat.hasPrefix(prefix) {
            let rest = String(flat.dropFirst(prefix.count))
            for component in components {
                if let module = modules[component][rest] { return (component, module) }
            }
        }
        return nil
    }

    /// With underscores between its parts.
    private static func flat(_ name: String) -> String { String(name.map { $0 == "." ? "_" : $0 }) }

    private static func modules(_ component: LowRankAdaptation.Component) -> [String: String] {
        var table: [String: String] = [:]
        for name in component.weights.names() where name.hasSuffix(".weight") {
            let module = String(name.dropLast(".weight".count))
            table[flat(module)] = module
            // Text encoders are saved with and without this prefix.
            if component.name.hasPrefix("text_encoder") {
                table[flat(module.hasPrefix("text_model.") ? String(module.dropFirst("text_model.".count)) : "text_model." + module)] =
                    module
            }
            if let old = component.oldName(of: module) { table[flat(old)] = module }
        }
        return table
    }
}

/// What an adapter that fits nowhere was made for, as far as its names tell.
enum AdapterKind {
    static func guess(_ names: [String]) -> String? {
        func any(_ parts: String...) -> Bool { names.contains { name in parts.contains { name.contains($0) } } }
        if any("double_blocks", "single_blocks", "single_transformer_blocks") { return "a LoRA for Flux" }
        if any("joint_blocks", "joint_transformer_blocks") { return "a LoRA for Stable Diffusion 3" }
        if any("lora_te2_", "text_encoder_2.", "input_blocks_4_1_transformer_blocks_1", "down_blocks_2_attentions_0_transformer_blocks_9") {
            return "a LoRA for SDXL"
        }
        if any("cross_attn_k_img", "blocks.0.cross_attn", "blocks_0_cross_attn", "temporal", "motion_modules") {
            return "a LoRA for a video model"
        }
        if any("prior", "effnet") { return "a LoRA for Stable Cascade" }
        if any("lora_te1_", "lora_te_text_model", "down_blocks", "input_blocks") { return "a LoRA for another Stable Diffusion" }
        return nil
    }
}

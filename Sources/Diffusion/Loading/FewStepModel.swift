import Checkpoints
import Foundation

/// A way of making models that need few steps, as names tell it, and how such a model was made to be run.
package struct FewStepModel: Sendable, Equatable {
    /// The way of making, in words.
    package enum Kind: String, Sendable, CaseIterable {
        /// SD-Turbo and SDXL-Turbo, one to four steps without guidance; and merges of them, some more with a little of it.
        case turbo = "a Turbo model"
        /// Latent consistency models, LCM-LoRA and what either was merged into: two to eight steps.
        case consistency = "a latent consistency model"
        case lightning = "a Lightning model"
        case hyper = "a Hyper-SD model"
        case matching = "a DMD2 model"
        case phased = "a phased consistency model (PCM)"
        case trajectory = "a trajectory consistency model (TCD)"

        /// As files are called after it.
        var title: String {
            switch self {
            case .turbo: "Turbo"
            case .consistency: "LCM"
            case .lightning: "Lightning"
            case .hyper: "Hyper-SD"
            case .matching: "DMD2"
            case .phased: "PCM"
            case .trajectory: "TCD"
            }
        }
    }

    package let kind: Kind
    package let sampler: SamplerName
    /// Nil: the one that the sampler or the model has.
    package let spacing: StepSpacing?
    package let steps: Int
    package let guidance: Double
    /// How much of the noise is fresh; nil: the sampler's own, where it has such a choice.
    package let eta: Double?

    /// A line of the table.
    private struct Row: Sendable {
        let kind: Kind
        let sampler: SamplerName
        let spacing: StepSpacing?
        /// Where the name tells no number.
        let steps: Int
        let guidance: Double
        var eta: Double?
        /// Whether a name is one of these.
        let names: @Sendable (ModelName) -> Bool
    }

    /// How they are run. The first row that a name fits counts. Where an author writes a guidance of 0, no second pass is meant: 1 here.
    private static let table: [Row] = [
        // tianweiy/DMD2, the model of one step: LCMScheduler, timesteps 399, guidance_scale 0.
        Row(kind: .matching, sampler: .lcm, spacing: .at([399]), steps: 1, guidance: 1) { $0.isMatching && $0.steps == 1 },
        // The same, of four steps and its LoRA: timesteps 999, 749, 499, 249.
        Row(kind: .matching, sampler: .lcm, spacing: .trailing, steps: 4, guidance: 1) { $0.isMatching },
        // wangfuyun/PCM_Weights, the authors' demonstration: the LCM-like LoRA with LCMScheduler, 4 steps, 0.
        Row(kind: .phased, sampler: .lcm, spacing: nil, steps: 4, guidance: 1) { $0.has("pcm") && $0.text.contains("lcmlike") },
        // The same: "normalcfg" at 7.5 and 4, 8 or 16 steps, as the file says; deterministic, trailing.
        Row(kind: .phased, sampler: .ddim, spacing: .trailing, steps: 4, guidance: 7.5) {
            $0.has("pcm") && $0.text.contains("normalcfg")
        },
        // The same: "smallcfg" at 0 and 2, 4, 8 or 16 steps.
        Row(kind: .phased, sampler: .ddim, spacing: .trailing, steps: 4, guidance: 1) { $0.has("pcm") },
        // ByteDance/Hyper-SD, the LoRAs for one step and more: TCDScheduler, eta 1, guidance_scale 0.
        Row(kind: .hyper, sampler: .tcd, spacing: nil, steps: 1, guidance: 1, eta: 1) { $0.isHyper && $0.steps == 1 && $0.isAdapter },
        // The same, the whole network of one step: LCMScheduler, timesteps 800.
        Row(kind: .hyper, sampler: .lcm, spacing: .at([800]), steps: 1, guidance: 1) { $0.isHyper && $0.steps == 1 },
        // The same: "CFG-lora" of 8 and 12 steps keep guidance, 5 to 8.
        Row(kind: .hyper, sampler: .ddim, spacing: .trailing, steps: 8, guidance: 5) { $0.isHyper && $0.has("cfg") },
        // The same: DDIMScheduler, trailing, guidance_scale 0, 2, 4 or 8 steps. Merges, which seldom tell a number, are advised 4 to 8.
        Row(kind: .hyper, sampler: .ddim, spacing: .trailing, steps: 6, guidance: 1) { $0.isHyper },
        // ByteDance/SDXL-Lightning: EulerDiscreteScheduler, trailing, guidance_scale 0, as many steps as the file says. Merges: 4 to 8.
        Row(kind: .lightning, sampler: .euler, spacing: .trailing, steps: 6, guidance: 1) { $0.isLightning },
        // h1t/TCD-SD15-LoRA and -SDXL: TCDScheduler, 4 steps, guidance_scale 0, eta 0.3.
        Row(kind: .trajectory, sampler: .tcd, spacing: nil, steps: 4, guidance: 1, eta: 0.3) { $0.isTrajectory },
        // latent-consistency/lcm-lora-sdv1-5 and -sdxl: LCMScheduler, 4 steps, guidance_scale 0.
        Row(kind: .consistency, sampler: .lcm, spacing: nil, steps: 4, guidance: 1) { $0.isConsistency },
        // stabilityai/sdxl-turbo: EulerAncestralDiscreteScheduler, trailing, guidance_scale 0; from a picture 2 steps, of which strength
        // 0.5 leaves one. From nothing one is enough, and the second adds detail.
        Row(kind: .turbo, sampler: .eulerAncestral, spacing: .trailing, steps: 2, guidance: 1) {
            $0.isTurbo && ($0.isStabilitysTurbo || $0.isAdapter)
        },
        // What it was merged into is run less hastily, at the size of its family: Lykon's DreamShaper XL Turbo, 4 to 8 steps, guidance 2;
        // RealVisXL Turbo and TurboVisionXL much the same.
        Row(kind: .turbo, sampler: .eulerAncestral, spacing: .trailing, steps: 6, guidance: 2) { $0.isTurbo },
    ]

    /// What a UNet that takes the guidance scale as an input is. SimianLuo/LCM_Dreamshaper_v7: 4 steps; diffusers' pipeline for it: a scale of
    /// 8.5.
    static let toldGuidance = FewStepModel(kind: .consistency, sampler: .lcm, spacing: nil, steps: 4, guidance: 8.5)

    private init(kind: Kind, sampler: SamplerName, spacing: StepSpacing?, steps: Int, guidance: Double) {
        (self.kind, self.sampler, self.spacing, self.steps, self.guidance) = (kind, sampler, spacing, steps, guidance)
        eta = nil
    }

    /// - Parameter name: of a file or folder without ending, or a title in its description.
    package init?(named name: String, isAdapter: Bool = false) {
        let name = ModelName(name, isAdapter: isAdapter)
        guard let row = Self.table.first(where: { $0.names(name) }) else { return nil }
        (kind, sampler, spacing, guidance, eta) = (row.kind, row.sampler, row.spacing, row.guidance, row.eta)
        steps = name.steps ?? row.steps
    }

    /// What a LoRA file makes of the model that it is added to; nil for one that changes no way to run.
    ///
    /// Read from its name, or its folder's where it has the name that every such file has, from its titles, and from its layers: distilling a
    /// whole UNet without texts adapts the layers that tell it the time, too, and that file has no title of its own.
    package static func adapter(_ url: URL) -> (model: FewStepModel, sign: String)? {
        let stem = url.deletingPathExtension().lastPathComponent
        let isNameless = ["pytorch_lora_weights", "adapter_model"].contains(stem)
        let name = isNameless ? url.deletingLastPathComponent().lastPathComponent : stem
        if let found = FewStepModel(named: name, isAdapter: true) { return (found, "the LoRA's name says so") }
        guard let file = try? SafetensorsFile(url) else { return nil }
        for key in titles {
            if let title = file.metadata[key], let found = FewStepModel(named: title, isAdapter: true) {
                return (found, "the LoRA's \(key) says so")
            }
        }
        let names = file.names
        let isOfTexts = names.contains { $0.contains("text_encoder") || $0.contains("lora_te") }
        guard isNameless, !isOfTexts, names.contains(where: { $0.contains("time_emb_proj") }),
            let found = FewStepModel(named: "lcm", isAdapter: true)
        else { return nil }
        return (found, "the LoRA adapts the layers of time and no text, as LCM-LoRA does")
    }

    /// Whether a file has the word in its name: nothing else tells a single file's kind.
    static func isCalledTurbo(_ model: URL) -> Bool { model.lastPathComponent.lowercased().contains("turbo") }

    /// Whether it is one of the two that Stability AI made, which predict the noise and paint 512 pixels; merges are as large as their family.
    static func isStabilitysTurbo(_ model: URL) -> Bool { ModelName(model.lastPathComponent, isAdapter: false).isStabilitysTurbo }

    /// Whether a file is the one of SDXL-Lightning that was made to say the clean latent at once.
    static func predictsSample(_ model: URL) -> Bool {
        let name = model.lastPathComponent.lowercased()
        return name.contains("lightning") && name.contains("1step") && name.contains("x0")
    }

    /// Keys of a file's metadata that give its name.
    static let titles = ["modelspec.title", "ss_output_name"]
}

/// A name, as it is searched for words.
private struct ModelName: Sendable {
    let text: String
    /// Stretches of letters and digits.
    let words: [String]
    /// Style LoRAs are called after lightning, too.
    let isAdapter: Bool

    init(_ name: String, isAdapter: Bool) {
        text = name.lowercased()
        words = text.split { !$0.isLetter && !$0.isNumber }.map(String.init)
        self.isAdapter = isAdapter
    }

    func has(_ word: String) -> Bool { words.contains(word) }

    /// `4step`, `8steps`, `4-step`.
    var steps: Int? {
        for (index, word) in words.enumerated() {
            let digits = word.prefix { $0.isNumber }
            let rest = word.dropFirst(digits.count)
            let next = words.indices.contains(index + 1) ? words[index + 1] : ""
            let unit = rest.isEmpty ? next : String(rest)
            if let count = Int(digits), (1...64).contains(count), ["step", "steps"].contains(unit) { return count }
        }
        return nil
    }

    /// Whether it tells that the model is one of Stable Diffusion or made for some number of steps.
    private var tellsModel: Bool { steps != nil || text.contains("sd") || text.contains("xl") }

    var isLightning: Bool { isAdapter ? text.contains("lightning") && tellsModel : text.contains("lightning") }
    var isTurbo: Bool { isAdapter ? text.contains("turbo") && tellsModel : text.contains("turbo") }

    /// `sd-turbo`, `sd_xl_turbo_1.0_fp16`, `sdxl-turbo`.
    var isStabilitysTurbo: Bool {
        let letters = text.filter { $0.isLetter || $0.isNumber }
        return letters.contains("sdturbo") || letters.contains("sdxlturbo")
    }

    var isMatching: Bool { text.contains("dmd2") || has("dmd") }

    /// `TCD-SDXL-LoRA`, `tcd_lora_sd15`.
    var isTrajectory: Bool { words.contains { $0.hasPrefix("tcd") || $0.hasSuffix("tcd") } }

    /// `photonLCM_v10`, `dreamshaper_8LCM`.
    var isConsistency: Bool { words.contains { $0.hasPrefix("lcm") || $0.hasSuffix("lcm") } }

    /// Not what is called hyperrealistic.
    var isHyper: Bool {
        if words.contains(where: { $0.hasPrefix("hypersd") }) { return true }
        guard let index = words.firstIndex(of: "hyper") else { return false }
        let next = words.indices.contains(index + 1) ? words[index + 1] : ""
        return !next.hasPrefix("real") && !next.hasPrefix("detail") && (!isAdapter || tellsModel)
    }
}

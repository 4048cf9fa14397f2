import Analysis
import Diffusion
import Foundation

extension Studio {
    /// Reads the settings that a tool wrote, as people paste them: the web UI's text, or JSON of those who write that.
    ///
    /// What this machine has no counterpart for is told, not dropped in silence. A text without settings is a prompt.
    package func infotext(_ text: String) -> InfotextReport {
        let limited = String(text.prefix(GenerationRequest.promptLimit))
        var (wish, notes) = (GenerationWish(), [String]())
        guard let found = RecoveredPrompts.find(in: ["parameters": limited], isPNG: true).first else {
            wish.prompt = limited.trimmingCharacters(in: .whitespacesAndNewlines)
            var report = LibraryWish()
            report.settings = wish
            return InfotextReport(wish: report, notes: ["no settings were found in the text; all of it is taken as the prompt"])
        }
        (wish, notes) = said(by: found)
        var report = LibraryWish()
        report.settings = wish
        return InfotextReport(wish: report, notes: notes)
    }

    /// What a found prompt and its settings come to here, and what of it has no counterpart.
    ///
    /// - Parameter model: that the person wishes for, whatever the settings say.
    func said(by found: RecoveredPrompt, model own: String? = nil) -> (wish: GenerationWish, notes: [String]) {
        var (wish, notes) = (GenerationWish(), [String]())
        (wish.prompt, wish.negative) = (found.positive, found.negative)
        (wish.seed, wish.steps, wish.guidance, wish.strength) = (found.seed, found.steps, found.guidance, found.strength)
        if let width = found.width, let height = found.height { wish.size = "\(width)x\(height)" }
        if let sampler = found.sampler {
            // Newer web UIs write the kind of noise levels by itself.
            let levels = found.settings["Schedule type"].flatMap { $0 == "Karras" ? " karras" : nil } ?? ""
            let key = Studio.samplerKey(sampler + (sampler.lowercased().contains("karras") ? "" : levels))
            wish.sampler = SamplerName.allCases.first { Studio.samplerKey($0.title) == key || $0.rawValue == sampler }?.rawValue
            if wish.sampler == nil { notes.append("the sampler \(sampler) is not known here; the model's own is used") }
        }
        if let model = found.model {
            let catalog = premises.catalog()
            let manifest = catalog.generators.first { $0.name == model || $0.title.lowercased() == model.lowercased() }
            if let manifest, catalog.isInstalled(manifest) {
                wish.model = manifest.name
            } else if premises.registered.generator(named: model) != nil {
                wish.model = model
            } else {
                notes.append("the model \(model) is not installed here; another one is used")
            }
        }
        let adapters = HashedAdapters(found.settings)
        let prompt = ([found.positive] + adapters.tags).joined(separator: " ")
        let called = calledAsHere(prompt, adapters, model: own ?? wish.model)
        wish.prompt = called.prompt
        notes += called.notes
        if found.tool == .a1111 || found.tool == .redraw && found.settings["Profile"] == "a1111" {
            let sampler = wish.sampler.flatMap { SamplerName(rawValue: $0) }
            if let sampler, !sampler.isReproducedOfWebUI {
                notes.append("the profile a1111 does not reproduce \(sampler.title); Redraw's own way of it makes another picture")
            } else {
                wish.profile = "a1111"
            }
        }
        if let clipSkip = found.settings["Clip skip"].flatMap({ Int($0) }) { wish.clipSkip = clipSkip }
        if let until = found.settings["Guidance until"].flatMap({ Double($0) }) { wish.guidanceUntil = until }
        if let every = found.settings["Reuse every"].flatMap({ Int($0) }) { wish.reuseEvery = every }
        if let strength = found.settings["Variation seed strength"].flatMap({ Double($0) }), strength > 0, strength <= 1 {
            wish.variationStrength = strength
            wish.variationSeed = found.settings["Variation seed"].flatMap { UInt64($0) }
        }
        if let share = found.settings["Token merging ratio"].flatMap({ Double($0) }) { wish.mergeTokens = min(max(share, 0), 0.75) }
        if found.settings["VAE Decoder"] == "TAESD" { wish.autoencoder = GenerationRequest.fittingAutoencoder }
        wish.spacing = found.settings["Timestep spacing"].flatMap { StepSpacing(rawValue: $0)?.rawValue }
        // Of the samplers that the web UI has an eta for, none is TCD.
        if wish.sampler == SamplerName.tcd.rawValue, let eta = found.settings["Eta"].flatMap({ Double($0) }) { wish.eta = eta }
        if found.settings["Schedule type"] == "SGM Uniform" { wish.spacing = SchedulerConfiguration.Spacing.trailing.rawValue }
        let heeded = adapters.heeded.union([
            "Timestep spacing", "VAE Encoder", "VAE Decoder",
            "Schedule type", "Clip skip", "Version", "Profile", "Model hash", "Steps run", "Untouched pixels", "Untouched SHA-256", "mode",
            "profile", "First side", "Refine", "Guidance until", "Reuse every", "Token merging ratio", "Variation seed",
            "Variation seed strength", "Template", "Negative Template", "Styles", "Lora hashes",
        ])
        let unheeded = found.settings.keys.filter { !heeded.contains($0) && !($0 == "Eta" && wish.eta != nil) }.sorted()
        if !unheeded.isEmpty { notes.append("not taken over: \(unheeded.prefix(12).joined(separator: ", "))") }
        return (wish, notes)
    }

    private static func samplerKey(_ name: String) -> String {
        name.lowercased().filter { $0.isLetter || $0.isNumber || $0 == "+" }
    }
}

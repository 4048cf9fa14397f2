import Checkpoints
import Foundation

/// How a model that no manifest describes is usually run, as far as its files tell; the person's own word goes before it.
package struct ModelHabits: Sendable, Equatable {
    /// Models that are run in a special way.
    package enum Kind: String, Sendable {
        /// SD-Turbo, SDXL-Turbo and what was distilled like them: one to four steps without guidance.
        case turbo = "a Turbo model"
        /// Latent consistency models that take the guidance scale as an input: two to eight steps.
        case consistency = "a latent consistency model"
    }

    package private(set) var kind: Kind?
    /// What tells the kind.
    package private(set) var sign = ""
    package private(set) var sampler: SamplerName?
    package private(set) var steps: Int?
    package private(set) var guidance: Double?

    /// Reads descriptions and headers only; what cannot be read tells nothing here, and is complained of when the model is loaded.
    ///
    /// - Parameter model: a folder in diffusers' layout, or a single .safetensors file.
    package init(model: URL) {
        let scheduler = try? SchedulerConfiguration(contentsOf: model.appendingPathComponent("scheduler/scheduler_config.json"))
        sampler = scheduler?.namedSampler
        if Self.takesGuidance(model) {
            (kind, sign) = (.consistency, "its UNet takes the guidance scale as an input")
            (sampler, steps, guidance) = (.lcm, 4, 8.5)
        } else if let sign = Self.sign(ofTurbo: model, scheduler) {
            (kind, self.sign) = (.turbo, sign)
            (sampler, steps, guidance) = (sampler ?? .eulerAncestral, 2, 1)
        }
    }

    private static func takesGuidance(_ model: URL) -> Bool {
        if let unet = try? UNetConfiguration(contentsOf: model.appendingPathComponent("unet/config.json")) {
            return unet.guidanceEmbeddingWidth != nil
        }
        guard model.pathExtension.lowercased() == "safetensors", let file = try? SafetensorsFile(model) else { return false }
        return file.has("model.diffusion_model.time_embed.cond_proj.weight")
    }

    private static func sign(ofTurbo model: URL, _ scheduler: SchedulerConfiguration?) -> String? {
        if isCalledTurbo(model) { return "its name says so" }
        for file in ["model_index.json", "unet/config.json"] {
            let description = try? ConfigurationFile(contentsOf: model.appendingPathComponent(file))
            if let name = try? description?.text("_name_or_path", default: ""), isTurbo(name) { return "\(file) was made from \(name)" }
        }
        // Such steps begin at noise alone, as only few steps need it. Models of the velocity are trained to begin there at any number.
        guard let scheduler, scheduler.spacing == .trailing, scheduler.prediction == .epsilon, !scheduler.rescalesToNoise,
            [.euler, .eulerAncestral].contains(scheduler.namedSampler)
        else { return nil }
        return "its scheduler spaces steps from the last"
    }

    /// Whether a file or folder has the word in its name: nothing else tells a single file's kind.
    static func isCalledTurbo(_ model: URL) -> Bool { isTurbo(model.lastPathComponent) }

    private static func isTurbo(_ name: String) -> Bool { name.lowercased().contains("turbo") }
}

import Checkpoints
import Foundation

/// How a model that no manifest describes is usually run, as far as its files tell; the person's own word goes before it.
package struct ModelHabits: Sendable, Equatable {
    /// A kind of models that need few steps; an ordinary one has none.
    package typealias Kind = FewStepModel.Kind

    package private(set) var kind: Kind?
    /// What tells the kind.
    package private(set) var sign = ""
    package private(set) var sampler: SamplerName?
    package private(set) var spacing: StepSpacing?
    package private(set) var eta: Double?
    package private(set) var steps: Int?
    package private(set) var guidance: Double?

    /// Reads descriptions and headers only; what cannot be read tells nothing here, and is complained of when the model is loaded.
    ///
    /// - Parameter model: a folder in diffusers' layout, or a single .safetensors file.
    package init(model: URL) {
        let scheduler = try? SchedulerConfiguration(contentsOf: model.appendingPathComponent("scheduler/scheduler_config.json"))
        sampler = scheduler?.namedSampler
        // What has a transformer in the place of the UNet is run in its family's way.
        guard !FileManager.default.fileExists(atPath: model.appendingPathComponent("transformer").path) else { return }
        let file = model.pathExtension.lowercased() == "safetensors" ? try? SafetensorsFile(model) : nil
        if let marks = file.flatMap({ try? ContinuousMarks($0) }) { (sampler, guidance) = (marks.usual.sampler, marks.usual.guidance) }
        if Self.takesGuidance(model, file) {
            take(.toldGuidance, "its UNet takes the guidance scale as an input", scheduler)
        } else if let (found, sign) = Self.named(model, file) {
            take(found, sign, scheduler)
        } else if let (name, sign) = Self.told(by: scheduler), let found = FewStepModel(named: name) {
            take(found, sign, scheduler)
        }
    }

    private mutating func take(_ found: FewStepModel, _ sign: String, _ scheduler: SchedulerConfiguration?) {
        (kind, self.sign, steps, guidance) = (found.kind, sign, found.steps, found.guidance)
        (spacing, eta) = (found.spacing, found.eta)
        // Turbo models bring the scheduler they were trained for; what others were merged into often kept an old one.
        sampler = found.kind == .turbo ? scheduler?.namedSampler ?? found.sampler : found.sampler
    }

    private static func takesGuidance(_ model: URL, _ file: SafetensorsFile?) -> Bool {
        if let unet = try? UNetConfiguration(contentsOf: model.appendingPathComponent("unet/config.json")) {
            return unet.guidanceEmbeddingWidth != nil
        }
        return file?.has("model.diffusion_model.time_embed.cond_proj.weight") ?? false
    }

    private static func named(_ model: URL, _ file: SafetensorsFile?) -> (FewStepModel, String)? {
        let name = file == nil ? model.lastPathComponent : model.deletingPathExtension().lastPathComponent
        if let found = FewStepModel(named: name) { return (found, "its name says so") }
        for key in FewStepModel.titles {
            if let title = file?.metadata[key], let found = FewStepModel(named: title) { return (found, "its \(key) says so") }
        }
        for description in ["model_index.json", "unet/config.json"] {
            let told = try? ConfigurationFile(contentsOf: model.appendingPathComponent(description))
            if let name = try? told?.text("_name_or_path", default: ""), let found = FewStepModel(named: name) {
                return (found, "\(description) was made from \(name)")
            }
        }
        return nil
    }

    /// The kind whose scheduler it has, by a name that stands for it.
    private static func told(by scheduler: SchedulerConfiguration?) -> (name: String, sign: String)? {
        guard let scheduler else { return nil }
        if scheduler.namedSampler == .lcm { return ("lcm", "its scheduler is LCM's") }
        if scheduler.namedSampler == .tcd { return ("tcd", "its scheduler is TCD's") }
        // Such steps begin at noise alone, as only few steps need it. Models of the velocity are trained to begin there at any number.
        guard scheduler.spacing == .trailing, scheduler.prediction == .epsilon, !scheduler.rescalesToNoise,
            [.euler, .eulerAncestral].contains(scheduler.namedSampler)
        else { return nil }
        return ("sd-turbo", "its scheduler spaces steps from the last")
    }
}

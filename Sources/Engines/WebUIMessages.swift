import Foundation

/// What goes over the wire of `/sdapi/v1`: only the fields that are used. Servers differ in what else they send, so every field of an answer
/// that can be done without is optional.
enum WebUI {
    /// `txt2img`, and with `init_images` `img2img`.
    struct Request: Encodable, Sendable {
        var prompt = ""
        var negativePrompt = ""
        var seed: UInt64 = 0
        /// Another one, and how far it goes that way.
        var subseed: UInt64?
        var subseedStrength: Double?
        var samplerName = ""
        /// Nil for servers whose samplers' names have the schedule in them.
        var scheduler: String?
        var steps = 0
        var cfgScale = 0.0
        var width = 0
        var height = 0
        var batchSize = 1
        var iterations = 1
        var overrideSettings = Settings()
        var restoresSettings = true
        // img2img
        var initImages: [String]?
        var denoisingStrength: Double?
        var mask: String?
        /// Nothing is resized, blurred or cropped over there: that was done here.
        var resizeMode: Int?
        var maskBlur: Int?
        var fill: Int?
        var masksOnly: Bool?
        var invertsMask: Int?

        enum CodingKeys: String, CodingKey {
            case prompt, seed, subseed, scheduler, steps, width, height, mask
            case negativePrompt = "negative_prompt"
            case samplerName = "sampler_name"
            case subseedStrength = "subseed_strength"
            case cfgScale = "cfg_scale"
            case batchSize = "batch_size"
            case iterations = "n_iter"
            case overrideSettings = "override_settings"
            case restoresSettings = "override_settings_restore_afterwards"
            case initImages = "init_images"
            case denoisingStrength = "denoising_strength"
            case resizeMode = "resize_mode"
            case maskBlur = "mask_blur"
            case fill = "inpainting_fill"
            case masksOnly = "inpaint_full_res"
            case invertsMask = "inpainting_mask_invert"
        }
    }

    struct Settings: Codable, Sendable {
        var checkpoint: String?
        var clipSkip: Int?

        enum CodingKeys: String, CodingKey {
            case checkpoint = "sd_model_checkpoint"
            case clipSkip = "CLIP_stop_at_last_layers"
        }
    }

    struct Pictures: Decodable, Sendable {
        let images: [String]?
        /// JSON in a text.
        let info: String?
    }

    /// What `info` holds.
    struct Info: Decodable, Sendable {
        let seed: UInt64?
    }

    struct Progress: Decodable, Sendable {
        struct State: Decodable, Sendable {
            let jobCount: Int?
            let samplingStep: Int?
            let samplingSteps: Int?

            enum CodingKeys: String, CodingKey {
                case jobCount = "job_count"
                case samplingStep = "sampling_step"
                case samplingSteps = "sampling_steps"
            }
        }

        let progress: Double
        let etaRelative: Double?
        let state: State?
        let currentImage: String?

        enum CodingKeys: String, CodingKey {
            case progress, state
            case etaRelative = "eta_relative"
            case currentImage = "current_image"
        }

        /// Whether it works on something, be it somebody else's.
        var isBusy: Bool { progress > 0 || (state?.jobCount ?? 0) > 0 }
    }

    struct Model: Decodable, Sendable {
        let title: String
        let modelName: String?
        let hash: String?
        let sha256: String?

        enum CodingKeys: String, CodingKey {
            case title, hash, sha256
            case modelName = "model_name"
        }

        /// What a person calls it.
        var name: String { modelName ?? title }

        /// Whether a person means it: by its name, its title, its file's name, or its hash.
        func isCalled(_ name: String) -> Bool {
            let asked = name.lowercased()
            let names = [title, modelName, hash, sha256].compactMap { $0?.lowercased() }
            if names.contains(asked) { return true }
            // A title is a file's name and a hash: "photo.safetensors [6ce0161689]".
            let file = title.lowercased().split(separator: " ").first.map(String.init) ?? ""
            let stem = file.hasSuffix(".safetensors") ? String(file.dropLast(".safetensors".count)) : file
            return [file, stem].contains(asked) || asked.count >= 8 && sha256?.lowercased().hasPrefix(asked) == true
        }

        /// Width and height of the squares it was trained on, as far as its name tells: SDXL and its line say so.
        var usualSide: Int {
            let told = title.lowercased()
            return ["xl", "pony", "illustrious", "noobai", "animagine"].contains { told.contains($0) } ? 1024 : 512
        }
    }

    struct Sampler: Decodable, Sendable {
        let name: String
        let aliases: [String]?
    }

    struct Scheduler: Decodable, Sendable {
        let name: String
        let label: String?
    }

    struct Nothing: Encodable, Sendable {}
}

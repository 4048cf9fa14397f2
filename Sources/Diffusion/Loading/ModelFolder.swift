import Checkpoints
import Encoders
import Foundation

extension ModelParts {
    /// Reads a folder in diffusers' layout: `model_index.json` and a folder for each component.
    init(folder: URL, readsTextEncoders: Bool = true) throws {
        let index = folder.appendingPathComponent("model_index.json")
        let listed = FileManager.default.fileExists(atPath: index.path) ? try ConfigurationFile(contentsOf: index) : nil
        func component(_ name: String) -> URL { folder.appendingPathComponent(name) }
        func configuration(_ name: String) throws -> ConfigurationFile {
            try ConfigurationFile(contentsOf: component(name).appendingPathComponent("config.json"))
        }
        func weights(_ name: String, stem: String) throws -> Weights {
            var files: [SafetensorsFile] = []
            for url in try CheckpointFolder.files(in: component(name), stem: stem) { files.append(try SafetensorsFile(url)) }
            return try Weights(files: files)
        }
        if let listed, try listed.flag("requires_aesthetics_score", default: false) {
            throw listed.unsupported("requires_aesthetics_score", "true", supported: "base models; refiners are not run")
        }
        unetConfiguration = try UNetConfiguration(configuration("unet"))
        unet = try weights("unet", stem: "diffusion_pytorch_model")
        autoencoderConfiguration = try AutoencoderConfiguration(configuration("vae"))
        autoencoder = try weights("vae", stem: "diffusion_pytorch_model")
        scheduler = try SchedulerConfiguration(contentsOf: component("scheduler").appendingPathComponent("scheduler_config.json"))
        let isXL = unetConfiguration.added != nil
        zerosForEmptyNegative = try listed?.flag("force_zeros_for_empty_prompt", default: isXL) ?? isXL

        textEncoders = []
        guard readsTextEncoders, listed?.has("text_encoder_model") != true else { return }
        for (name, tokenizer) in [("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")] {
            let place = component(name)
            guard FileManager.default.fileExists(atPath: place.appendingPathComponent("config.json").path) else { continue }
            let files = component(tokenizer)
            let own = ["vocab.json", "tokenizer.json"].contains {
                FileManager.default.fileExists(atPath: files.appendingPathComponent($0).path)
            }
            let configuration = try CLIPTextTower.Configuration(file: place.appendingPathComponent("config.json"))
            // open_clip's towers, which have the exact GELU, were trained with `!` behind a text.
            textEncoders.append(
                TextEncoder(
                    name: name, weights: try weights(name, stem: "model"), configuration: configuration, tokenizer: own ? files : nil,
                    padding: configuration.activation == .gelu ? "!" : nil))
        }
        guard !textEncoders.isEmpty else {
            throw DiffusionError.unreadable(
                file: "text_encoder/config.json", reason: "the folder brings no text encoder; complete the model's folder")
        }
    }
}

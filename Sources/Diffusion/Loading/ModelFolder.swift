import Checkpoints
import Foundation

extension ModelParts {
    /// Reads a folder in diffusers' layout: `model_index.json` and a folder for each component.
    ///
    /// - Parameter given: parts from elsewhere, which go before the folder's own.
    init(folder: URL, readsTextEncoders: Bool = true, given: GivenParts = GivenParts()) throws {
        let index = folder.appendingPathComponent("model_index.json")
        let listed = FileManager.default.fileExists(atPath: index.path) ? try ConfigurationFile(contentsOf: index) : nil
        func component(_ name: String) -> URL { folder.appendingPathComponent(name) }
        if let listed, try listed.flag("requires_aesthetics_score", default: false) {
            throw listed.unsupported("requires_aesthetics_score", "true", supported: "base models; refiners are not run")
        }
        unetConfiguration = try UNetConfiguration(ConfigurationFile(contentsOf: component("unet").appendingPathComponent("config.json")))
        unet = try Weights(folder: component("unet"), stem: "diffusion_pytorch_model")
        let isXL = unetConfiguration.added != nil
        let part =
            try given.autoencoder.map { try AutoencoderPart(at: $0, isXL: isXL) } ?? AutoencoderPart(folder: component("vae"))
        (autoencoder, autoencoderConfiguration) = (part.weights, part.configuration)
        scheduler = try SchedulerConfiguration(contentsOf: component("scheduler").appendingPathComponent("scheduler_config.json"))
        zerosForEmptyNegative = try listed?.flag("force_zeros_for_empty_prompt", default: isXL) ?? isXL

        textEncoders = []
        guard given.textEncoders.isEmpty else {
            textEncoders = try Self.textEncoders(at: given.textEncoders, for: unet)
            try Self.check(textEncoders, at: given.textEncoders, for: unetConfiguration)
            return
        }
        guard readsTextEncoders, listed?.has("text_encoder_model") != true else { return }
        textEncoders = try Self.textEncoders(inFolder: folder)
        guard !textEncoders.isEmpty else {
            throw DiffusionError.unreadable(
                file: component("text_encoder/config.json").path,
                reason: "the folder brings no text encoder; complete the model's folder, or give one with --text-encoder PATH")
        }
    }
}

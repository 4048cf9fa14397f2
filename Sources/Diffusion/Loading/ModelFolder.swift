import Checkpoints
import Foundation

extension ModelParts {
    /// Reads a folder in diffusers' layout: `model_index.json` and a folder for each component.
    ///
    /// - Parameter given: parts from elsewhere, which go before the folder's own.
    init(folder: URL, given: GivenParts = GivenParts()) throws {
        let index = folder.appendingPathComponent("model_index.json")
        let listed = FileManager.default.fileExists(atPath: index.path) ? try ConfigurationFile(contentsOf: index) : nil
        func component(_ name: String) -> URL { folder.appendingPathComponent(name) }
        if let listed, try listed.flag("requires_aesthetics_score", default: false) {
            throw listed.unsupported("requires_aesthetics_score", "true", supported: "base models; refiners are not run")
        }
        unetConfiguration = try UNetConfiguration(ConfigurationFile(contentsOf: component("unet").appendingPathComponent("config.json")))
        unet = try Weights(folder: component("unet"), stem: "diffusion_pytorch_model")
        let readsSentences = given.textEncoders.isEmpty && listed?.has("text_encoder_model") == true
        // What is wrong with a text encoder is said when it is read.
        let isOpen = try? Self.isOpenCLIP(given.textEncoders.first ?? component("text_encoder"))
        let family =
            FamilySigns(
                addsWholeTexts: unetConfiguration.added != nil, readsSentences: readsSentences, readsWithOpenCLIP: isOpen ?? false
            ).family
        self.family = family
        let part =
            try given.autoencoder.map { try AutoencoderPart(at: $0, of: family) } ?? AutoencoderPart(folder: component("vae"))
        (autoencoder, autoencoderConfiguration) = (part.weights, part.configuration)
        // Whichever autoencoder makes the latents: what the network is given of them was decided in its training.
        if given.autoencoder != nil,
            let own = try? AutoencoderConfiguration(contentsOf: component("vae").appendingPathComponent("config.json")), own.spread != nil
        {
            (autoencoderConfiguration.spread, autoencoderConfiguration.scalingFactor) = (own.spread, own.scalingFactor)
            try autoencoderConfiguration.validate(in: "vae/config.json")
        }
        scheduler = try SchedulerConfiguration(contentsOf: component("scheduler").appendingPathComponent("scheduler_config.json"))
        let zeros = family.zerosForEmptyNegative
        zerosForEmptyNegative = try listed?.flag("force_zeros_for_empty_prompt", default: zeros) ?? zeros

        textEncoders = []
        guard given.textEncoders.isEmpty else {
            textEncoders = try Self.textEncoders(at: given.textEncoders, of: family)
            try Self.check(textEncoders, at: given.textEncoders, for: unetConfiguration)
            return
        }
        guard !readsSentences else { return }
        textEncoders = try Self.textEncoders(inFolder: folder)
        guard !textEncoders.isEmpty else {
            throw DiffusionError.unreadable(
                file: component("text_encoder/config.json").path,
                reason: "the folder brings no text encoder; complete the model's folder, or give one with --text-encoder PATH")
        }
    }
}

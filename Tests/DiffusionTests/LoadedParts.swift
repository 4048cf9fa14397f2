import Checkpoints
import Foundation
import Tensors

@testable import Diffusion

/// The parts of a loaded model of the UNet's family, as tests look at them.
extension Pipeline {
    var unet: UNet { denoiser as! UNet }
    var autoencoder: Autoencoder { codec as! Autoencoder }
    var outline: any LatentUNetFamily { family as! any LatentUNetFamily }
    var noise: NoiseSchedule { outline.noise }

    func encoded(_ picture: Tensor, tiled: Bool, checkCancelled: CancellationCheck) throws -> Autoencoder.Posterior {
        try codec.encode(picture, tiled: tiled, checkCancelled: checkCancelled)
    }
}

extension Pipeline {
    /// Parts that were loaded one by one, with a text encoder that stands in for a model's.
    init(unet: UNet, autoencoder: Autoencoder, scheduler: SchedulerConfiguration, text: any PromptEncoder) throws {
        let signs = FamilySigns(addsWholeTexts: unet.configuration.added != nil, readsSentences: !(text is CLIPPrompts))
        let outline = try PipelineOutline(unet: unet.configuration, autoencoder: autoencoder.configuration, scheduler: scheduler)
        self.init(family: signs.family.model(outline), denoiser: unet, codec: autoencoder, text: text)
    }

    /// `unet/`, `vae/` and `scheduler/` of a folder.
    init(directory: URL, text: any PromptEncoder) throws {
        let (unet, autoencoder) = (directory.appendingPathComponent("unet"), directory.appendingPathComponent("vae"))
        let configuration = try UNetConfiguration(contentsOf: unet.appendingPathComponent("config.json"))
        try self.init(
            unet: UNet(Weights(folder: unet, stem: "diffusion_pytorch_model"), configuration: configuration),
            autoencoder: Autoencoder(
                Weights(folder: autoencoder, stem: "diffusion_pytorch_model"),
                configuration: AutoencoderConfiguration(contentsOf: autoencoder.appendingPathComponent("config.json"))),
            scheduler: SchedulerConfiguration(contentsOf: directory.appendingPathComponent("scheduler/scheduler_config.json")), text: text)
    }
}

extension PipelineSource {
    var outline: any LatentUNetFamily { family as! any LatentUNetFamily }
}

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

extension PipelineSource {
    var outline: any LatentUNetFamily { family }
}

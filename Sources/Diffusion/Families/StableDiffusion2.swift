import Checkpoints
import Tensors

/// Stable Diffusion 2 and what was trained on from it: open_clip's text encoder without its last layer, read to the last norm. Its models of 512
/// pixels predict the noise, those of 768 the velocity.
struct StableDiffusion2: LatentUNetFamily {
    let outline: PipelineOutline

    static func has(_ signs: FamilySigns) -> Bool { signs.readsWithOpenCLIP && !signs.addsWholeTexts && !signs.readsSentences }
    static let title: String? = "SD 2"
    static let textWidth: Int? = 1024
    static let textEncoders = ["CLIP H"]

    static func trainedSide(predicting prediction: SchedulerConfiguration.Prediction) -> Int { prediction == .velocity ? 96 : 64 }

    /// Both kinds have the same tensors: the UNet itself is asked, as AUTOMATIC1111 does. At the last timestep a latent is all noise; a model of
    /// the noise gives back about its input, a model of the velocity does not.
    static func predictsVelocity(_ unet: Weights, _ configuration: UNetConfiguration) throws -> Bool {
        guard configuration.inputChannels == 4 else { return false }
        let network = try UNet(unet, configuration: configuration)
        let latent = Tensor.filled(0.5, [1, 8, 8, 4])
        let context = TextContext(states: .filled(0.5, [1, 2, configuration.textWidths[0]]), mask: .none)
        return (try network(latent, timestep: 999, context) {} - latent).mean() < -1
    }
}

import Pixels
import Tensors

/// A family of latent diffusion models with a UNet. What all of them have in common is read off the model at hand, its outline; a family says
/// what was so in its training that no configuration tells, and what its UNet is told beside a text's tokens.
package protocol LatentUNetFamily: ModelFamily {
    var outline: PipelineOutline { get }
    /// Layers at the end of a text encoder that are left out where the person asks for nothing else.
    var skippedLayers: Int { get }
    /// Whether the text encoder's last norm follows.
    var isTextNormalised: Bool { get }
}

/// What a UNet may be told beside a text's tokens, as far as its family has it.
protocol UNetConditioning: AddedConditioning {
    /// For models that take the guidance scale as an input.
    var guidanceScale: Float { get }
    /// The whole of each text as one embedding, [batch, width], and original height and width, top, left, target height and width in pixels.
    var whole: (texts: Tensor, sizes: [Float])? { get }
}

/// The guidance scale alone, for consistency models, which were distilled to be told it.
struct ToldScale: UNetConditioning {
    let guidanceScale: Float
    var whole: (texts: Tensor, sizes: [Float])? { nil }
}

extension PipelineOutline {
    /// Which family the model is of: asked once, when it is opened.
    ///
    /// - Parameter readsSentences: whether it brings no text encoder, and prompts are read with the default one.
    func family(readsSentences: Bool) -> any LatentUNetFamily {
        if unet.added != nil { return StableDiffusionXL(outline: self) }
        return readsSentences ? RedrawSmall(outline: self) : StableDiffusion(outline: self)
    }
}

extension LatentUNetFamily {
    package var skippedLayers: Int { 0 }
    package var isTextNormalised: Bool { true }

    package func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)? {
        ToldScale(guidanceScale: scale)
    }

    package var unet: UNetConfiguration { outline.unet }
    package var autoencoder: AutoencoderConfiguration { outline.autoencoder }
    package var noise: NoiseSchedule { outline.noise }
    /// Bytes that the weights take once they are loaded.
    package var weightMemory: Int { outline.weightMemory }

    package var sizeMultiple: Int { outline.sizeMultiple }
    package var evenMultiple: Int { outline.evenMultiple }
    package var usualSide: Int { outline.usualSide }
    package var latentChannels: Int { outline.latentChannels }
    package var textWidth: Int { outline.textWidth }
    package var wantsMask: Bool { outline.wantsMask }
    package var isHeldInHalves: Bool { outline.isHeldInHalves }
    package var arithmetic: Arithmetic { outline.arithmetic }

    package func isGuided(_ request: GenerationRequest) -> Bool { outline.isGuided(request) }

    package func sampling(_ request: GenerationRequest, strength: Double?) throws(DiffusionError) -> Sampling {
        try outline.sampling(request, strength: strength)
    }

    package func workload(_ canvas: PixelSize, _ request: GenerationRequest) -> Workload { outline.workload(canvas, request) }
    package func canTile(_ canvas: PixelSize) -> Bool { outline.canTile(canvas) }
}

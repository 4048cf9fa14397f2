import Checkpoints
import Pixels
import Tensors

/// A family of latent diffusion models with a UNet. What all of them have in common is read off the model at hand, its outline. A family's own
/// file says the rest: the signs that its models are known by, what was so in its training that no configuration tells, what its single files
/// leave out, which come without configurations, and what its UNet is told beside a text's tokens.
protocol LatentUNetFamily: ModelFamily {
    var outline: PipelineOutline { get }
    init(outline: PipelineOutline)

    /// Whether a model that shows these signs is of the family; `FamilySigns` asks the families one after the other.
    static func has(_ signs: FamilySigns) -> Bool
    /// What people call it.
    static var title: String? { get }
    /// How wide the texts are that its UNet looks at, where that tells the family of a file.
    static var textWidth: Int? { get }
    /// How many channels its latents have, where that tells the family of a file.
    static var ownLatentChannels: Int? { get }

    // MARK: Texts

    /// Its text encoders as people know them, the narrowest first; their states stand side by side.
    static var textEncoders: [String] { get }
    /// Layers at the end of a text encoder that are left out where the person asks for nothing else.
    static var skippedLayers: Int { get }
    /// Whether the text encoder's last norm follows.
    static var isTextNormalised: Bool { get }
    /// Whether open_clip's text encoder counts as a whole, its projection too. Otherwise the last layer and the projection are not even read: the
    /// model looks at what comes before them.
    static var wantsWholeTextEncoder: Bool { get }
    /// Whether an empty negative prompt was told as zeros in the training, where the model's folder says nothing of it.
    static var zerosForEmptyNegative: Bool { get }

    // MARK: Latents

    /// What its autoencoder's latents are multiplied with for the UNet.
    static var latentScale: Float { get }
    /// Which tiny autoencoders were made for its latents.
    static var tinyAutoencoders: TinyAutoencoderFile.Family { get }

    // MARK: What single files leave out

    /// How many heads an attention over so many channels has: no tensor tells.
    static func heads(ofChannels channels: Int) -> Int
    /// How its scheduler's files space the steps; nil: they leave it to the sampler.
    static var spacing: SchedulerConfiguration.Spacing? { get }
    /// Width and height of the latents it was trained on.
    static func trainedSide(predicting prediction: SchedulerConfiguration.Prediction) -> Int
    /// Whether a UNet, of which nothing else tells it, predicts the velocity.
    static func predictsVelocity(_ unet: Weights, _ configuration: UNetConfiguration) throws -> Bool
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

extension LatentUNetFamily {
    /// A model of the family.
    static func model(_ outline: PipelineOutline) -> any LatentUNetFamily { Self(outline: outline) }

    static var title: String? { nil }
    static var textWidth: Int? { nil }
    static var ownLatentChannels: Int? { nil }
    static var skippedLayers: Int { 0 }
    static var isTextNormalised: Bool { true }
    static var wantsWholeTextEncoder: Bool { false }
    static var zerosForEmptyNegative: Bool { false }
    static var latentScale: Float { 0.18215 }
    static var tinyAutoencoders: TinyAutoencoderFile.Family { .first }
    /// Heads of 64 channels.
    static func heads(ofChannels channels: Int) -> Int { max(1, channels / 64) }
    static var spacing: SchedulerConfiguration.Spacing? { nil }
    /// 512 pixels.
    static func trainedSide(predicting prediction: SchedulerConfiguration.Prediction) -> Int { 64 }
    static func predictsVelocity(_ unet: Weights, _ configuration: UNetConfiguration) throws -> Bool { false }

    package func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)? {
        ToldScale(guidanceScale: scale)
    }

    var unet: UNetConfiguration { outline.unet }
    var autoencoder: AutoencoderConfiguration { outline.autoencoder }
    var noise: NoiseSchedule { outline.noise }

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

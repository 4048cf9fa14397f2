import Pixels
import Tensors

/// SDXL, and what was trained on or distilled from it: two CLIP text encoders, of which the last layer but one is looked at, without the norm
/// behind it. Its UNet is told the whole text as one embedding, and the sizes of the picture.
struct StableDiffusionXL: LatentUNetFamily {
    let outline: PipelineOutline

    static func has(_ signs: FamilySigns) -> Bool { signs.addsWholeTexts }
    static let title: String? = "SDXL"
    static let textWidth: Int? = 2048
    static let textEncoders = ["CLIP L", "CLIP bigG"]
    static let skippedLayers = 1
    static let isTextNormalised = false
    static let wantsWholeTextEncoder = true
    static let zerosForEmptyNegative = true
    static let latentScale: Float = 0.13025
    static let tinyAutoencoders = TinyAutoencoderFile.Family.xl
    static let spacing: SchedulerConfiguration.Spacing? = .leading
    /// 1024 pixels.
    static func trainedSide(predicting prediction: SchedulerConfiguration.Prediction) -> Int { 128 }

    struct Added: UNetConditioning {
        var guidanceScale: Float = 1
        let whole: (texts: Tensor, sizes: [Float])?
    }

    /// The picture is told to be drawn whole at the working size.
    func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)? {
        let pooled = texts.compactMap(\.pooled)
        guard pooled.count == texts.count else { return Added(guidanceScale: scale, whole: nil) }
        let sides = [Float(working.height), Float(working.width)]
        return Added(
            guidanceScale: scale,
            whole: (pooled.count == 1 ? pooled[0] : .concatenated(pooled, axis: 0), sides + [0, 0] + sides))
    }
}

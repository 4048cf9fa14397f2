import Pixels
import Tensors

/// SDXL, and what was trained on or distilled from it: two CLIP text encoders, of which the last layer but one is looked at, without the norm
/// behind it. Its UNet is told the whole text as one embedding, and the sizes of the picture.
package struct StableDiffusionXL: LatentUNetFamily {
    package let outline: PipelineOutline

    package var skippedLayers: Int { 1 }
    package var isTextNormalised: Bool { false }

    struct Added: UNetConditioning {
        var guidanceScale: Float = 1
        let whole: (texts: Tensor, sizes: [Float])?
    }

    /// The picture is told to be drawn whole at the working size.
    package func added(to texts: [Conditioning], scale: Float, working: PixelSize) -> (any AddedConditioning)? {
        let pooled = texts.compactMap(\.pooled)
        guard pooled.count == texts.count else { return Added(guidanceScale: scale, whole: nil) }
        let sides = [Float(working.height), Float(working.width)]
        return Added(
            guidanceScale: scale,
            whole: (pooled.count == 1 ? pooled[0] : .concatenated(pooled, axis: 0), sides + [0, 0] + sides))
    }
}

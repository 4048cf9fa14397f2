/// Stable Diffusion 1 and 2, what was trained on from them, and the consistency models that were distilled from them: one CLIP text encoder,
/// read to its last norm, as far down as its own configuration goes.
package struct StableDiffusion: LatentUNetFamily {
    package let outline: PipelineOutline
}

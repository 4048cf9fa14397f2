/// Stable Diffusion 1, what was trained on from it, and the consistency models that were distilled from it: OpenAI's CLIP text encoder, read to
/// its last norm. Also what shows no sign of another family.
struct StableDiffusion: LatentUNetFamily {
    let outline: PipelineOutline

    static func has(_ signs: FamilySigns) -> Bool { !signs.addsWholeTexts && !signs.readsSentences && !signs.readsWithOpenCLIP }
    static let title: String? = "SD 1.5"
    static let textWidth: Int? = 768
    static let textEncoders = ["CLIP L"]
    static func heads(ofChannels channels: Int) -> Int { 8 }
}

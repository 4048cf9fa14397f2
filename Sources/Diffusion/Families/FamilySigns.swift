import Foundation

/// What tells which family a latent diffusion model with a UNet is of, seen before a weight is read: in a folder and in a single file alike.
struct FamilySigns: Sendable, Equatable {
    /// Whether its UNet is told the whole of each text, and sizes of the picture, beside the tokens.
    var addsWholeTexts = false
    /// Whether it brings no text encoder, so that prompts are read with the default one.
    var readsSentences = false
    /// Whether its text encoder is open_clip's, which has the exact GELU, and not OpenAI's.
    var readsWithOpenCLIP = false
}

extension FamilySigns {
    /// All of these families, the most particular first: a model is of the first one whose signs it has.
    private static let families: [any LatentUNetFamily.Type] = [
        StableDiffusionXL.self, RedrawSmall.self, StableDiffusion2.self, StableDiffusion.self,
    ]

    /// Which family a model is of: asked once, when it is opened.
    var family: any LatentUNetFamily.Type { Self.families.first { $0.has(self) } ?? StableDiffusion.self }

    /// What people call the family whose network looks at texts of a width; nil for none that is run here.
    static func title(ofTextWidth width: Int) -> String? { families.first { $0.textWidth == width }?.title }

    /// What people call the family that alone has latents of so many channels.
    static func titleOfLatents(_ channels: Int) -> String? { families.first { $0.ownLatentChannels == channels }?.title }

    /// How many channels the latents of a family must have, where that tells it.
    static func latentChannels(of title: String) -> Int? { families.first { $0.title == title }?.ownLatentChannels }

    /// Whether only a model's folder says what reads the family's prompts, so that no file of it is run by itself.
    static func isInFoldersOnly(_ title: String) -> Bool { families.contains { $0.title == title && $0.textEncoders.isEmpty } }

    /// What people call those of them that are run here.
    static let titles = families.compactMap { $0.title }
}

import ArgumentParser
import Studio

/// `redraw repaint`: only where the mask is white.
struct RepaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repaint",
        abstract: "Repaint only where a mask is white; every other pixel stays byte-identical.",
        discussion: """
            The mask is a picture of the same size: white where it is to be repainted, black where nothing may change, grey where the new may \
            go part of the way (a share of the strength). The result says how many pixels were left alone and proves it with a checksum. Save as PNG or WebP, which is written without loss; JPEG is refused, as it would change every pixel.

              redraw repaint photo.jpg --mask hat.png --prompt "a red hat" --strength 0.9
              redraw repaint photo.jpg --mask sky.png --prompt "a storm" --feather 8
              redraw repaint photo.jpg --mask keep.png --invert --prompt "a meadow"
              redraw repaint photo.jpg --select dog --prompt "a photo of a fox"
              redraw repaint table.jpg --mask plate.png --prompt "a pizza" --area masked
              redraw repaint holiday/ --mask masks/ --prompt "a storm" --output stormy/

            For something quite different in its place add --strength 0.9; 0.5 keeps more of what is there.

            Many pictures, or a folder, go into the folder that --output names, each as a PNG under its own name, and --mask names a folder \
            with a mask of the same name for each, or one mask for all. Pictures that are there already are skipped, so the same command goes on \
            where it stopped; --overwrite makes all of them again.
            """)

    @Argument(help: "The picture; several, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @OptionGroup(title: "What is repainted") var repainting: RepaintingOptions
    @OptionGroup var generation: GenerationOptions
    @OptionGroup(title: ResultOptions.title) var one: OnePictureOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard (repainting.mask == nil) != repainting.select.isEmpty else {
            throw ValidationError("Say where to repaint: --mask FILE, or --select THING, one of the two.")
        }
        try ManyPictures(pictures).validate(generation, one, command: "repaint")
    }

    func run() async throws {
        repainting.truncation.apply()
        var wish = GenerationWish()
        wish.mode = "repaint"
        repainting.fill(&wish)
        generation.fill(&wish)
        one.fill(&wish)
        try await GenerationRun(options: generation, library: library).run(wish, of: ManyPictures(pictures), mask: repainting.mask)
    }
}

/// Where a picture is repainted, and how the new joins the old.
struct RepaintingOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "A picture of the same size, white where it is to be repainted; for many, a folder of them (default: none; --select stands in for it).",
        completion: .file()
    )
    var mask: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Repaint a thing that was seen in the picture, such as dog or face, in place of a mask; give it several times for several. The mask is a box with soft edges, whose file is named (default: none).",
            valueName: "thing"))
    var select: [String] = []

    @Option(
        name: .long,
        help:
            "How far the picture may change under the mask, elsewhere the denoising strength: 0 keeps it, from 0.9 on hardly anything of it is left (default: the model's own, else 0.6)."
    )
    var strength: Double?

    @Flag(name: .long, help: "Repaint where the mask is black, and leave alone where it is white.")
    var invert = false

    @Option(
        name: .long,
        help: ArgumentHelp("Soften the edge: blend new into old over this many pixels inside the mask (default: 4).", valueName: "px"))
    var feather: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Make the mask larger by this many pixels first, so that no old rim stays (default: 0).", valueName: "px"))
    var grow: Int?

    @Option(
        name: .customLong("fill"),
        help: ArgumentHelp(
            "What the new part starts from: original is what was there, blur the colours around the mask, noise and empty are nothing (default: original).",
            valueName: "what"),
        completion: .list(GenerationWish.fills))
    var ground: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Work on the whole picture, or on the masked part alone and in more detail (default: whole).", valueName: "whole|masked"),
        completion: .list(GenerationWish.areas))
    var area: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --area masked: how many pixels around the masked part are looked at, so that it fits in (default: 32).", valueName: "px"))
    var padding: Int?

    @OptionGroup var transparency: BackgroundOption
    @OptionGroup var truncation: TruncationOption

    func fill(_ wish: inout GenerationWish) {
        if !select.isEmpty { wish.select = select }
        wish.strength = strength
        wish.invert = invert
        (wish.feather, wish.grow, wish.padding) = (feather, grow, padding)
        (wish.fill, wish.area) = (ground, area)
        transparency.fill(&wish)
    }
}

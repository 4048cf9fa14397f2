import ArgumentParser
import Foundation
import Studio

/// `redraw repaint`: only where the mask is white.
struct RepaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "repaint",
        abstract: "Repaint only where a mask is white; every other pixel stays byte-identical.",
        discussion: """
            The mask is a picture of the same size: white where it is to be repainted, black where nothing may change, grey where the new may \
            go part of the way (a share of the strength). The result says how many pixels were left alone and proves it with a digest. Save as PNG or lossless WebP: a JPEG changes every pixel when it is saved.

              redraw repaint photo.jpg --mask hat.png --prompt "a red hat"
              redraw repaint photo.jpg --mask sky.png --prompt "a stormy sky" --area masked --feather 8 --strength 0.8
              redraw repaint photo.jpg --mask keep.png --invert --prompt "a meadow"
              redraw repaint table.jpg --mask plate.png --prompt "a photo of a pizza" --area masked --strength 1
            """)

    @Argument(help: "The picture.", completion: .file())
    var picture: String

    @Option(name: .long, help: "A picture of the same size, white where it is to be repainted.", completion: .file())
    var mask: String

    @Option(name: .long, help: "Redrawing extent under the mask, 0 to 1 (default: the model's own, else 0.6).")
    var strength: Double?

    @Flag(name: .long, help: "Repaint where the mask is black.")
    var invert = false

    @Option(name: .long, help: ArgumentHelp("Blend new into old over this many pixels, inside the mask.", valueName: "px"))
    var feather = 4

    @Option(name: .long, help: ArgumentHelp("Grow the mask by this many pixels first.", valueName: "px"))
    var grow = 0

    @Option(name: .long, help: ArgumentHelp("What stands under the mask at first: original, blur, noise or empty.", valueName: "what"))
    var fill = GenerationRequest.Fill.original

    @Option(
        name: .long,
        help: ArgumentHelp("What the model sees: the whole picture, or the masked part in more detail.", valueName: "whole|masked"))
    var area = GenerationRequest.Area.whole

    @Option(name: .long, help: ArgumentHelp("With --area masked: pixels around the masked part that the model sees too.", valueName: "px"))
    var padding = 32

    @OptionGroup var growth: GrowthOptions
    @OptionGroup var generation: GenerationOptions
    @OptionGroup var library: LibraryOptions

    func run() async throws {
        generation.useThreads()
        let studio = try library.studio()
        let file = try PictureFile(path: picture)
        var request = try generation.request(.repaint, studio: studio, picture: file)
        request.strength = strength ?? request.strength
        request.invert = invert
        request.feather = feather
        request.grow = grow
        request.fill = fill
        request.area = area
        request.padding = padding
        try growth.shape(&request)
        try generation.check(request)
        let filled = try await studio.fill(request, for: file, keepsNegative: generation.negative != nil)
        try await GenerationRun.run(
            GenerationOrder(
                request: filled.request, picture: file, mask: try PictureFile(path: mask), place: generation.place,
                overwrites: generation.overwrite, promptNumber: filled.promptNumber, preview: generation.previewFile,
                latent: generation.latentFile),
            studio: studio, library: library)
    }
}

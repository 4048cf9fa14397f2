import ArgumentParser
import Studio

/// `redraw generate`: image to image from the approved prompt.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Redraw a picture from its approved prompt.",
        discussion: """
            The prompt is composed from the tags you approved; --prompt takes another one for this time. Strength says how far the new picture \
            may go from the old one: 0 keeps it, 1 ignores it. With the small generator that comes along 0.3 to 0.35 \
            keeps people's faces, and more changes more; with large models 0.4 to 0.8 is usual. Without --strength it is the model's own. The \
            new picture has a size that the model draws well, which may be smaller; --picture-size enlarges it to the old one's.

              redraw generate photo.jpg
              redraw generate photo.jpg --strength 0.3 --seed 7 --output new.png
              redraw generate photo.jpg --prompt "a painting" --count 4 --output pictures/
              redraw generate photo.jpg --strengths 0.2,0.4,0.6,0.8 --output sheet.png
              redraw generate photo.jpg --sampler dpmpp-2m-karras --preview now.png
              redraw generate photo.jpg --prompt "a pizza" --strength 0.8 --first-side 128
              redraw generate photo.jpg --picture-size
              redraw generate photo.jpg --profile a1111 --sampler euler-a --seed 7
              redraw generate holiday/ --strength 0.3 --output redrawn/

            Many pictures, or a folder, go into the folder that --output names, each as a PNG under its own name. Pictures that are there already are \
            skipped, so the same command goes on where it stopped; --overwrite makes all of them again.
            """)

    @Argument(help: "The picture; several, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @OptionGroup(title: "How much changes") var redrawing: RedrawingOptions
    @OptionGroup var generation: GenerationOptions
    @OptionGroup(title: ResultOptions.title) var one: OnePictureOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws { try ManyPictures(pictures).validate(generation, one, command: "generate") }

    func run() async throws {
        redrawing.truncation.apply()
        var wish = GenerationWish()
        wish.mode = "generate"
        redrawing.fill(&wish)
        generation.fill(&wish)
        one.fill(&wish)
        try await GenerationRun(options: generation, library: library).run(wish, of: ManyPictures(pictures), mask: nil)
    }
}

/// How far the result goes from the picture, and how that fits into it.
struct RedrawingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: """
            How far the picture may change, elsewhere the denoising strength: 0 keeps it, 1 ignores it. With the small generator faces hold up to \
            0.35; with large models 0.4 to 0.8 is usual (default: the model's own, else 0.6).
            """)
    var strength: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Redraw it at each of these strengths with one seed, side by side on one sheet (default: single pictures, at --strength).",
            valueName: "a,b,c"))
    var strengths: StrengthList?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What happens to a picture of other proportions: crop cuts off what does not fit, fill continues its edges outwards, stretch distorts it (default: crop).",
            valueName: "how"),
        completion: .list(GenerationWish.resizes))
    var resize: String?

    @Flag(name: .long, help: "Enlarge the result to the picture's own size, with nothing cut off.")
    var pictureSize = false

    @OptionGroup var transparency: BackgroundOption
    @OptionGroup var truncation: TruncationOption

    func fill(_ wish: inout GenerationWish) {
        (wish.strength, wish.strengths, wish.resize) = (strength, strengths?.values, resize)
        if pictureSize { wish.outputSize = "picture" }
        transparency.fill(&wish)
    }
}

/// `0.2,0.4,0.6`.
struct StrengthList: ExpressibleByArgument {
    let values: [Double]

    init?(argument: String) {
        let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard !values.isEmpty, values.allSatisfy({ $0 != nil }) else { return nil }
        self.values = values.compactMap { $0 }
    }
}

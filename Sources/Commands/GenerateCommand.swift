import ArgumentParser
import Foundation
import Studio

/// `redraw generate`: image to image from the approved prompt.
struct GenerateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Redraw a picture from its approved prompt.",
        discussion: """
            The prompt is composed from the tags you approved; --prompt takes another one for this time. Strength says how far the new picture \
            may go from the old one: 0 keeps it, 1 ignores it; 0.4 to 0.8 is where it is usually wanted.

              redraw generate photo.jpg
              redraw generate photo.jpg --strength 0.45 --seed 7 --output new.png
              redraw generate photo.jpg --prompt "a painting of a harbour at dusk" --count 4 --output pictures/
              redraw generate photo.jpg --strengths 0.2,0.4,0.6,0.8 --output sheet.png
              redraw generate photo.jpg --size picture --sampler dpmpp-2m-karras --preview now.png
              redraw generate photo.jpg --prompt "a photo of a pizza" --strength 0.8 --first-side 32 --drafts 4
              redraw generate photo.jpg --profile a1111 --sampler euler-a --strength 0.75 --seed 7
            """)

    @Argument(help: "The picture.", completion: .file())
    var picture: String

    @Option(name: .long, help: "Redrawing extent, 0 to 1; 0.4 to 0.8 is advised (default: the model's own, else 0.6).")
    var strength: Double?

    @Option(name: .long, help: ArgumentHelp("One sheet with the picture redrawn at each strength, with one seed.", valueName: "a,b,c"))
    var strengths: StrengthList?

    @Option(
        name: .long,
        help: ArgumentHelp("How a picture of another aspect is brought to the working size: crop, fill or stretch.", valueName: "how"))
    var resize = GenerationRequest.Resize.crop

    @Flag(name: .long, help: "Hand the result over in the picture's own size instead of the model's, all of the picture shown.")
    var pictureSize = false

    @OptionGroup var growth: GrowthOptions
    @OptionGroup var generation: GenerationOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if strengths != nil, generation.count != 1 { throw ValidationError("--strengths makes one sheet; leave --count out.") }
        if strengths != nil, let drafts = growth.drafts, drafts != 1 {
            throw ValidationError("--strengths makes one sheet with one seed; leave --drafts out.")
        }
    }

    func run() async throws {
        generation.useThreads()
        let studio = try library.studio()
        let file = try PictureFile(path: picture)
        var request = try generation.request(.generate, studio: studio, picture: file)
        request.strength = strength ?? request.strength
        request.resize = resize
        request.outputSize = pictureSize ? .picture : .working
        try growth.shape(&request)
        try generation.check(request)
        let filled = try await studio.fill(request, for: file, keepsNegative: generation.negative != nil)
        try await GenerationRun.run(
            GenerationOrder(
                request: filled.request, picture: file, place: generation.place, overwrites: generation.overwrite,
                promptNumber: filled.promptNumber, strengths: strengths?.values ?? [], preview: generation.previewFile,
                latent: generation.latentFile),
            studio: studio, library: library)
    }
}

/// `0.2,0.4,0.6`.
struct StrengthList: ExpressibleByArgument {
    let values: [Double]

    init?(argument: String) {
        let values = argument.split(separator: ",", omittingEmptySubsequences: false).map { Double($0) }
        guard !values.isEmpty, values.count <= 12, values.allSatisfy({ $0.map { (0...1).contains($0) } ?? false }) else { return nil }
        self.values = values.compactMap { $0 }
    }
}

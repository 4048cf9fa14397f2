import ArgumentParser
import Studio

/// `redraw paint`: text to image.
struct PaintCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "paint",
        abstract: "Paint a picture from nothing but words.",
        discussion: """
              redraw paint "a painting of a sunflower"
              redraw paint "a sailing boat" --size 256x192 --count 4 --output boats/
              redraw paint "a photo of a pizza" --drafts 8
              redraw paint "a {red|blue} __animals__ in the snow" --count 4
              redraw paint "a castle" --model sd15 --size 1024x768 --first-side 512
            """)

    @Argument(help: "What to paint.")
    var text: String?

    @OptionGroup var generation: GenerationOptions
    @OptionGroup(title: ResultOptions.title) var one: OnePictureOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        if text != nil, generation.wording.prompt != nil {
            throw ValidationError("Give the prompt once: as the argument or with --prompt.")
        }
    }

    func run() async throws {
        var wish = GenerationWish()
        generation.fill(&wish)
        one.fill(&wish)
        wish.mode = "paint"
        wish.prompt = text ?? generation.wording.prompt
        try await GenerationRun(options: generation, library: library).run(wish)
    }
}

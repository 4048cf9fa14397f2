import ArgumentParser
import Studio

/// The options that every command that makes pictures has, a section of the help for each group.
struct GenerationOptions: ParsableArguments {
    @OptionGroup(title: "What it shows") var wording: WordingOptions
    @OptionGroup(title: "The model") var model: ModelOptions
    @OptionGroup(title: "From noise to picture") var denoising: DenoisingOptions
    @OptionGroup(title: "Size and composition") var growth: GrowthOptions
    @OptionGroup(title: "Time and memory") var speed: SpeedOptions
    @OptionGroup(title: ResultOptions.title) var result: ResultOptions
    @OptionGroup(title: "Queue and servers") var engine: EngineOptions

    func useThreads() { speed.threads.apply() }

    /// Puts what the person said into a wish.
    func fill(_ wish: inout GenerationWish) {
        wording.fill(&wish)
        model.fill(&wish)
        denoising.fill(&wish)
        growth.fill(&wish)
        speed.fill(&wish)
        result.fill(&wish)
    }
}

/// Where a result goes, and what is written into it.
struct ResultOptions: ParsableArguments {
    /// The section of the help that also holds `OnePictureOptions`.
    static let title = "The result"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the picture goes (default: the working directory, under a new name).", valueName: "file|dir"),
        completion: .file())
    var output: String?

    @Flag(name: .long, help: "Write over a file that is there.")
    var overwrite = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How the settings are written into the picture: redraw, or a1111 for just what that tool has, with hashes of the model and of LoRAs (default: redraw).",
            valueName: "name"),
        completion: .list(GenerationWish.infotexts))
    var infotext: String?

    func fill(_ wish: inout GenerationWish) {
        (wish.output, wish.infotext) = (output, infotext)
        wish.overwrite = overwrite
    }
}

/// What is said of pictures that are made one by one: a sheet has a picture for each of its cells and none of this.
struct OnePictureOptions: ParsableArguments {
    @Option(name: .long, help: "How many pictures to make, each with the next seed (default: 1).")
    var count: Int?

    @Option(
        name: .long,
        help: ArgumentHelp("Write the unfinished picture to this file after each step (default: none).", valueName: "file"),
        completion: .file())
    var preview: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write the numbers that the picture is decoded from to this safetensors file, to compare them with another program's (default: none).",
            valueName: "file"),
        completion: .file())
    var latent: String?

    func fill(_ wish: inout GenerationWish) { (wish.count, wish.preview, wish.latent) = (count, preview, latent) }
}

/// Who makes a picture, and when.
struct EngineOptions: ParsableArguments {
    @Option(
        name: .customLong("engine"),
        help: ArgumentHelp(
            "Have a server of yours make the picture: its address, where it speaks A1111's API; give it several times for a pool (default: builtin).",
            valueName: "builtin|url"))
    var names: [String] = []

    @Flag(name: .long, help: "Only put it into the queue; redraw jobs run makes it.")
    var later = false

    @Option(
        name: .long,
        help: ArgumentHelp("How many pictures may be made at once on this library; 1 waits for its turn.", valueName: "n"))
    var atOnce = 1

    func validate() throws {
        guard atOnce >= 1 else { throw ValidationError("--at-once is \(atOnce); it must be at least 1.") }
        _ = try servers()
    }

    /// The servers that were named; none where the built-in engine is to do it.
    ///
    /// - Throws: `ValidationError` for what is no address.
    func servers() throws -> OutsideEngines { try EngineNames.servers(names) }
}

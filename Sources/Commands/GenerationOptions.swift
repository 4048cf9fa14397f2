import ArgumentParser
import Studio

/// The options that every command that makes pictures has.
struct GenerationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "What draws: a model's name (see redraw models list), its folder, or a .safetensors file (default: redraw-small, or redraw-painter for what is composed anew).",
            valueName: "name|path"))
    var model: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take the autoencoder, which sets fine detail and colours, from a file, a folder or another model (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var vae: String?

    @Option(
        name: .customLong("text-encoder"),
        help: ArgumentHelp(
            "Have the text encoder of a file, a folder or another model read the prompt; give it twice where SDXL's two lie apart (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var textEncoders: [String] = []

    @Option(name: .long, help: ArgumentHelp("What the picture should show (default: the picture's approved prompt).", valueName: "text"))
    var prompt: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the picture should not show (default: the picture's own negative prompt; nothing for what is painted from words).",
            valueName: "text"))
    var negative: String?

    @Option(
        name: .long,
        help:
            "Steps from noise to picture: more take longer and settle finer detail; strength decides how many of them are run (default: the model's own, else 20)."
    )
    var steps: Int?

    @Option(
        name: .long,
        help:
            "How closely the picture follows the prompt and avoids the negative one: too much is garish, 1 leaves the negative prompt out and takes half the time (default: the model's own, else 7.5)."
    )
    var guidance: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Stop guiding early: after this share of the steps up to 1 (0.6: six of ten), after so many of them above 1. The steps after it take half the time, follow the prompt less and leave out the negative one (default: to the end).",
            valueName: "fraction|step"))
    var guidanceUntil: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Be quicker by running the whole network in every nth pass only, the outer layers in those between: 2 takes little more than half the time and changes details only, from 5 on fine texture goes (default: 1, every pass is whole).",
            valueName: "passes"))
    var reuseEvery: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Be quicker with large pictures by working on this share of alike places together, 0 to 0.75: it pays from about 768x768 on, and details change (default: 0).",
            valueName: "fraction"))
    var mergeTokens: Double?

    @Option(
        name: .long,
        help: "Which of all possible pictures it becomes: the same seed and settings give the same picture (default: random, and printed).")
    var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Vary the seed's picture a little, towards that of another seed: 0.05 to 0.2 changes details, 1 is the other seed's picture (default: 0, no variation).",
            valueName: "fraction"))
    var variationStrength: Double?

    @Option(name: .long, help: "The other seed, for --variation-strength (default: random, and printed in the picture's settings).")
    var variationSeed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How noise becomes the picture from step to step, which changes details and how many steps it takes: \(GenerationWish.samplers.joined(separator: ", ")) (default: the model's own, else ddim).",
            valueName: "name"),
        completion: .list(GenerationWish.samplers))
    var sampler: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "At which noise levels the steps are taken: leading, trailing (A1111's SGM Uniform; models of few steps are sharp only with it) or linspace; or, for lcm and tcd, these very steps of the training, such as 999,749,499,249 (default: the model's own).",
            valueName: "name|steps"),
        completion: .list(GenerationWish.spacings))
    var spacing: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How much of the noise after a step of the sampler tcd is fresh, 0 to 1: less shows more detail, more is advised for more steps (default: the model's own, else 0.3; 0 under the profile diffusers).",
            valueName: "fraction"))
    var eta: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read the prompt a layer of the text encoder earlier, as many models for drawings want it with 2; 1 is the last layer (default: the model's own).",
            valueName: "n"))
    var clipSkip: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How large the picture is made, or picture for the size of the one that is redrawn; far from the size a model was trained at, things appear twice (default: the legal one nearest to its aspect).",
            valueName: "WxH|picture"))
    var size: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make picture and previews with a tiny autoencoder (TAESD) instead of the model's own: quicker, with less fine detail. A file or folder, or tiny for the one in a folder vae_approx that fits (default: the model's own).",
            valueName: "tiny|file|dir"))
    var autoencoder: String?

    @Option(name: .long, help: "How many pictures to make, each with the next seed (default: 1).")
    var count: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Give the picture that another program gives with the same seed: diffusers, or a1111 with the web UI's steps, noise levels and masks (default: redraw).",
            valueName: "name"),
        completion: .list(GenerationWish.profiles))
    var profile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How exactly it is computed: f32 is the reference, bf16 is quicker on processors made for it and changes the finest detail, int8 changes more (default: auto).",
            valueName: "name"),
        completion: .list(GenerationWish.precisions))
    var precision: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the model was trained to predict, epsilon (the noise), v (the velocity) or sample; name it where pictures come out as noise or grey (default: as its files tell).",
            valueName: "name"),
        completion: .list(GenerationWish.predictions))
    var prediction: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Have a server of yours make the picture: its address, where it speaks A1111's API; give it several times for a pool (default: builtin).",
            valueName: "builtin|url"))
    var engine: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Use a preset of your configuration file or of the page for every option you leave out, see redraw config (default: none).",
            valueName: "name"))
    var preset: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the picture goes (default: the working directory, under a name of its own).", valueName: "file|dir"),
        completion: .file())
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Write to this file after each step what is becoming of the picture (default: none).", valueName: "file"),
        completion: .file())
    var preview: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Write the numbers that the picture is decoded from to this safetensors file, to compare them with another program's (default: none).",
            valueName: "file"),
        completion: .file())
    var latent: String?

    @Flag(name: .long, help: "Write over a file that is there.")
    var overwrite = false

    @Flag(name: .long, help: "Only put it into the queue; redraw jobs run makes it.")
    var later = false

    @Option(
        name: .long,
        help: ArgumentHelp("How many pictures may be in the making at once on this library; 1 waits for its turn.", valueName: "n"))
    var atOnce = 1

    @OptionGroup var wording: WordingOptions
    @OptionGroup var threads: ThreadOptions

    func validate() throws {
        guard atOnce >= 1 else { throw ValidationError("--at-once is \(atOnce); it must be at least 1.") }
        _ = try servers()
    }

    /// The servers that were named; none where the built-in engine is to do it.
    ///
    /// - Throws: `ValidationError` for what is no address.
    func servers() throws -> OutsideEngines { try EngineNames.servers(engine) }

    func useThreads() { threads.apply() }

    /// Puts what the person said into a wish.
    func fill(_ wish: inout GenerationWish) {
        wish.model = model
        wish.vae = vae
        wish.textEncoders = textEncoders.isEmpty ? nil : textEncoders
        wish.prompt = prompt
        wish.negative = negative
        wish.steps = steps
        wish.guidance = guidance
        wish.guidanceUntil = guidanceUntil
        wish.reuseEvery = reuseEvery
        wish.mergeTokens = mergeTokens
        wish.seed = seed
        (wish.variationSeed, wish.variationStrength) = (variationSeed, variationStrength)
        wish.sampler = sampler
        wish.spacing = spacing
        wish.eta = eta
        wish.clipSkip = clipSkip
        wish.size = size
        wish.autoencoder = autoencoder
        wish.count = count
        wish.profile = profile
        wish.precision = precision
        wish.prediction = prediction
        wish.output = output
        wish.overwrite = overwrite
        wish.preview = preview
        wish.latent = latent
        wording.fill(&wish)
    }
}

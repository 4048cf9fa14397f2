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
            "Whose autoencoder to use: a file or folder of its own, or another model (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var vae: String?

    @Option(
        name: .customLong("text-encoder"),
        help: ArgumentHelp(
            "Whose text encoder reads the prompt; twice where SDXL's two lie apart (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var textEncoders: [String] = []

    @Option(name: .long, help: ArgumentHelp("What the picture is to show (default: the picture's approved prompt).", valueName: "text"))
    var prompt: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the picture is to stay away from (default: the picture's own negative prompt; nothing for what is painted from words).",
            valueName: "text"))
    var negative: String?

    @Option(name: .long, help: "Steps of a full run; strength decides how many of them are run (default: the model's own, else 20).")
    var steps: Int?

    @Option(name: .long, help: "Weight of the prompt against the negative prompt; 1 turns it off (default: the model's own, else 7.5).")
    var guidance: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Guide only the beginning: up to 1, that share of the steps that run (0.6: six of ten), above 1, that many steps; each further step takes half the time and is not told the negative prompt (default: to the end).",
            valueName: "fraction|step"))
    var guidanceUntil: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Run the whole network in every nth pass only and let those between take over what its deeper levels made: 2 takes little more than half the time and changes details only, from 5 on fine texture goes (default: 1, every pass is whole).",
            valueName: "passes"))
    var reuseEvery: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Let that share of a large map's pixels, 0 to 0.75, share the place of one like them while it looks at itself: quicker from about 768x768 on, and details change (default: 0).",
            valueName: "fraction"))
    var mergeTokens: Double?

    @Option(name: .long, help: "Start of the random numbers: the same seed gives the same picture (default: random, and printed).")
    var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Vary the seed's picture a little: how far its noise goes toward that of another seed; 0.05 to 0.2 changes details, 1 is the other seed's picture (default: 0, no variation).",
            valueName: "fraction"))
    var variationStrength: Double?

    @Option(name: .long, help: "The other seed, for --variation-strength (default: random, and printed in the picture's settings).")
    var variationSeed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "One of \(GenerationWish.samplers.joined(separator: ", ")) (default: the model's own, else ddim).",
            valueName: "name"),
        completion: .list(GenerationWish.samplers))
    var sampler: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How the steps are spread over the training's: leading, trailing (A1111's SGM Uniform, for models of few steps) or linspace; or, for lcm and tcd, these very steps, such as 999,749,499,249 (default: the model's own).",
            valueName: "name|steps"),
        completion: .list(GenerationWish.spacings))
    var spacing: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How much of what a step of the sampler tcd has for noise is fresh, 0 to 1: less shows more detail, more is advised for more steps (default: the model's own, else 0.3; 0 under the profile diffusers).",
            valueName: "fraction"))
    var eta: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Layer of the text encoder whose states count, from the end: 1 is the last (default: the model's own).", valueName: "n"))
    var clipSkip: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Size the model works at, any size, or picture for the picture's own (default: the legal one nearest to its aspect).",
            valueName: "WxH|picture"))
    var size: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A tiny autoencoder (TAESD) in the place of the model's own, for the picture and its previews: quicker, less fine. A file or folder, or tiny for the one in a folder vae_approx that fits (default: the model's own).",
            valueName: "tiny|file|dir"))
    var autoencoder: String?

    @Option(name: .long, help: "How many pictures; picture k uses the seed + k, where no drafts are tried (default: 1).")
    var count: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whose conventions to follow to the letter: redraw, diffusers, or a1111 with the steps, noise levels and masks of the web UI's k-diffusion samplers (default: redraw).",
            valueName: "name"),
        completion: .list(GenerationWish.profiles))
    var profile: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The arithmetic: f32, bf16 (faster where the processor multiplies it), int8 (coarser) or auto (default: auto).",
            valueName: "name"),
        completion: .list(GenerationWish.precisions))
    var precision: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the model predicts: epsilon (the noise), v (the velocity) or sample (default: as its files tell).", valueName: "name"),
        completion: .list(GenerationWish.predictions))
    var prediction: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What makes the picture: builtin, or the address of a server of yours that speaks A1111's API; give it several times for a pool (default: builtin).",
            valueName: "builtin|url"))
    var engine: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A preset of your configuration file or of the page: what it sets stands for every option left out, see redraw config (default: none).",
            valueName: "name"))
    var preset: String?

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the picture goes (default: the working directory, under a name of its own).", valueName: "file|dir"),
        completion: .file())
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A picture file that shows after each step what is becoming of it (default: none).", valueName: "file"),
        completion: .file())
    var preview: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A safetensors file for the latent after the last step, to compare it with others' (default: none).", valueName: "file"),
        completion: .file())
    var latent: String?

    @Flag(name: .long, help: "Write over a file that is there.")
    var overwrite = false

    @Flag(name: .long, help: "Leave it in the queue and return; redraw jobs run makes it.")
    var later = false

    @Option(
        name: .long,
        help: ArgumentHelp("Run while up to n - 1 other jobs do; 1 waits for its turn.", valueName: "n"))
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

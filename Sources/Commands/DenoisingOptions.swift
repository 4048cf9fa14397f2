import ArgumentParser
import Studio

/// How noise becomes the picture.
struct DenoisingOptions: ParsableArguments {
    @Option(
        name: .long,
        help:
            "Steps from noise to picture: more take longer and settle finer detail; the strength decides how many of them run (default: the model's own, else 20)."
    )
    var steps: Int?

    @Option(
        name: .long,
        help:
            "How closely the picture follows the prompt and avoids the negative one, elsewhere the CFG scale: too much is garish, 1 leaves the negative prompt out and takes half the time (default: the model's own, else 7.5)."
    )
    var guidance: Double?

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
            "How noise becomes the picture from step to step, which changes details and how many steps it takes: \(GenerationWish.samplers.joined(separator: ", ")), or A1111's name, such as DPM++ 2M Karras (default: the model's own, else ddim).",
            valueName: "name"),
        completion: .list(GenerationWish.samplers))
    var sampler: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "At which noise levels the steps are taken: leading, trailing (A1111's SGM Uniform; models made for few steps are sharp only with it) or linspace; or, for lcm and tcd, these very steps of the training, such as 999,749,499,249 (default: the model's own).",
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
            "Give the picture that another program gives with the same seed: diffusers, or a1111 with the web UI's steps, noise levels and masks (default: redraw).",
            valueName: "name"),
        completion: .list(GenerationWish.profiles))
    var profile: String?

    func fill(_ wish: inout GenerationWish) {
        (wish.steps, wish.guidance, wish.seed) = (steps, guidance, seed)
        (wish.variationStrength, wish.variationSeed) = (variationStrength, variationSeed)
        (wish.sampler, wish.spacing, wish.eta, wish.profile) = (sampler.map(Studio.samplerName), spacing, eta, profile)
    }
}

/// What makes it quicker or smaller, for some detail.
struct SpeedOptions: ParsableArguments {
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
            "Stop guiding early: after this share of the steps up to 1 (0.6: six of ten), after so many of them above 1. The steps after it take half the time, follow the prompt less and leave out the negative one (default: to the end).",
            valueName: "fraction|step"))
    var guidanceUntil: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Be quicker: run the whole network in every nth pass only, and its outer layers in those between. 2 takes little more than half the time and changes details; from 5 on fine texture is lost (default: 1, every pass is whole).",
            valueName: "passes"))
    var reuseEvery: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Be quicker with large pictures: work on this share of similar places together, 0 to 0.75. It pays from about 768x768 on, and details change (default: 0).",
            valueName: "fraction"))
    var mergeTokens: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make picture and previews with a tiny autoencoder (TAESD) instead of the model's own: quicker, with less fine detail. A file or folder, or tiny for the one in a folder vae_approx that fits (default: the model's own).",
            valueName: "tiny|file|dir"))
    var autoencoder: String?

    @OptionGroup var threads: ThreadOptions

    func fill(_ wish: inout GenerationWish) {
        (wish.precision, wish.guidanceUntil, wish.reuseEvery) = (precision, guidanceUntil, reuseEvery)
        (wish.mergeTokens, wish.autoencoder) = (mergeTokens, autoencoder)
    }
}

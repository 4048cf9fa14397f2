import Pixels

/// Everything a person can ask of a generation: command line, page and API all decode to it, and history stores it.
///
/// A key that is missing in JSON has the default given here. `validate()` tells what is out of range before anything is computed.
package struct GenerationRequest: Codable, Sendable, Equatable {
    /// What a generation starts from.
    package enum Mode: String, Codable, Sendable, CaseIterable {
        /// The whole picture is redrawn (image to image).
        case generate
        /// Only where the mask is white.
        case repaint
        /// From nothing but the prompt (text to image).
        case paint
    }

    /// The tool whose conventions are followed to the letter.
    package enum Profile: String, Codable, Sendable, CaseIterable { case redraw, diffusers, a1111 }
    /// In which numbers the network multiplies; `auto` leaves it to the processor and the model.
    package enum Precision: String, Codable, Sendable, CaseIterable { case auto, f32, bf16, int8 }
    /// What a model's network was trained to say of a noisy latent.
    package enum Prediction: String, Codable, Sendable, CaseIterable {
        /// The noise.
        case epsilon
        /// The velocity.
        case v
        /// The clean latent.
        case sample
    }
    /// What stands under the mask when the repainting begins.
    package enum Fill: String, Codable, Sendable, CaseIterable {
        /// The picture itself.
        case original
        /// What surrounds the masked area, blurred into it.
        case blur
        /// Noise.
        case noise
        /// A latent of zeros.
        case empty
    }
    /// Which part of the picture the model sees while it repaints.
    package enum Area: String, Codable, Sendable, CaseIterable {
        /// All of it, at the working size.
        case whole
        /// The masked region with `padding` around it, at the working size: more detail where it counts.
        case masked
    }
    /// How a picture is brought to a working size of another aspect.
    package enum Resize: String, Codable, Sendable, CaseIterable {
        /// Cut off what does not fit, evenly at both sides.
        case crop
        /// Keep everything and continue the border outwards.
        case fill
        /// Change the proportions.
        case stretch
    }
    /// The size of what is handed over.
    package enum OutputSize: String, Codable, Sendable, CaseIterable {
        /// As the model made it.
        case working
        /// The source picture's own, scaled up with Lanczos. A repainted picture always has its own size.
        case picture
    }

    package var mode = Mode.generate
    package var prompt = ""
    package var negative = ""
    /// The model's name or folder; nil: the one that is suggested.
    package var model: String?
    /// Redrawing extent: 0 keeps the picture, 1 ignores it.
    package var strength = 0.6
    /// Steps of a full run; strength decides how many of them are run.
    package var steps = 20
    /// Weight of the prompt against the negative prompt; at 1 or below only the prompt counts.
    package var guidance = 7.5
    /// How far into a run the prompt is weighed against the negative one; behind it the prompt alone counts, and a step takes one pass and
    /// not two. Up to 1: a share of the steps that run, rounded; above: that many steps. Nil: to the end.
    package var guidanceUntil: Double?
    /// Every how many passes go through the whole network; those between run its outermost layers on what the deeper ones made last. Nil:
    /// each of them does.
    package var reuseEvery: Int?
    /// The share of a large map's pixels that are merged into others for its look at itself; nil: none.
    package var mergeTokens: Double?
    /// Nil: random, and told in the result. Picture k of several uses seed + k; with drafts, one of those from seed + k * drafts on.
    package var seed: UInt64?
    /// Another seed, whose noise is mixed with that of the seed, and how far it goes that way: 0 is the seed's picture, 1 the other's. Nil:
    /// the seed's alone.
    package var variationSeed: UInt64?
    package var variationStrength: Double?
    package var sampler = SamplerName.ddim
    /// How the steps are spread over the training's; nil: as the model's scheduler or the sampler has it.
    package var spacing: StepSpacing?
    /// How much of what a step of TCD's has for noise is fresh: 0 none, 1 all of it; nil: as much as usual. Other samplers have no such choice.
    package var eta: Double?
    /// The tiny autoencoder that stands in for the model's own: `tiny` for the one that fits, or a name; nil: none does.
    package var autoencoder: String?
    /// Layer of the text encoder whose states count, from the end: 1 is the last; nil: the one the model was trained with.
    package var clipSkip: Int?
    /// Working size; nil: the model's own, in the picture's aspect.
    package var width: Int?
    package var height: Int?
    /// Side of a square as large as the first, small picture that a painting grows out of, enlarged and redrawn until it has its size; nil:
    /// painted at its size at once. A picture redrawn at strength 0.75 and more grows too; in repainting at 0.9 and more what the mask
    /// covers is as large at first. Otherwise it is of no account.
    package var firstSide: Int?
    /// Strength at which each enlarged picture of what grows is redrawn.
    package var refine = 0.5
    /// How many first, small pictures are tried for each picture that grows; the one nearest to the prompt goes on. Each has a seed of its
    /// own, and the picture has that of its draft.
    package var drafts = 1
    /// How many pictures.
    package var count = 1
    package var profile = Profile.redraw
    package var precision = Precision.auto
    package var resize = Resize.crop
    package var outputSize = OutputSize.working
    package var fill = Fill.original
    package var area = Area.whole
    /// Pixels of the source around the masked region, with `area` masked.
    package var padding = 32
    /// Width in pixels over which new blends into old, inside the mask only.
    package var feather = 4
    /// Pixels by which the mask is grown first.
    package var grow = 0
    /// Repaint where the mask is black.
    package var invert = false
    /// What stands where the source is transparent: `keep`, a colour's name, or `#rrggbb`; nil: white for the model, and a repainted
    /// picture stays transparent outside of its mask.
    package var background: String?
    /// What the model predicts, where its files do not tell or tell wrong; nil: what they tell.
    package var prediction: Prediction?
    /// Whether an empty negative prompt was given as one: it is read as a text then, where a model would be told nothing by zeros.
    package var readsEmptyNegative = false
    /// How the line of settings in the picture is written.
    package var infotext = Infotext.redraw
    /// What the prompts were made of, where they were not written as they are.
    package var wording: Wording?

    /// How the line of settings in a picture's file is written.
    package enum Infotext: String, Codable, Sendable, CaseIterable {
        /// With what only Redraw has.
        case redraw
        /// As AUTOMATIC1111's web UI writes it, with the hashes of the model and of the LoRAs.
        case a1111
    }

    /// Prompts as they were written, before styles were laid over them and their choices were made.
    package struct Wording: Codable, Sendable, Equatable {
        package var prompt: String
        package var negative: String
        /// Names of the styles, in the order in which they were laid over.
        package var styles: [String]
        /// Whether there was anything to choose: another seed says other words.
        package var isChosen: Bool

        package init(prompt: String, negative: String, styles: [String] = [], isChosen: Bool = false) {
            (self.prompt, self.negative, self.styles, self.isChosen) = (prompt, negative, styles, isChosen)
        }
    }

    package init() {}

    package init(
        mode: Mode, prompt: String, negative: String = "", strength: Double = 0.6, steps: Int = 20, guidance: Double = 7.5,
        seed: UInt64? = nil, width: Int? = nil, height: Int? = nil
    ) {
        self.mode = mode
        self.prompt = prompt
        self.negative = negative
        self.strength = strength
        self.steps = steps
        self.guidance = guidance
        self.seed = seed
        self.width = width
        self.height = height
    }

    /// Names the tiny autoencoder that fits the model.
    package static let fittingAutoencoder = "tiny"

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, into target: inout Value) throws {
            if let value = try values.decodeIfPresent(Value.self, forKey: key) { target = value }
        }
        try read(.mode, into: &mode)
        try read(.prompt, into: &prompt)
        try read(.negative, into: &negative)
        model = try values.decodeIfPresent(String.self, forKey: .model)
        try read(.strength, into: &strength)
        try read(.steps, into: &steps)
        try read(.guidance, into: &guidance)
        guidanceUntil = try values.decodeIfPresent(Double.self, forKey: .guidanceUntil)
        reuseEvery = try values.decodeIfPresent(Int.self, forKey: .reuseEvery)
        mergeTokens = try values.decodeIfPresent(Double.self, forKey: .mergeTokens)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        variationSeed = try values.decodeIfPresent(UInt64.self, forKey: .variationSeed)
        variationStrength = try values.decodeIfPresent(Double.self, forKey: .variationStrength)
        try read(.sampler, into: &sampler)
        clipSkip = try values.decodeIfPresent(Int.self, forKey: .clipSkip)
        spacing = try values.decodeIfPresent(StepSpacing.self, forKey: .spacing)
        eta = try values.decodeIfPresent(Double.self, forKey: .eta)
        autoencoder = try values.decodeIfPresent(String.self, forKey: .autoencoder)
        width = try values.decodeIfPresent(Int.self, forKey: .width)
        height = try values.decodeIfPresent(Int.self, forKey: .height)
        firstSide = try values.decodeIfPresent(Int.self, forKey: .firstSide)
        try read(.refine, into: &refine)
        try read(.drafts, into: &drafts)
        try read(.count, into: &count)
        try read(.profile, into: &profile)
        try read(.precision, into: &precision)
        try read(.resize, into: &resize)
        try read(.outputSize, into: &outputSize)
        try read(.fill, into: &fill)
        try read(.area, into: &area)
        try read(.padding, into: &padding)
        try read(.feather, into: &feather)
        try read(.grow, into: &grow)
        try read(.invert, into: &invert)
        background = try values.decodeIfPresent(String.self, forKey: .background)
        prediction = try values.decodeIfPresent(Prediction.self, forKey: .prediction)
        try read(.readsEmptyNegative, into: &readsEmptyNegative)
        try read(.infotext, into: &infotext)
        wording = try values.decodeIfPresent(Wording.self, forKey: .wording)
    }

    /// A setting that is a number within fixed bounds.
    package enum Bounded: String, Sendable, CaseIterable {
        case strength, steps, guidance, guidanceUntil, reuseEvery, mergeTokens, variationStrength, eta, count, clipSkip, width, height,
            firstSide, refine, drafts,
            padding,
            feather, grow

        package var range: ClosedRange<Double> {
            switch self {
            case .strength: 0...1
            case .steps: 1...1000
            case .guidanceUntil: 0...1000
            case .reuseEvery: 1...10
            case .mergeTokens: 0...0.75
            case .variationStrength, .eta: 0...1
            case .guidance: 0...100
            case .count, .drafts: 1...100
            case .clipSkip: 1...32
            case .width, .height, .firstSide: 8...8192
            case .refine: 0.01...1
            case .padding: 0...4096
            case .feather, .grow: 0...512
            }
        }

        /// In a message.
        var words: String {
            switch self {
            case .guidanceUntil: "guidance until"
            case .reuseEvery: "reuse every"
            case .mergeTokens: "merge tokens"
            case .variationStrength: "variation strength"
            case .clipSkip: "clip skip"
            case .firstSide: "first side"
            default: rawValue
            }
        }
    }

    /// Checks every number's range alone, whatever goes with what: a request that was read may have been written by anybody.
    package func checkNumbers() throws(GenerationRequestError) {
        func check(_ value: Double, _ range: ClosedRange<Double>, _ name: String) throws(GenerationRequestError) {
            guard range.contains(value) else {
                let allowed = "\(Self.short(range.lowerBound)) to \(Self.short(range.upperBound))"
                throw .outOfRange(name: name, value: Self.short(value), range: allowed)
            }
        }
        func hold(_ value: Double?, _ setting: Bounded) throws(GenerationRequestError) {
            if let value { try check(value, setting.range, setting.words) }
        }
        func hold(_ value: Int?, _ setting: Bounded) throws(GenerationRequestError) { try hold(value.map(Double.init), setting) }
        try hold(strength, .strength)
        try hold(steps, .steps)
        try hold(guidance, .guidance)
        try hold(guidanceUntil, .guidanceUntil)
        try hold(reuseEvery, .reuseEvery)
        try hold(mergeTokens, .mergeTokens)
        try hold(variationStrength, .variationStrength)
        try hold(eta, .eta)
        try hold(count, .count)
        try hold(clipSkip, .clipSkip)
        try hold(width, .width)
        try hold(height, .height)
        try hold(firstSide, .firstSide)
        try hold(refine, .refine)
        try hold(drafts, .drafts)
        try hold(padding, .padding)
        try hold(feather, .feather)
        try hold(grow, .grow)
        try check(Double(prompt.utf8.count), 0...Double(Self.promptLimit), "the prompt's length in bytes")
        try check(Double(negative.utf8.count), 0...Double(Self.promptLimit), "the negative prompt's length in bytes")
    }

    /// Checks every value's range and what goes with what, not what a certain model can do.
    package func validate() throws(GenerationRequestError) {
        try checkNumbers()
        func own(_ isAsked: Bool, _ name: String) throws(GenerationRequestError) {
            guard !isAsked || profile == .redraw else { throw .onlyRedraw(name: name, profile: profile.rawValue) }
        }
        if let guidanceUntil, guidanceUntil > 1, guidanceUntil != guidanceUntil.rounded() {
            throw .outOfRange(
                name: Bounded.guidanceUntil.words, value: "\(guidanceUntil)",
                range: "0 to 1, a share of the steps, or a whole number of them")
        }
        if let reuseEvery { try own(reuseEvery > 1, "reusing a pass") }
        if let mergeTokens { try own(mergeTokens > 0, "merging tokens") }
        if variationStrength != nil {
            guard profile != .diffusers else { throw .onlyRedraw(name: "a variation", profile: profile.rawValue) }
            guard count == 1 else { throw .variations(count) }
        }
        guard eta == nil || sampler == .tcd else { throw .etaOfSampler(sampler.rawValue) }
        if let timesteps = spacing?.timesteps, timesteps.count != steps || !sampler.takesTimesteps {
            throw .timesteps(timesteps, steps: steps, sampler: sampler.rawValue)
        }
        try own(firstSide != nil, "a first side")
        try own(drafts > 1, "trying drafts")
        guard drafts == 1 || firstSide != nil else { throw .draftsWithoutFirstSide(drafts) }
        guard (width == nil) == (height == nil) else { throw .incompleteSize(width: width, height: height) }
        if let background, Background(background) == nil { throw .noBackground(background) }
    }

    /// How many of the steps that run are guided, by a model that is at all; nil: all.
    func guidedSteps(of plan: StepPlan) -> Int? {
        guard let guidanceUntil, guidanceUntil != 1 else { return nil }
        let steps = Int(guidanceUntil < 1 ? (guidanceUntil * Double(plan.run)).rounded() : guidanceUntil)
        return steps < plan.run ? steps : nil
    }

    /// How many of the passes are.
    func guidedPasses(of plan: StepPlan, passesPerStep: Int) -> Int {
        guidedSteps(of: plan).map { min($0 * passesPerStep, plan.passes) } ?? plan.passes
    }

    /// Longest prompt taken, in bytes.
    package static let promptLimit = 20_000

    private static func short(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? "\(Int(value))" : "\(value)"
    }
}

/// A request that cannot be granted, with the value that is in the way.
package enum GenerationRequestError: Error, Equatable, CustomStringConvertible {
    case outOfRange(name: String, value: String, range: String)
    case incompleteSize(width: Int?, height: Int?)
    case onlyRedraw(name: String, profile: String)
    case draftsWithoutFirstSide(Int)
    case noBackground(String)
    case variations(Int)
    case etaOfSampler(String)
    case timesteps([Int], steps: Int, sampler: String)

    package var description: String {
        switch self {
        case .outOfRange(let name, let value, let range): "\(name) is \(value); it must be from \(range)"
        case .incompleteSize(let width, let height):
            "only one side of the size was given (\(width.map { "width \($0)" } ?? height.map { "height \($0)" } ?? "none")); give both or none"
        case .onlyRedraw(let name, let profile):
            "\(name) is Redraw's own and not part of the profile \(profile); leave it out, or use the profile redraw"
        case .draftsWithoutFirstSide(let drafts):
            "\(drafts) drafts were asked for, but drafts are the first, small pictures of what grows; give a first side, such as 64"
        case .variations(let count):
            "\(count) pictures were asked for, but a variation is one picture of two seeds; ask for each with a variation seed of its own"
        case .etaOfSampler(let sampler):
            "eta says how much of the noise is fresh in a step of tcd's; \(sampler) has no such choice: leave it out, or take the sampler tcd"
        case .timesteps(let told, let steps, let sampler):
            "the spacing \(told.map(String.init).joined(separator: ",")) names \(told.count) of the training's steps, for \(steps) of \(sampler); "
                + "name as many as there are steps, with the sampler \(SamplerName.takingTimesteps)"
        case .noBackground(let text):
            "the background \(text) is no colour; give white, black, grey, one such as #ff8800, or keep for transparency that stays"
        }
    }
}

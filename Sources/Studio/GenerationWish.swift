import Diffusion
import Screening

/// What a person said of a picture to be made, all of it optional: the command line, a page, an API and a picture's own text all come to it.
///
/// Choices are words here, as people and scripts write them; an order has them checked.
package struct GenerationWish: Codable, Sendable, Equatable {
    /// One of `modes`; nil: told by the picture and the mask that are there.
    package var mode: String?
    /// File of the picture to redraw or repaint.
    package var picture: String?
    /// File of a picture of the same size, white where it is to be repainted.
    package var mask: String?
    /// Names of things in the picture that are to be repainted, in place of a mask: "dog", "face".
    package var select: [String]?
    package var prompt: String?
    package var negative: String?
    /// Names of the person's presets whose prompts are laid over these, in this order.
    package var styles: [String]?
    /// One of `infotexts`.
    package var infotext: String?
    /// Folder of the files that `__name__` in a prompt means; nil: the person's own.
    package var wildcards: String?
    /// An installed model's name, a folder in diffusers' layout, or a .safetensors file.
    package var model: String?
    /// Whose autoencoder it is run with: a model's name, a file or a folder.
    package var vae: String?
    /// Whose text encoders it is run with, likewise; SDXL's two may lie apart.
    package var textEncoders: [String]?
    package var strength: Double?
    /// One sheet with the picture redrawn at each of these strengths.
    package var strengths: [Double]?
    package var steps: Int?
    package var guidance: Double?
    /// Up to 1: the share of the steps that run, above: how many of them, that are guided at all.
    package var guidanceUntil: Double?
    /// Every how many passes go through the whole network, 1 to 10.
    package var reuseEvery: Int?
    /// The share of a large map's pixels that are merged into others for its look at itself, 0 to 0.75.
    package var mergeTokens: Double?
    package var seed: UInt64?
    /// How far the seed's noise goes toward another seed's, 0 to 1, and that seed; nil: a random one.
    package var variationStrength: Double?
    package var variationSeed: UInt64?
    /// One of `samplers`.
    package var sampler: String?
    package var clipSkip: Int?
    /// One of `spacings`, or steps of the training, falling: `999,749,499,249`.
    package var spacing: String?
    /// How much of what a step of TCD's has for noise is fresh, 0 to 1.
    package var eta: Double?
    /// The tiny autoencoder that stands in for the model's own: `tiny`, the name of one that is here, or a file or folder.
    package var autoencoder: String?
    /// `512x384`, or `picture` for the picture's own.
    package var size: String?
    /// Side of the first picture of what grows; 0: at once.
    package var firstSide: Int?
    package var refine: Double?
    package var drafts: Int?
    package var count: Int?
    /// One of `profiles`.
    package var profile: String?
    /// One of `precisions`.
    package var precision: String?
    /// One of `predictions`: what the model predicts, where its files do not tell or tell wrong.
    package var prediction: String?
    /// Whether an empty negative prompt is read as a text where a model would be told nothing by zeros; nil: where one was given.
    package var readsEmptyNegative: Bool?
    /// One of `resizes`.
    package var resize: String?
    /// One of `outputSizes`.
    package var outputSize: String?
    /// One of `fills`.
    package var fill: String?
    /// One of `areas`.
    package var area: String?
    package var padding: Int?
    package var feather: Int?
    package var grow: Int?
    package var invert: Bool?
    /// What stands where the picture is transparent: `keep`, `white`, `black`, `grey` or `#rrggbb`.
    package var background: String?
    /// Name of what is to make it.
    package var engine: String?
    /// A file, or a folder, which ends in `/` where it is not there yet.
    package var output: String?
    package var overwrite: Bool?
    /// File of a picture that shows what is becoming of it.
    package var preview: String?
    /// File of the latent after the last step.
    package var latent: String?

    package init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case mode, picture, mask, prompt, negative, model, strength, strengths, steps, guidance, guidanceUntil, reuseEvery, mergeTokens,
            seed, sampler,
            spacing, eta,
            clipSkip, size, autoencoder
        case firstSide, refine
        case drafts, count, profile, precision, resize, outputSize, fill, area, padding, feather, grow, invert, engine, output, overwrite
        case preview, latent, variationStrength, variationSeed, vae, textEncoders, prediction, readsEmptyNegative, styles, wildcards,
            infotext, background, select
    }

    package init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        try self.init(settingsOf: values)
        picture = try values.decodeIfPresent(String.self, forKey: .picture)
        mask = try values.decodeIfPresent(String.self, forKey: .mask)
        output = try values.decodeIfPresent(String.self, forKey: .output)
        overwrite = try values.decodeIfPresent(Bool.self, forKey: .overwrite)
        preview = try values.decodeIfPresent(String.self, forKey: .preview)
        latent = try values.decodeIfPresent(String.self, forKey: .latent)
        vae = try values.decodeIfPresent(String.self, forKey: .vae)
        textEncoders = try values.decodeIfPresent([String].self, forKey: .textEncoders)
        wildcards = try values.decodeIfPresent(String.self, forKey: .wildcards)
    }

    /// All but what names files.
    init(settingsOf values: KeyedDecodingContainer<CodingKeys>) throws {
        mode = try values.decodeIfPresent(String.self, forKey: .mode)
        select = try values.decodeIfPresent([String].self, forKey: .select)
        background = try values.decodeIfPresent(String.self, forKey: .background)
        prompt = try values.decodeIfPresent(String.self, forKey: .prompt)
        negative = try values.decodeIfPresent(String.self, forKey: .negative)
        styles = try values.decodeIfPresent([String].self, forKey: .styles)
        infotext = try values.decodeIfPresent(String.self, forKey: .infotext)
        model = try values.decodeIfPresent(String.self, forKey: .model)
        strength = try values.decodeIfPresent(Double.self, forKey: .strength)
        strengths = try values.decodeIfPresent([Double].self, forKey: .strengths)
        steps = try values.decodeIfPresent(Int.self, forKey: .steps)
        guidance = try values.decodeIfPresent(Double.self, forKey: .guidance)
        guidanceUntil = try values.decodeIfPresent(Double.self, forKey: .guidanceUntil)
        reuseEvery = try values.decodeIfPresent(Int.self, forKey: .reuseEvery)
        mergeTokens = try values.decodeIfPresent(Double.self, forKey: .mergeTokens)
        seed = try values.decodeIfPresent(UInt64.self, forKey: .seed)
        variationStrength = try values.decodeIfPresent(Double.self, forKey: .variationStrength)
        variationSeed = try values.decodeIfPresent(UInt64.self, forKey: .variationSeed)
        sampler = try values.decodeIfPresent(String.self, forKey: .sampler)
        clipSkip = try values.decodeIfPresent(Int.self, forKey: .clipSkip)
        spacing = try values.decodeIfPresent(String.self, forKey: .spacing)
        eta = try values.decodeIfPresent(Double.self, forKey: .eta)
        autoencoder = try values.decodeIfPresent(String.self, forKey: .autoencoder)
        size = try values.decodeIfPresent(String.self, forKey: .size)
        firstSide = try values.decodeIfPresent(Int.self, forKey: .firstSide)
        refine = try values.decodeIfPresent(Double.self, forKey: .refine)
        drafts = try values.decodeIfPresent(Int.self, forKey: .drafts)
        count = try values.decodeIfPresent(Int.self, forKey: .count)
        profile = try values.decodeIfPresent(String.self, forKey: .profile)
        precision = try values.decodeIfPresent(String.self, forKey: .precision)
        prediction = try values.decodeIfPresent(String.self, forKey: .prediction)
        readsEmptyNegative = try values.decodeIfPresent(Bool.self, forKey: .readsEmptyNegative)
        resize = try values.decodeIfPresent(String.self, forKey: .resize)
        outputSize = try values.decodeIfPresent(String.self, forKey: .outputSize)
        fill = try values.decodeIfPresent(String.self, forKey: .fill)
        area = try values.decodeIfPresent(String.self, forKey: .area)
        padding = try values.decodeIfPresent(Int.self, forKey: .padding)
        feather = try values.decodeIfPresent(Int.self, forKey: .feather)
        grow = try values.decodeIfPresent(Int.self, forKey: .grow)
        invert = try values.decodeIfPresent(Bool.self, forKey: .invert)
        engine = try values.decodeIfPresent(String.self, forKey: .engine)
    }

    package static let modes = GenerationRequest.Mode.allCases.map(\.rawValue)
    package static let samplers = SamplerName.allCases.map(\.rawValue)
    package static let spacings = SchedulerConfiguration.Spacing.allCases.map(\.rawValue)
    package static let profiles = GenerationRequest.Profile.allCases.map(\.rawValue)
    package static let infotexts = GenerationRequest.Infotext.allCases.map(\.rawValue)
    package static let precisions = GenerationRequest.Precision.allCases.map(\.rawValue)
    package static let predictions = GenerationRequest.Prediction.allCases.map(\.rawValue)
    /// As a size: the picture's own.
    package static let sizeOfPicture = "picture"
    package static let resizes = GenerationRequest.Resize.allCases.map(\.rawValue)
    package static let outputSizes = GenerationRequest.OutputSize.allCases.map(\.rawValue)
    package static let fills = GenerationRequest.Fill.allCases.map(\.rawValue)
    /// How far pictures are usually redrawn with large models: less keeps nearly all of them, more forgets them. A manifest may say otherwise.
    package static let advisedStrength = 0.4...0.8
    /// Where neither the person nor the model says anything.
    package static let defaultStrength = GenerationRequest().strength
    /// As many pictures as one wish may ask for.
    package static let mostPictures = Int(GenerationRequest.Bounded.count.range.upperBound)
    /// Between what the numbers of a wish must be, by their keys; `strengths` is how many a sheet may have, `weight` is a tag's.
    package static let ranges: [String: ClosedRange<Double>] = {
        var ranges = Dictionary(uniqueKeysWithValues: GenerationRequest.Bounded.allCases.map { ($0.rawValue, $0.range) })
        // 0 says that what grows is made at its size at once.
        ranges["firstSide"] = 0...GenerationRequest.Bounded.firstSide.range.upperBound
        ranges["strengths"] = 1...Double(OrderError.mostStrengths)
        ranges["weight"] = Suggestion.weights
        return ranges
    }()

    /// A size as it is typed, such as 512x384; nil for what is none.
    static func sides(_ text: String) -> (width: Int, height: Int)? {
        let sides = text.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else { return nil }
        return (width, height)
    }

    package static let areas = GenerationRequest.Area.allCases.map(\.rawValue)
}

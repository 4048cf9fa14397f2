import Catalog
import Diffusion
import Engines
import Foundation
import Pixels

/// What the rules have to know besides the wish: what the model's files say, what the person approved, what lies on the disk.
struct OrderKnowledge {
    /// How a model is usually run: what its manifest says, or what its files tell where there is none. Nil where nothing does.
    struct Usage: Equatable {
        var steps: Int?
        var guidance: Double?
        var sampler: String?
        var spacing: StepSpacing?
        var eta: Double?
        var strength: Double?
        var repaintStrength: Double?
        var firstSide: Int?
        var refine: Double?
        var drafts: Int?
    }

    /// A prompt that was approved for the picture.
    struct Approved: Equatable {
        var positive: String
        var negative: String
        var number: Int
    }

    var usage = Usage()
    /// The sizes that the model's manifest allows.
    var sizes: SizeRule?
    var recognised: GenerationOrder.Recognition?
    /// What a LoRA for few steps, which a prompt calls, makes of the two above; nil where it calls none.
    var distilled: (_ prompt: String) -> (usage: Usage, recognised: GenerationOrder.Recognition)? = { _ in nil }
    var picture: GenerationOrder.Picture?
    var mask: GenerationOrder.Picture?
    var engines: [String] = [BuiltinEngine.name]
    /// Whether the engine that is asked for is another program, with conventions of its own.
    var isOutside = false
    var workingDirectory = URL(fileURLWithPath: "/", isDirectory: true)
    /// Whether there is a folder of that name.
    var isFolder: (URL) -> Bool = { _ in false }
    var randomSeed: () -> UInt64 = { UInt64.random(in: 0...UInt64(UInt32.max)) }
    /// Asked once the wish was found sound.
    var model: () throws -> GenerationOrder.Model
    var approved: () throws -> Approved
    /// What a style of that name adds to the prompts.
    var style: (String) throws -> StyleSheet.Style = { throw StudioError.noSuchPreset($0, isStyle: true) }
    /// The lines that a wildcard means.
    var wildcardLines: (String) throws -> [String] = { throw WildcardError.noFile(name: $0, folder: "") }
    /// The negative prompt that stands for the picture beside a prompt.
    var standingNegative: (_ prompt: String) throws -> String? = { _ in nil }

    /// Takes over what a LoRA that is called has the model do.
    ///
    /// - Parameter prompt: the styles' words are called with it.
    /// - Returns: whether there is such a LoRA.
    fileprivate mutating func heed(_ prompt: String, styles: [String]) -> Bool {
        let words = [prompt] + styles.compactMap { try? style($0).prompt }
        guard let found = distilled(words.joined(separator: "\n")) else { return false }
        (usage, recognised) = found
        return true
    }
}

extension GenerationRequest {
    /// In words: "4 steps, guidance 1, sampler lcm".
    fileprivate var course: String {
        let weight = guidance == guidance.rounded() ? "\(Int(guidance))" : "\(guidance)"
        let spaced = spacing.map { ", --spacing \($0.rawValue)" } ?? ""
        let fresh = eta.map { ", eta \($0 == $0.rounded() ? "\(Int($0))" : "\($0)")" } ?? ""
        return "\(steps) step\(steps == 1 ? "" : "s"), guidance \(weight), sampler \(sampler.rawValue)\(spaced)\(fresh)"
    }
}

extension GenerationWish {
    /// What the pictures it names say is to be done.
    var impliedMode: GenerationRequest.Mode { mask != nil || select?.isEmpty == false ? .repaint : picture != nil ? .generate : .paint }

    /// Whether what is wished for is composed anew rather than redrawn from what is there: paintings, what fills a mask at nearly full
    /// strength, and a picture redrawn so far that it was asked to begin small. Two of the generators that come along share the work so.
    var composesAnew: Bool {
        var request = GenerationRequest()
        request.mode = mode.flatMap(GenerationRequest.Mode.init(rawValue:)) ?? impliedMode
        guard request.mode != .paint else { return true }
        guard let strength else { return false }
        request.strength = strength
        return request.grows && (request.mode == .repaint || (firstSide ?? 0) > 0)
    }
}

extension GenerationOrder {
    /// The order that a wish comes to: what the person said, else what the model's manifest says (or how its files tell it is run), else
    /// the documented default. These are all the rules there are.
    ///
    /// - Throws: `OrderError` where the wish is wrong in itself; what `known` throws where a model or a prompt is missing.
    init(_ wish: GenerationWish, _ known: OrderKnowledge) throws {
        let engine = wish.engine ?? BuiltinEngine.name
        guard known.engines.contains(engine) else { throw OrderError.unknown(what: "engine", value: engine, known: known.engines) }
        if known.isOutside { try Self.allowElsewhere(wish) }
        for (what, text) in [("prompt", wish.prompt), ("negative", wish.negative)] where text.map(SystemPath.isForeign) == true {
            throw OrderError.notUTF8(what: what)
        }
        let preview = try Self.file(wish.preview, isPicture: "preview")
        let strengths = try Self.sheet(wish)
        var known = known
        _ = known.heed(wish.prompt ?? "", styles: wish.styles ?? [])
        var request = try Self.sound(wish, known, strengths: strengths)
        var promptNumber: Int?
        if request.mode != .paint {
            // A prompt that was said to be empty is one.
            if wish.prompt == nil {
                let approved = try known.approved()
                // A LoRA in it decides as one that was said.
                if known.heed(approved.positive, styles: wish.styles ?? []) {
                    request = try Self.sound(wish, known, strengths: strengths)
                }
                (request.prompt, promptNumber) = (approved.positive, approved.number)
                if wish.negative == nil { request.negative = approved.negative }
            } else if wish.negative == nil {
                request.negative = try known.standingNegative(request.prompt) ?? ""
            }
        }
        if request.width == nil, request.mode == .generate, let picture = known.picture,
            let size = known.sizes?.nearest(toWidth: picture.width, height: picture.height)
        {
            (request.width, request.height) = (size.width, size.height)
        }
        let autoencoder = wish.autoencoder.map { Self.autoencoder($0, known) }
        request.autoencoder = autoencoder?.name
        let recognised = known.recognised.map { Recognition(kind: $0.kind, sign: $0.sign, settings: request.course) }
        let model = try known.model()
        request.model = model.name
        request.seed = request.seed ?? known.randomSeed()
        if let strength = wish.variationStrength, strength != 0 {
            (request.variationStrength, request.variationSeed) = (strength, wish.variationSeed ?? known.randomSeed())
        }
        try Self.word(&request, wish, known)
        self.init(
            request: request, model: model, autoencoder: autoencoder?.path, recognised: recognised, engine: engine,
            picture: request.mode == .paint ? nil : known.picture, mask: request.mode == .repaint ? known.mask : nil,
            strengths: strengths, place: Self.place(wish.output, known), overwrites: wish.overwrite ?? false, promptNumber: promptNumber,
            preview: preview, latent: try Self.file(wish.latent, isPicture: nil))
    }

    /// What only the built-in engine does is refused for others, not left out.
    private static func allowElsewhere(_ wish: GenerationWish) throws(OrderError) {
        if let profile = wish.profile, profile != GenerationRequest.Profile.a1111.rawValue, GenerationWish.profiles.contains(profile) {
            throw .onlyBuiltin(what: "the profile \(profile)")
        }
        if let precision = wish.precision, precision != GenerationRequest.Precision.auto.rawValue {
            throw .onlyBuiltin(what: "the precision \(precision)")
        }
        if let prediction = wish.prediction { throw .onlyBuiltin(what: "the prediction \(prediction)") }
        if wish.vae != nil { throw .onlyBuiltin(what: "a vae of your own") }
        if wish.textEncoders != nil { throw .onlyBuiltin(what: "a text encoder of your own") }
        if wish.latent != nil { throw .onlyBuiltin(what: "a file of the latent") }
        if wish.autoencoder != nil { throw .onlyBuiltin(what: "an autoencoder of one's own") }
        if wish.spacing != nil { throw .onlyBuiltin(what: "a spacing of the steps") }
        if wish.eta != nil { throw .onlyBuiltin(what: "an eta") }
        if wish.guidanceUntil != nil { throw .onlyBuiltin(what: "guidance until a step") }
        if let share = wish.mergeTokens, share > 0 { throw .onlyBuiltin(what: "merging tokens") }
        if let every = wish.reuseEvery, every > 1 { throw .onlyBuiltin(what: "reusing a pass") }
        if let side = wish.firstSide, side != 0 { throw .onlyBuiltin(what: "a first side") }
        if let drafts = wish.drafts, drafts > 1 { throw .onlyBuiltin(what: "trying drafts") }
    }

    /// The request with all settings, which are within what is allowed; what the person approved is not in it yet.
    private static func sound(_ wish: GenerationWish, _ known: OrderKnowledge, strengths: [Double]) throws -> GenerationRequest {
        var request = try Self.request(wish, known)
        try Self.grow(&request, wish)
        if request.mode == .paint, wish.prompt == nil { throw OrderError.nothingToPaint }
        // A sheet compares strengths: with one seed.
        if !strengths.isEmpty { (request.count, request.drafts) = (1, 1) }
        do {
            try request.validate()
        } catch {
            throw OrderError.request(error)
        }
        return request
    }

    private static func request(_ wish: GenerationWish, _ known: OrderKnowledge) throws -> GenerationRequest {
        let usage = known.usage
        var request = GenerationRequest()
        request.mode = try choice(wish.mode, "mode") ?? wish.impliedMode
        guard request.mode == .paint || known.picture != nil else { throw OrderError.noPicture(mode: request.mode.rawValue) }
        guard request.mode != .repaint || known.mask != nil else { throw OrderError.noMask }
        request.profile = try choice(wish.profile, "profile") ?? (known.isOutside ? .a1111 : request.profile)
        // Who asks for another tool's numbers gets them as exact as they can be.
        request.precision = try choice(wish.precision, "precision") ?? (request.profile == .redraw ? .auto : .f32)
        request.resize = try choice(wish.resize, "resize") ?? request.resize
        request.outputSize = try choice(wish.outputSize, "output size") ?? request.outputSize
        request.fill = try choice(wish.fill, "fill") ?? request.fill
        request.area = try choice(wish.area, "area") ?? request.area
        request.infotext = try choice(wish.infotext, "infotext") ?? request.infotext
        request.prompt = wish.prompt ?? ""
        request.negative = wish.negative ?? ""
        request.readsEmptyNegative = wish.readsEmptyNegative ?? (wish.negative == "")
        request.prediction = try choice(wish.prediction, "prediction")
        let spacing = try Self.spacing(wish.spacing)
        // Who names the steps one by one says how many there are.
        request.steps = wish.steps ?? spacing?.timesteps?.count ?? usage.steps ?? request.steps
        request.guidance = wish.guidance ?? usage.guidance ?? request.guidance
        request.guidanceUntil = wish.guidanceUntil
        request.reuseEvery = wish.reuseEvery == 1 ? nil : wish.reuseEvery
        request.mergeTokens = wish.mergeTokens == 0 ? nil : wish.mergeTokens
        // A manifest may name a sampler of a later version.
        var usual = usage.sampler.flatMap(SamplerName.init(rawValue:)) ?? request.sampler
        if request.profile == .a1111 {
            // The web UI has no DDIM in k-diffusion's form; its own default is this one. What was distilled to few steps takes plain ones.
            let isPlain = [.euler, .eulerAncestral].contains(usual)
            usual = known.recognised == nil ? .dpmpp2MKarras : isPlain ? usual : .eulerAncestral
        }
        request.sampler = try choice(wish.sampler, "sampler") ?? usual
        request.spacing = spacing ?? Self.spacing(usage.spacing, of: request)
        request.eta = Self.eta(wish, usage, request)
        let strength: Double? =
            switch request.mode {
            case .paint: nil
            case .repaint: usage.repaintStrength ?? usage.strength
            case .generate: usage.strength
            }
        request.strength = wish.strength ?? strength ?? request.strength
        // The other profiles paint at once, as their tools do.
        // A redrawn picture grows only where that was asked for: it follows the words better then, but its picture less.
        if request.mode != .generate, request.profile == .redraw {
            request.firstSide = usage.firstSide
            // A seed is given to get that very picture.
            if wish.seed == nil { request.drafts = usage.drafts ?? request.drafts }
        }
        request.refine = usage.refine ?? request.refine
        request.seed = wish.seed
        request.clipSkip = wish.clipSkip
        (request.width, request.height) = try size(wish.size, of: known.picture)
        request.count = wish.count ?? request.count
        request.padding = wish.padding ?? request.padding
        request.feather = wish.feather ?? request.feather
        request.grow = wish.grow ?? request.grow
        request.invert = wish.invert ?? request.invert
        request.background = wish.background
        return request
    }

    /// How a picture that is composed anew comes to its size; the request's strength is known.
    private static func grow(_ request: inout GenerationRequest, _ wish: GenerationWish) throws {
        if let firstSide = wish.firstSide { request.firstSide = firstSide == 0 ? nil : firstSide }
        request.refine = wish.refine ?? request.refine
        if let drafts = wish.drafts, drafts > 1, !request.grows { throw OrderError.draftsOfWhatDoesNotGrow(drafts) }
        request.drafts = wish.drafts ?? (request.firstSide == nil || !request.grows ? 1 : request.drafts)
    }

    /// The prompts with the words of the styles, and with their choices made by the seed.
    private static func word(_ request: inout GenerationRequest, _ wish: GenerationWish, _ known: OrderKnowledge) throws {
        var wording = GenerationRequest.Wording(prompt: request.prompt, negative: request.negative)
        for name in wish.styles ?? [] {
            let style = try known.style(name)
            request.prompt = StyleSheet.join(style.prompt, request.prompt)
            request.negative = StyleSheet.join(style.negative, request.negative)
            wording.styles.append(style.name)
        }
        let (template, negative) = (PromptTemplate(request.prompt), PromptTemplate(request.negative))
        wording.isChosen = template.hasChoices || negative.hasChoices
        guard wording.isChosen || !wording.styles.isEmpty else { return }
        let seed = request.seed ?? 0
        request.prompt = try template.resolved(seed: seed, lines: known.wildcardLines)
        // With numbers of its own: what one prompt says decides nothing of the other.
        request.negative = try negative.resolved(seed: ~seed, lines: known.wildcardLines)
        request.wording = wording
        do {
            try request.validate()
        } catch {
            throw OrderError.request(error)
        }
    }

    private static func sheet(_ wish: GenerationWish) throws -> [Double] {
        guard let strengths = wish.strengths else { return [] }
        guard (1...OrderError.mostStrengths).contains(strengths.count), strengths.allSatisfy({ (0...1).contains($0) }) else {
            throw OrderError.noStrengths(strengths)
        }
        let (count, drafts) = (wish.count ?? 1, wish.drafts ?? 1)
        guard count == 1, drafts == 1 else { throw OrderError.sheetOf(count: count, drafts: drafts) }
        return strengths
    }

    private static func choice<Choice: RawRepresentable & CaseIterable>(_ word: String?, _ what: String) throws -> Choice?
    where Choice.RawValue == String {
        guard let word else { return nil }
        guard let choice = Choice(rawValue: word) else {
            throw OrderError.unknown(what: what, value: word, known: Choice.allCases.map(\.rawValue))
        }
        return choice
    }

    private static func spacing(_ word: String?) throws(OrderError) -> StepSpacing? {
        guard let word else { return nil }
        guard let spacing = StepSpacing(rawValue: word) else {
            throw .unknown(what: "spacing", value: word, known: GenerationWish.spacings + ["steps of the training such as 999,749,499,249"])
        }
        return spacing
    }

    /// The spacing that the model is usually run with, as far as the steps and the sampler that were asked for go with it: what was made for one
    /// certain step walks others from the last on.
    private static func spacing(_ usual: StepSpacing?, of request: GenerationRequest) -> StepSpacing? {
        guard let timesteps = usual?.timesteps else { return usual }
        return request.sampler.takesTimesteps && timesteps.count == request.steps ? usual : .trailing
    }

    /// How much of the noise is fresh in a step of TCD's; nil for what has no such choice, unless the person made it.
    private static func eta(_ wish: GenerationWish, _ usage: OrderKnowledge.Usage, _ request: GenerationRequest) -> Double? {
        guard request.sampler == .tcd else { return wish.eta }
        // diffusers' pipelines tell their schedulers 0 where nobody says anything.
        return wish.eta ?? (request.profile == .diffusers ? 0 : usage.eta ?? Self.usualEta)
    }

    /// What the authors of TCD advise for few steps.
    private static let usualEta = 0.3

    private static func size(_ text: String?, of picture: Picture?) throws -> (width: Int?, height: Int?) {
        guard let text = text?.lowercased() else { return (nil, nil) }
        if text == GenerationWish.sizeOfPicture {
            guard let picture else { throw OrderError.sizeOfNoPicture }
            return (picture.width, picture.height)
        }
        guard let sides = GenerationWish.sides(text) else { throw OrderError.noSize(text) }
        return (sides.width, sides.height)
    }

    /// A folder where the output is one or ends in "/", else a file; the working directory where nothing was said.
    private static func place(_ output: String?, _ known: OrderKnowledge) -> OutputPlace {
        guard let output else { return .folder(known.workingDirectory) }
        let url = URL(asTyped: output)
        guard output.hasSuffix("/") || known.isFolder(url) else { return .file(url) }
        return .folder(URL(fileURLWithPath: url.path, isDirectory: true))
    }

    /// The tiny autoencoder by the name it is known by, and its place where it was given as a file or folder.
    private static func autoencoder(_ said: String, _ known: OrderKnowledge) -> Model {
        let url = URL(asTyped: said)
        guard said.contains("/") || !url.pathExtension.isEmpty || known.isFolder(url) else { return Model(name: said, path: nil) }
        return Model(name: CalledFiles.nameOfTinyAutoencoder(at: url), path: url.path)
    }

    private static func file(_ name: String?, isPicture what: String?) throws -> URL? {
        guard let name else { return nil }
        let url = URL(asTyped: name)
        if let what, ImageFormat(fileExtension: url.pathExtension) == nil { throw OrderError.notAPictureName(what: what, name: name) }
        return url
    }
}

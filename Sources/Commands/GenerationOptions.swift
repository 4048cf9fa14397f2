import ArgumentParser
import Foundation
import Studio

/// The options that every command that makes pictures has.
struct GenerationOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp("A model's name (see redraw models list), its folder, or a .safetensors file.", valueName: "name|path"))
    var model: String?

    @Option(name: .long, help: ArgumentHelp("What to paint. Without it: the picture's approved prompt.", valueName: "text"))
    var prompt: String?

    @Option(name: .long, help: ArgumentHelp("What to stay away from.", valueName: "text"))
    var negative: String?

    @Option(name: .long, help: "Steps of a full run; strength decides how many of them are run (default: the model's own, else 20).")
    var steps: Int?

    @Option(name: .long, help: "Weight of the prompt against the negative prompt; 1 turns it off (default: the model's own, else 7.5).")
    var guidance: Double?

    @Option(name: .long, help: "Start of the random numbers: the same seed gives the same picture (default: random, and printed).")
    var seed: UInt64?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "One of \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")) (default: the model's own, else ddim).",
            valueName: "name"),
        completion: .list(SamplerName.allCases.map(\.rawValue)))
    var sampler: String?

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
    var size: PictureSize?

    @Option(name: .long, help: "How many pictures; picture k uses the seed + k, where no drafts are tried.")
    var count = 1

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Whose conventions to follow to the letter: redraw, diffusers or a1111 (steps, noise levels and masks of the web UI's k-diffusion samplers).",
            valueName: "name"))
    var profile = GenerationRequest.Profile.redraw

    @Option(name: .long, help: ArgumentHelp("How weights are held: auto, f32 or bf16.", valueName: "name"))
    var precision = GenerationRequest.Precision.auto

    @Option(name: .long, help: ArgumentHelp("What makes the picture; only builtin so far.", valueName: "builtin"))
    var engine = "builtin"

    @Option(
        name: .shortAndLong,
        help: ArgumentHelp("Where the picture goes (default: the working directory, under a name of its own).", valueName: "file|dir"),
        completion: .file())
    var output: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A picture file that shows after each step what is becoming of it.", valueName: "file"), completion: .file())
    var preview: String?

    @Option(
        name: .long,
        help: ArgumentHelp("A safetensors file for the latent after the last step, to compare it with others'.", valueName: "file"),
        completion: .file())
    var latent: String?

    @Flag(name: .long, help: "Write over a file that is there.")
    var overwrite = false

    @OptionGroup var threads: ThreadOptions

    func useThreads() { threads.apply() }

    func validate() throws {
        guard engine == "builtin" else { throw ValidationError("--engine \(engine) is not supported yet: only builtin is.") }
        if let preview, !Studio.canWritePicture(named: preview) {
            throw ValidationError("--preview \(preview): name a .png, .jpg or .webp file.")
        }
        if let sampler, SamplerName(rawValue: sampler) == nil {
            throw ValidationError(
                "--sampler \(sampler) is not known; there are \(SamplerName.allCases.map(\.rawValue).joined(separator: ", ")).")
        }
    }

    /// The request these options come to: what the person said, else what the model's manifest says, else the documented default.
    ///
    /// - Parameter picture: the one to redraw or repaint, whose size `--size picture` means.
    func request(_ mode: GenerationRequest.Mode, studio: Studio, picture: PictureFile? = nil) throws -> GenerationRequest {
        let defaults = studio.defaults(of: model)
        let habits = studio.habits(of: model)
        var request = GenerationRequest()
        request.mode = mode
        request.prompt = prompt ?? ""
        request.negative = negative ?? ""
        request.model = model
        request.steps = steps ?? defaults?.steps ?? habits?.steps ?? request.steps
        request.guidance = guidance ?? defaults?.guidance ?? habits?.guidance ?? request.guidance
        // The web UI has no DDIM in k-diffusion's form; its own default is this one.
        let usual = profile == .a1111 ? SamplerName.dpmpp2MKarras : request.sampler
        let named = sampler ?? (profile == .a1111 ? nil : defaults?.sampler ?? habits?.sampler?.rawValue)
        request.sampler = named.flatMap(SamplerName.init(rawValue:)) ?? usual
        if mode != .paint { request.strength = defaults?.strength ?? request.strength }
        // The other profiles paint at once, as their tools do.
        // A redrawn picture grows only where that was asked for: it follows the words better then, but its picture less.
        if mode != .generate, profile == .redraw {
            request.firstSide = defaults?.firstSide
            // A seed is given to get that very picture.
            if seed == nil { request.drafts = defaults?.drafts ?? request.drafts }
        }
        request.refine = defaults?.refine ?? request.refine
        request.seed = seed
        request.clipSkip = clipSkip
        switch size {
        case .pixels(let width, let height): (request.width, request.height) = (width, height)
        case .picture:
            guard let picture else { throw ValidationError("--size picture needs a picture; give a size such as 512x384.") }
            (request.width, request.height) = (picture.width, picture.height)
        case nil: break
        }
        request.count = count
        request.profile = profile
        request.precision = precision
        return request
    }

    /// What is out of range is wrong usage.
    func check(_ request: GenerationRequest) throws {
        do {
            try request.validate()
        } catch {
            throw ValidationError("\(error)")
        }
    }

    /// The file of `--preview`.
    var previewFile: URL? { preview.map { URL(asTyped: $0) } }

    /// The file of `--latent`.
    var latentFile: URL? { latent.map { URL(asTyped: $0) } }

    /// A folder where the output is one or ends in "/", else a file.
    var place: OutputPlace {
        guard let output else { return .folder(URL(fileURLWithPath: FileManager.default.currentDirectoryPath)) }
        let url = URL(asTyped: output)
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
        return output.hasSuffix("/") || (exists && isFolder.boolValue) ? .folder(url) : .file(url)
    }
}

/// `512x384`, or `picture`.
enum PictureSize: ExpressibleByArgument {
    case pixels(width: Int, height: Int)
    /// As large as the picture that is redrawn.
    case picture

    init?(argument: String) {
        if argument.lowercased() == "picture" {
            self = .picture
            return
        }
        let sides = argument.lowercased().split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
        guard sides.count == 2, let width = sides[0], let height = sides[1], width > 0, height > 0 else { return nil }
        self = .pixels(width: width, height: height)
    }
}

extension GenerationRequest.Profile: ExpressibleByArgument {}
extension GenerationRequest.Precision: ExpressibleByArgument {}
extension GenerationRequest.Fill: ExpressibleByArgument {}
extension GenerationRequest.Area: ExpressibleByArgument {}
extension GenerationRequest.Resize: ExpressibleByArgument {}

import Catalog
import Checkpoints
public import Diffusion
public import Foundation
import Pixels
import Screening

/// Where the pictures of a generation go.
public enum OutputPlace: Sendable, Hashable {
    /// Into this folder, under a name made of the picture's and the seed.
    case folder(URL)
    /// To this very file; pictures after the first get a number before the extension.
    case file(URL)
}

/// What is asked of the studio when a picture is to be made: the request and where things lie.
public struct GenerationOrder: Sendable {
    public var request: GenerationRequest
    /// The picture to redraw or repaint; nil for painting.
    public var picture: PictureFile?
    /// White where it is to be repainted.
    public var mask: PictureFile?
    public var place: OutputPlace
    /// Write over a file that is there.
    public var overwrites: Bool
    /// The version of the picture's prompt that the request was filled from.
    public var promptNumber: Int?
    /// One sheet of the picture redrawn at each of these strengths with one seed, instead of single pictures.
    public var strengths: [Double]
    /// A picture file that shows, step by step, what is becoming of it; written beside and renamed, so that a viewer never sees half of it.
    public var preview: URL?
    /// A safetensors file for the latent after the last step of the last picture, `latent` [1, channels, height, width] as diffusers has it.
    public var latent: URL?

    public init(
        request: GenerationRequest, picture: PictureFile? = nil, mask: PictureFile? = nil, place: OutputPlace, overwrites: Bool = false,
        promptNumber: Int? = nil, strengths: [Double] = [], preview: URL? = nil, latent: URL? = nil
    ) {
        (self.request, self.picture, self.mask, self.place) = (request, picture, mask, place)
        (self.overwrites, self.promptNumber, self.strengths) = (overwrites, promptNumber, strengths)
        (self.preview, self.latent) = (preview, latent)
    }
}

/// What happens while a picture is made.
public enum GenerationEvent: Sendable {
    /// How long the prompt is for the model, and what of it is cut off.
    case prompt(PromptLength)
    /// A model that is run in a way of its own where the person says nothing else, and what tells so.
    case recognised(ModelHabits.Kind, sign: String)
    /// What will run, told before it starts; once for each strength of a sheet. The last stage has the working size; only what grows has
    /// others before it. The passes of the UNet are a picture's, its drafts' included; the seed is that of the first draft.
    case planned(model: String, steps: StepPlan, passes: Int, stages: [PixelSize], drafts: Int, seed: UInt64, guidance: Double)
    /// What all of it is likely to cost: seconds from now on, and bytes of memory at its peak, the loaded model included.
    case estimated(seconds: Double, memory: Int, tiled: Bool)
    /// Something of what the prompt calls was left out, in words.
    case note(String)
    case step(StepReport)
}

extension Studio {
    /// Makes pictures and keeps in the library how they were made.
    ///
    /// Stops within a fraction of a step when its task is cancelled; no picture is written then, and the library says so.
    public func generate(_ order: GenerationOrder, onEvent: @Sendable (GenerationEvent) -> Void = { _ in }) throws -> GenerationReport {
        let clock = ContinuousClock()
        let begin = clock.now
        var request = order.request
        try request.validate()
        let (model, directory) = try generator(request.model)
        request.model = model
        request.seed = request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let seed = request.seed ?? 0
        let strengths = order.strengths.isEmpty ? [request.strength] : order.strengths
        // A sheet compares strengths: with one seed.
        if !order.strengths.isEmpty { (request.count, request.drafts) = (1, 1) }
        let targets = try outputs(of: order, seeds: request.seeds(from: seed))
        try OutputPlaces(order: order, library: libraryFolder).check(pictures: targets)

        let opened = try open(directory, prompts: [request.prompt, request.negative], precision: request.precision)
        let source = try order.picture?.decoded().image
        let (mask, maskNotes) = try repaintMask(order.mask, for: source?.size)
        let task = RunTask(
            request, strengths: strengths, source: source,
            mask: request.mode == .repaint ? try request.repaintMask(source: source, mask: mask) : nil)
        // What is free for the run itself once the weights are there: refused before they are read.
        let available = Memory.available
        let limit = available.map { $0 - opened.bytesToLoad }
        let plans = try task.plans(opened.outline, memoryLimit: limit)
        if let available, let limit, let plan = plans.first(where: { $0.memory > limit }) {
            throw StudioError.tooLittleMemory(
                needed: plan.memory + opened.bytesToLoad, weights: opened.bytesToLoad, available: available, size: "\(plan.working)",
                inHalves: opened.outline.isHeldInHalves)
        }
        let atFirst = Memory.resident ?? 0
        let pipeline = try pipeline(opened)
        let score: DraftScore = plans.contains { $0.drafts != nil } ? try nearness(to: request.prompt) : { _ in 0 }
        let load = begin.duration(to: clock.now)
        // Nothing is told of a run that is refused but why.
        onEvent(.prompt(try pipeline.length(of: request.prompt, request)))
        if let habits = habits(of: order.request.model), let kind = habits.kind { onEvent(.recognised(kind, sign: habits.sign)) }
        for note in maskNotes + pipeline.notes { onEvent(.note(note)) }
        for plan in plans {
            onEvent(
                .planned(
                    model: model, steps: plan.steps, passes: plan.passes, stages: plan.stages.map(\.size), drafts: plan.drafts?.count ?? 1,
                    seed: seed, guidance: request.guidance))
        }
        onEvent(
            .estimated(
                seconds: task.seconds(plans), memory: atFirst + opened.bytesToLoad + (plans.map(\.memory).max() ?? 0),
                tiled: plans.contains { $0.tiled }))
        if case .folder(let folder) = order.place {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        }

        let library = try library()
        let lock = GenerationLock.whileGenerating(libraryFolder)
        defer { withExtendedLifetime(lock) {} }
        let pictureID = try order.picture.map { try library.record($0.record).id }
        let generation = try library.record(
            NewGeneration(
                kind: request.mode.kind, request: request.json(strengths: order.strengths), seed: seed, model: model,
                profile: request.profile.rawValue,
                precision: pipeline.outline.isHeldInHalves ? "bf16" : "f32", stepsRequested: request.steps, pictureID: pictureID,
                promptNumber: order.promptNumber))
        do {
            let results = try pipeline.run(task, memoryLimit: limit, previews: order.preview != nil, score: score) { step in
                if let file = order.preview, let preview = step.preview { try ImageFile.write(preview, to: file) }
                if let file = order.latent, step.step == step.steps {
                    try SafetensorsFile.write(tensors: [("latent", step.latent.permuted([0, 3, 1, 2]))], to: file)
                }
                onEvent(.step(step))
            }
            var files = targets
            // Files of the studio's own naming are called after the seeds that were chosen.
            if case .folder = order.place { files = try outputs(of: order, seeds: results[results.count - 1].pictures.map(\.seed)) }
            let report = try deliver(
                results, request: request, strengths: order.strengths, source: source, to: files, overwrites: order.overwrites,
                id: generation.id, precision: generation.precision, load: load)
            _ = try library.finish(generation: generation.id, report.outcome)
            // A sheet of several strengths and a picture that is mostly the old one say little about a model.
            if request.mode != .repaint, order.strengths.count < 2 { rememberOutputs(of: report) }
            return report
        } catch {
            let cancelled = error is CancellationError
            _ = try? library.finish(
                generation: generation.id,
                GenerationOutcome(status: cancelled ? .cancelled : .failed, message: cancelled ? nil : "\(error)"))
            throw error
        }
    }

    /// How near the encoder finds pictures to a prompt: their cosine. The encoder is opened at once, so that none that is missing is noticed late.
    private func nearness(to prompt: String) throws -> DraftScore {
        let encoder = try encoder()
        try encoder.load(texts: true)
        let words = PromptWeights.parse(PromptTags(prompt).text).map(\.text).joined()
        let wanted = try encoder.embed([words])[0]
        return { try encoder.embed($0).cosine(wanted) }
    }

    /// The request as this model would have it, where the person said nothing: steps, guidance and sampler out of its manifest.
    public nonisolated func defaults(of model: String?) -> Manifest.Defaults? {
        manifest(of: model)?.defaults
    }

    /// How a model is usually run that no manifest describes.
    public nonisolated func habits(of model: String?) -> ModelHabits? {
        guard let model, manifest(of: model) == nil else { return nil }
        return ModelHabits(model: URL(asTyped: model))
    }

    /// What is known of a generator: of an installed one by its name, of a folder by the manifest that lies in it.
    ///
    /// A folder whose manifest cannot be read is run like one without; `models list` tells what is wrong with those of the search path.
    nonisolated func manifest(of model: String?) -> Manifest? {
        let name = model ?? Studio.defaultGenerator
        return catalog().model(named: name) ?? (try? Manifest(contentsOf: URL(asTyped: name).appendingPathComponent("manifest.json")))
    }

    /// The generator that comes with Redraw.
    public static let defaultGenerator = "redraw-small"

    /// The name and place of a generator: an installed one by its name, else a folder in diffusers' layout or a .safetensors file.
    private func generator(_ name: String?) throws -> (name: String, place: URL) {
        let name = name ?? Studio.defaultGenerator
        let catalog = catalog()
        guard let manifest = catalog.model(named: name) else {
            let place = URL(asTyped: name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
                throw StudioError.unknownModel(name: name, known: catalog.generators.map(\.name))
            }
            if isFolder.boolValue {
                let description = place.appendingPathComponent("unet/config.json")
                guard FileManager.default.fileExists(atPath: description.path) else { throw StudioError.noModel(path: place.path) }
                return (place.lastPathComponent, place)
            }
            guard place.pathExtension.lowercased() == "safetensors" else {
                // What it is instead, its content tells.
                throw SafetensorsFile.foreignKind(of: place) ?? StudioError.noModel(path: place.path) as any Error
            }
            return (place.deletingPathExtension().lastPathComponent, place)
        }
        guard manifest.kind == .generator else { throw StudioError.notAGenerator(name: name) }
        guard catalog.isInstalled(manifest), let directory = catalog.directory(of: manifest) else {
            throw StudioError.modelNotInstalled(name: name, source: manifest.source)
        }
        return (name, directory)
    }
}

extension GenerationRequest.Mode {
    var kind: Generation.Kind {
        switch self {
        case .generate: .generate
        case .repaint: .repaint
        case .paint: .paint
        }
    }
}

extension PictureFile {
    var record: NewPicture {
        NewPicture(sha256: sha256, width: width, height: height, path: ScreeningDesk.storedPath(path), stamp: stamp)
    }
}

import Pixels
import Tensors

/// A run under way: one loop over its strengths, pictures, drafts and stages. The plans say what is done; nothing in it plans, and the prompt
/// is encoded once for all of it.
struct PipelineRun {
    private let pipeline: Pipeline
    private let task: RunTask
    private let plans: [Pipeline.Plan]
    private let firstSeed: UInt64
    private let checkCancelled: CancellationCheck
    private let begin: ContinuousClock.Instant
    private let preview: LatentPreview?
    /// The texts, encoded when the first stage that runs at all is reached.
    private var texts: Pipeline.Texts?
    /// The scene of the task's own source at a frame: all strengths, pictures and drafts begin with the same one.
    private var firstScene: (frame: Pipeline.Frame, scene: Scene)?
    private var clock: ContinuousClock.Instant
    private var seconds = PipelineResult.Seconds()
    /// Floating-point operations done and to be done, and the seconds those done took.
    private var workDone = 0.0
    private let work: Double
    private var workSeconds = 0.0
    /// Whether the weights go as soon as they are done with.
    private let letsGo: Bool
    /// Stages that are yet to be run, through all strengths, pictures and drafts.
    private var stagesLeft: Int
    /// The picture that is being made, counted through all strengths, and the passes it has taken.
    private var picture = 0
    private var passes = 0

    /// - Parameter plans: one for each strength of the task.
    init(
        _ pipeline: Pipeline, _ task: RunTask, _ plans: [Pipeline.Plan], firstSeed: UInt64, previews: Bool, letsGo: Bool,
        begin: ContinuousClock.Instant, checkCancelled: @escaping CancellationCheck
    ) throws {
        (self.pipeline, self.task, self.plans, self.firstSeed) = (pipeline, task, plans, firstSeed)
        (self.begin, self.checkCancelled, self.letsGo) = (begin, checkCancelled, letsGo)
        stagesLeft = plans.reduce(0) { $0 + $1.stageRuns } * task.request.count
        work = plans.reduce(0) { $0 + $1.operations } * Double(task.request.count)
        preview = previews && plans.contains { $0.passes > 0 } ? try pipeline.preview(checkCancelled: checkCancelled) : nil
        clock = begin
    }

    /// One result for each plan, in their order.
    mutating func results(score: DraftScore, onStep: (StepReport) throws -> Void) throws -> [PipelineResult] {
        var results: [Int: PipelineResult] = [:]
        // Those that do not grow come first: they share a scene.
        for index in plans.indices.filter({ !plans[$0].grows }) + plans.indices.filter({ plans[$0].grows }) {
            results[index] = try result(plans[index], score: score, onStep: onStep)
        }
        return plans.indices.compactMap { results[$0] }
    }

    private mutating func result(
        _ plan: Pipeline.Plan, score: DraftScore, onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult {
        let started = picture == 0 ? begin : ContinuousClock.now
        seconds = PipelineResult.Seconds()
        var pictures: [PipelineResult.Picture] = []
        for seed in task.request.seeds(from: firstSeed, apart: plan.drafts?.count ?? 1) {
            passes = 0
            pictures.append(withTransparency(try grown(plan, seed: seed, score: score, onStep: onStep), plan))
            picture += 1
        }
        seconds.total = started.duration(to: .now).seconds
        return PipelineResult(pictures: pictures, plan: plan, seconds: seconds, untouched: task.untouched(in: pictures))
    }

    /// A picture with the transparency of the source, where that is kept.
    private func withTransparency(_ picture: PipelineResult.Picture, _ plan: Pipeline.Plan) -> PipelineResult.Picture {
        // What nothing was run for is the source itself, transparency and all.
        guard let transparency = task.keptTransparency, picture.image.channels == 3 else { return picture }
        let alpha = plan.laidLikeThePicture(transparency, as: task.request.outputSize).converted(toChannels: 1)
        return .init(image: picture.image.liftedOffWhite(alpha: alpha), seed: picture.seed)
    }

    /// A picture through all its stages, from the best of its drafts on where it has some.
    private mutating func grown(
        _ plan: Pipeline.Plan, seed: UInt64, score: DraftScore, onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult.Picture {
        let start = plan.grows && task.request.mode == .generate ? task.source.map(plan.framed) : task.source
        guard let drafts = plan.drafts else {
            return .init(image: try through(plan.stages[...], of: plan, start, seed, onStep), seed: seed)
        }
        // Only the best so far is kept: a repainted draft is as large as its photograph.
        var best: (image: Image, seed: UInt64, score: Float)?
        for seed in (0..<UInt64(drafts.count)).map({ seed &+ $0 }) {
            let draft = try through(plan.stages[..<drafts.stages], of: plan, start, seed, onStep)
            let score = try score(task.repaintedPart(of: draft))
            if best.map({ score > $0.score }) ?? true { best = (draft, seed, score) }
        }
        guard let best else { preconditionFailure("there are at least two drafts") }
        return .init(image: try through(plan.stages[drafts.stages...], of: plan, best.image, best.seed, onStep), seed: best.seed)
    }

    /// What stages make of a picture, or of nothing; handed over as the request has it behind the plan's last one.
    private mutating func through(
        _ stages: ArraySlice<Pipeline.Stage>, of plan: Pipeline.Plan, _ source: Image?, _ seed: UInt64,
        _ onStep: (StepReport) throws -> Void
    ) throws -> Image {
        var image = source
        for index in stages.indices {
            image = try made(stages[index], isFirst: index == plan.stages.startIndex, of: plan, image, seed, onStep)
        }
        guard let image else { preconditionFailure("what grows from nothing has a first stage") }
        guard plan.grows, stages.endIndex == plan.stages.endIndex, task.request.mode == .generate else { return image }
        return plan.delivered(image, as: task.request.outputSize)
    }

    /// What one stage makes of a picture, or of nothing.
    private mutating func made(
        _ stage: Pipeline.Stage, isFirst: Bool, of plan: Pipeline.Plan, _ source: Image?, _ seed: UInt64,
        _ onStep: (StepReport) throws -> Void
    ) throws -> Image {
        let frame = stage.frame
        stagesLeft -= 1
        guard stage.steps.run > 0 || source == nil else {
            // Nothing to run: the picture is handed over as it is, without a detour through the autoencoder.
            guard let source, frame.output != source.size else { return source ?? .black(frame.output) }
            return frame.framed(source)
        }
        let latent = try latent(stage, isFirst: isFirst, of: plan, source, seed, onStep)
        if letsGo, stagesLeft == 0 { pipeline.letGo(after: .denoising) }
        seconds.denoise += lap()
        let picture = try pipeline.picture(of: latent, tiled: frame.tiled, checkCancelled: checkCancelled)
        let delivered = delivered(picture, stage, of: plan, source)
        seconds.decode += lap()
        return delivered
    }

    /// What denoising comes to. Nothing but the latent is left of it.
    private mutating func latent(
        _ stage: Pipeline.Stage, isFirst: Bool, of plan: Pipeline.Plan, _ source: Image?, _ seed: UInt64,
        _ onStep: (StepReport) throws -> Void
    ) throws -> Tensor {
        let texts = try encodedTexts()
        let scene = try scene(stage, isFirst: isFirst, source)
        try readNetwork()
        let denoising = try scene.denoising(
            strength: stage.request.strength, seed: seed,
            guidance: pipeline.guidance(
                texts, task.request, working: stage.frame.working, guided: stage.request.guidedSteps(of: stage.steps)),
            checkCancelled: checkCancelled)
        return try denoised(denoising, stage, of: plan, onStep)
    }

    /// The network's weights, where they were left to be read now.
    private mutating func readNetwork() throws {
        guard try pipeline.denoiserPart.read() else { return }
        try checkCancelled()
        seconds.load += lap()
    }

    private mutating func encodedTexts() throws -> Pipeline.Texts {
        if let texts { return texts }
        let made = try pipeline.texts(task.request)
        try checkCancelled()
        texts = made
        if letsGo { pipeline.letGo(after: .readingTexts) }
        seconds.encode += lap()
        return made
    }

    /// The scene of a stage; that of a first one is kept, for every picture, draft and strength begins with it.
    private mutating func scene(_ stage: Pipeline.Stage, isFirst: Bool, _ source: Image?) throws -> Scene {
        if isFirst, let firstScene, firstScene.frame == stage.frame { return firstScene.scene }
        let scene = try Scene(
            pipeline, stage.request, frame: stage.frame, source: source, mask: task.mask, checkCancelled: checkCancelled)
        if isFirst { firstScene = (stage.frame, scene) }
        if letsGo, stagesLeft == 0 || isFirst && allShareAScene { pipeline.letGo(after: .encoding) }
        seconds.encode += lap()
        return scene
    }

    /// Whether nothing grows, so that what was encoded first is all that is.
    private var allShareAScene: Bool { plans.allSatisfy { $0.stages.count == 1 && $0.stages[0].frame == plans[0].stages[0].frame } }

    private mutating func denoised(
        _ denoising: Denoising, _ stage: Pipeline.Stage, of plan: Pipeline.Plan, _ onStep: (StepReport) throws -> Void
    ) throws -> Tensor {
        var latent = denoising.start
        var before = ContinuousClock.now
        for result in denoising {
            let step = try result.get()
            latent = step.latent
            let now = ContinuousClock.now
            workSeconds += before.duration(to: now).seconds
            before = now
            workDone += stage.operations(ofPass: step.index)
            passes += 1
            try onStep(
                StepReport(
                    picture: picture, pictures: plans.count * task.request.count, step: passes, steps: plan.passes,
                    timestep: step.timestep, secondsElapsed: begin.duration(to: now).seconds,
                    secondsLeft: workSeconds / workDone * workLeft, latent: latent,
                    preview: try preview.map { try shown(step.estimate, $0, stage, of: plan) }))
        }
        try latent.requireFinite("denoising")
        return latent
    }

    /// Rounding must not leave a rest of time behind the last pass.
    private var workLeft: Double {
        let left = work - workDone
        return left > work * 1e-9 ? left : 0
    }

    /// A preview has the working size throughout, so that a viewer's window does not jump.
    private func shown(
        _ estimate: Tensor, _ preview: LatentPreview, _ stage: Pipeline.Stage, of plan: Pipeline.Plan
    ) throws -> Image {
        let decoded =
            pipeline.codec.decodesAtOnce
            ? try? pipeline.picture(of: estimate, tiled: stage.frame.tiled, checkCancelled: checkCancelled) : nil
        try checkCancelled()
        let image = stage.frame.cropped(decoded ?? preview.image(of: estimate, size: stage.frame.canvas))
        guard plan.grows else { return image }
        return image.resized(width: plan.working.width, height: plan.working.height, filter: .bilinear)
    }

    /// What a stage made on its canvas, as the next one takes it, or as it is handed over.
    private func delivered(_ made: Image, _ stage: Pipeline.Stage, of plan: Pipeline.Plan, _ source: Image?) -> Image {
        if let source, let mask = task.mask, let framing = stage.frame.framing {
            return framing.repainted(source, with: made, mask, stage.request, runs: stage.steps.run)
        }
        return plan.grows ? stage.frame.cropped(made) : plan.delivered(made, as: task.request.outputSize)
    }

    /// Seconds since the last lap.
    private mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { clock = now }
        return clock.duration(to: now).seconds
    }
}

extension Image {
    fileprivate static func black(_ size: PixelSize) -> Image {
        Image(width: size.width, height: size.height, filledWith: [0, 0, 0])
    }
}

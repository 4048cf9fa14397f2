import Foundation
import Pixels
import Tensors

/// A step of a run, as it is reported.
public struct StepReport: Sendable {
    /// Which picture of the run, from 0, and how many there are.
    public let picture: Int
    public let pictures: Int
    /// Passes of the UNet this picture has taken so far, from 1, and how many it takes.
    public let step: Int
    public let steps: Int
    /// Training timestep of the step taken.
    public let timestep: Double
    /// Seconds this run has taken, and those it is likely to take still, decoding apart.
    public let secondsElapsed: Double
    public let secondsLeft: Double
    /// [1, height, width, channels] in the UNet's scale; `Pipeline.picture(of:)` shows it.
    public let latent: Tensor
    /// What the picture is likely to become, roughly, at working size; where previews were asked for.
    public let preview: Image?

    /// The step as one of a longer run.
    func among(_ pictures: Int, after before: Int, secondsElapsed: Double, secondsLeft: Double) -> StepReport {
        StepReport(
            picture: before + picture, pictures: pictures, step: step, steps: steps, timestep: timestep, secondsElapsed: secondsElapsed,
            secondsLeft: secondsLeft, latent: latent, preview: preview)
    }
}

/// What a run gave.
public struct PipelineResult: Sendable {
    public struct Picture: Sendable {
        public let image: Image
        public let seed: UInt64
    }
    public struct Seconds: Sendable, Codable, Equatable {
        /// Reading the prompt and encoding the source.
        public var encode = 0.0
        public var denoise = 0.0
        public var decode = 0.0
        public var total = 0.0
    }
    /// That nothing outside the mask changed.
    public struct Untouched: Sendable {
        /// Pixels where the mask is 0.
        public let pixels: Int
        /// Whether they are equal to the source's, byte for byte, in every picture of the result.
        public let identical: Bool
        /// The mask they were pasted back through; `image.untouchedBytes(mask)` gives what a digest is made of.
        public let mask: Mask
    }

    public let pictures: [Picture]
    public let plan: Pipeline.Plan
    public let seconds: Seconds
    /// Repainting only.
    public let untouched: Untouched?
}

extension Pipeline {
    /// Runs a request to its end.
    ///
    /// - Parameters:
    ///   - source: the picture to redraw or repaint; transparency is laid over white for the model.
    ///   - mask: for repainting; of the source's size, white where it is repainted, grey where it may go part of the way.
    ///   - score: judges drafts, where the request has any.
    ///   - checkCancelled: called between the blocks of every network and within long products; what it throws ends the run and is thrown
    ///     here.
    ///   - onStep: called after each step; what it throws ends the run too.
    /// - Throws: `GenerationRequestError`, `DiffusionError`, or what the two closures throw.
    public func run(
        _ request: GenerationRequest, source: Image? = nil, mask: Mask? = nil, score: DraftScore = { _ in 0 },
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult {
        let task = try RunTask(
            request, strengths: [request.strength], source: source,
            mask: request.mode == .repaint ? request.repaintMask(source: source, mask: mask) : nil)
        return try run(task, score: score, checkCancelled: checkCancelled, onStep: onStep)[0]
    }

    /// Runs a request at each of the task's strengths, one result a strength. Source, mask and prompts are encoded once for all of them.
    ///
    /// - Parameters:
    ///   - memoryLimit: bytes the run may take on top of the weights; where the autoencoder would take more, it works in tiles.
    ///   - previews: whether each step's report shows where the picture is going.
    ///   - score: judges drafts, where the request has any.
    public func run(
        _ task: RunTask, memoryLimit: Int? = nil, previews: Bool = false, score: DraftScore = { _ in 0 },
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        onStep: (StepReport) throws -> Void
    ) throws -> [PipelineResult] {
        try run(
            task, plans: task.plans(outline, memoryLimit: memoryLimit), memoryLimit: memoryLimit, previews: previews, score: score,
            checkCancelled: checkCancelled, onStep: onStep)
    }

    /// Runs what `RunTask.plans` made of the task.
    ///
    /// - Parameter plans: one for each strength.
    public func run(
        _ task: RunTask, plans: [Plan], memoryLimit: Int? = nil, previews: Bool = false, score: DraftScore = { _ in 0 },
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        onStep: (StepReport) throws -> Void
    ) throws -> [PipelineResult] {
        let begin = ContinuousClock.now
        let firstSeed = task.request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let cancellation = Cancellation(checkCancelled)
        guard !plans.contains(where: \.grows) else {
            return try runMixed(
                task, plans, firstSeed: firstSeed, memoryLimit: memoryLimit, previews: previews, score: score,
                checkCancelled: checkCancelled, onStep: onStep)
        }
        let seeds = task.request.seeds(from: firstSeed)
        return try cancellation.during {
            var run = try PipelineRun(
                self, task, plans, seeds: seeds, previews: previews, begin: begin, checkCancelled: cancellation.check)
            return try plans.indices.map { try run.result(at: $0, onStep: onStep) }
        }
    }

    /// Runs strengths of which some grow: those that do not together, each of the others by itself. Progress goes through all of them.
    private func runMixed(
        _ task: RunTask, _ plans: [Plan], firstSeed: UInt64, memoryLimit: Int?, previews: Bool, score: DraftScore,
        checkCancelled: @escaping CancellationCheck, onStep: (StepReport) throws -> Void
    ) throws -> [PipelineResult] {
        let begin = ContinuousClock.now
        let count = task.request.count
        let work = plans.reduce(0) { $0 + $1.operations }
        var (picturesDone, workDone) = (0, 0.0)
        /// Tells a step of a part that takes so many operations; what comes after it is likely to take as long for each of its own.
        func told(_ step: StepReport, _ operations: Double) throws {
            let later = max(work - workDone - operations, 0)
            let secondsLater = (step.secondsElapsed + step.secondsLeft) / operations * later
            try onStep(
                step.among(
                    plans.count * count, after: picturesDone, secondsElapsed: begin.duration(to: .now).seconds,
                    secondsLeft: step.secondsLeft + secondsLater))
        }
        var results: [Int: PipelineResult] = [:]
        let still = plans.indices.filter { !plans[$0].grows }
        if !still.isEmpty {
            var request = task.request
            request.seed = firstSeed
            let together = RunTask(request, strengths: still.map { task.strengths[$0] }, source: task.source, mask: task.mask)
            let operations = still.reduce(0) { $0 + plans[$1].operations }
            let made = try run(together, memoryLimit: memoryLimit, previews: previews, checkCancelled: checkCancelled) {
                try told($0, operations)
            }
            for (index, result) in zip(still, made) { results[index] = result }
            picturesDone += still.count * count
            workDone += operations
        }
        for index in plans.indices where plans[index].grows {
            let plan = plans[index]
            let request = task.request(at: index)
            var run = GrowingRun(
                self, RunTask(request, strengths: [request.strength], source: task.source, mask: task.mask), plan: plan,
                seeds: request.seeds(from: firstSeed, apart: plan.drafts?.count ?? 1), memoryLimit: memoryLimit,
                previews: previews, checkCancelled: checkCancelled)
            results[index] = try run.result(score: score) { try told($0, plan.operations) }
            picturesDone += count
            workDone += plan.operations
        }
        return plans.indices.compactMap { results[$0] }
    }
}

extension GenerationRequest {
    /// The seeds of its pictures, the first one's given: one after the other, or so far apart.
    public func seeds(from first: UInt64, apart step: Int = 1) -> [UInt64] {
        (0..<count).map { first &+ UInt64($0) &* UInt64(step) }
    }

    /// The mask as the request shapes it: inverted, grown.
    ///
    /// - Throws: `DiffusionError` where there is no source or mask, where their sizes differ, or where nothing is white.
    public func repaintMask(source: Image?, mask: Mask?) throws(DiffusionError) -> Mask {
        guard let source else { throw .missingSource(mode: mode.rawValue) }
        guard let mask else { throw .missingMask }
        guard mask.size == source.size else { throw .maskSize(mask: "\(mask.size)", picture: "\(source.size)") }
        let shaped = (invert ? mask.inverted() : mask).grown(by: grow)
        guard !shaped.isEmpty else { throw .emptyMask }
        return shaped
    }
}

/// What is to be run: a request with its pixels, at one strength or several.
public struct RunTask: Sendable {
    public let request: GenerationRequest
    public let strengths: [Double]
    /// Nil for painting.
    public let source: Image?
    /// Of the source's size and shaped as the request has it; nil where all is redrawn.
    public let mask: Mask?

    /// - Parameter mask: what `GenerationRequest.repaintMask` made of the person's mask.
    public init(_ request: GenerationRequest, strengths: [Double], source: Image?, mask: Mask?) {
        self.request = request
        self.strengths = strengths
        self.source = request.mode == .paint ? nil : source
        self.mask = mask
    }

    /// What the pictures made of this task's source prove of its mask; nil without one.
    func untouched(in pictures: [PipelineResult.Picture]) -> PipelineResult.Untouched? {
        guard let source, let mask else { return nil }
        let before = source.untouchedBytes(mask)
        return PipelineResult.Untouched(
            pixels: mask.untouchedPixelCount, identical: pictures.allSatisfy { $0.image.untouchedBytes(mask) == before }, mask: mask)
    }

    /// The request at one of the strengths.
    public func request(at index: Int) -> GenerationRequest {
        var request = request
        request.strength = strengths[index]
        return request
    }

    /// What each strength comes to.
    public func plans(_ outline: PipelineOutline, memoryLimit: Int? = nil) throws -> [Pipeline.Plan] {
        try strengths.indices.map {
            try outline.plan(request(at: $0), picture: source?.size, box: mask?.boundingBox, memoryLimit: memoryLimit)
        }
    }
}

/// A run under way: what all its pictures share, and the clock.
private struct PipelineRun {
    let pipeline: Pipeline
    let task: RunTask
    let plans: [Pipeline.Plan]
    let seeds: [UInt64]
    let checkCancelled: CancellationCheck
    let begin: ContinuousClock.Instant
    /// Made when the first strength that runs at all is reached.
    private var prepared: (guidance: Guidance, scene: Scene)?
    private let preview: LatentPreview?
    private var clock: ContinuousClock.Instant
    /// Passes taken and to be taken, and the seconds those taken took.
    private var passesDone = 0
    private let passesTotal: Int
    private var passSeconds = 0.0

    init(
        _ pipeline: Pipeline, _ task: RunTask, _ plans: [Pipeline.Plan], seeds: [UInt64], previews: Bool, begin: ContinuousClock.Instant,
        checkCancelled: @escaping CancellationCheck
    ) throws {
        (self.pipeline, self.task, self.plans, self.seeds) = (pipeline, task, plans, seeds)
        (self.begin, self.checkCancelled) = (begin, checkCancelled)
        passesTotal = plans.reduce(0) { $0 + $1.steps.passes } * seeds.count
        preview = previews && passesTotal > 0 ? try pipeline.preview(checkCancelled: checkCancelled) : nil
        clock = begin
    }

    /// Seconds since the last lap.
    private mutating func lap() -> Double {
        let now = ContinuousClock.now
        defer { clock = now }
        return clock.duration(to: now).seconds
    }

    mutating func result(at index: Int, onStep: (StepReport) throws -> Void) throws -> PipelineResult {
        let plan = plans[index]
        let started = index == 0 ? begin : ContinuousClock.now
        var seconds = PipelineResult.Seconds()
        guard plan.steps.run > 0 || task.source == nil else {
            // Nothing to run: the picture is handed over as it is, without a detour through the autoencoder.
            let pictures = seeds.map { PipelineResult.Picture(image: unchanged(plan), seed: $0) }
            seconds.total = started.duration(to: .now).seconds
            return result(plan, pictures, seconds)
        }
        if prepared == nil {
            let guidance = try pipeline.guidance(task.request, working: plan.working)
            try checkCancelled()
            let scene = try Scene(
                pipeline, task.request, plan: plan, source: task.source, mask: task.mask, checkCancelled: checkCancelled)
            prepared = (guidance, scene)
            seconds.encode = lap()
        }
        var pictures: [PipelineResult.Picture] = []
        for (number, seed) in seeds.enumerated() {
            let latent = try denoised(index, number, seed, onStep)
            seconds.denoise += lap()
            let made = try pipeline.picture(of: latent, tiled: plan.tiled, checkCancelled: checkCancelled)
            pictures.append(.init(image: delivered(made, plan), seed: seed))
            seconds.decode += lap()
        }
        seconds.total = started.duration(to: .now).seconds
        return result(plan, pictures, seconds)
    }

    private mutating func denoised(
        _ index: Int, _ number: Int, _ seed: UInt64, _ onStep: (StepReport) throws -> Void
    ) throws -> Tensor {
        guard let prepared else { preconditionFailure("nothing is denoised before the scene is made") }
        let denoising = try prepared.scene.denoising(
            strength: task.strengths[index], seed: seed, guidance: prepared.guidance, checkCancelled: checkCancelled)
        var latent = denoising.start
        var before = ContinuousClock.now
        for result in denoising {
            let step = try result.get()
            latent = step.latent
            let now = ContinuousClock.now
            passSeconds += before.duration(to: now).seconds
            before = now
            passesDone += 1
            let plan = plans[index]
            try onStep(
                StepReport(
                    picture: index * seeds.count + number, pictures: plans.count * seeds.count, step: step.index + 1, steps: step.total,
                    timestep: step.timestep, secondsElapsed: begin.duration(to: now).seconds,
                    secondsLeft: passSeconds / Double(passesDone) * Double(passesTotal - passesDone), latent: latent,
                    preview: preview.map { plan.cropped($0.image(of: step.estimate, size: plan.canvas)) }))
        }
        try latent.requireFinite("denoising")
        return latent
    }

    private func result(_ plan: Pipeline.Plan, _ pictures: [PipelineResult.Picture], _ seconds: PipelineResult.Seconds) -> PipelineResult {
        PipelineResult(pictures: pictures, plan: plan, seconds: seconds, untouched: task.untouched(in: pictures))
    }

    /// The source as a run of no steps hands it over.
    private func unchanged(_ plan: Pipeline.Plan) -> Image {
        guard let source = task.source, plan.output != source.size else {
            return task.source ?? Image(width: plan.output.width, height: plan.output.height, filledWith: [0, 0, 0])
        }
        return plan.framed(source)
    }

    /// What was made on the canvas, as it is handed over.
    private func delivered(_ made: Image, _ plan: Pipeline.Plan) -> Image {
        if let source = task.source, let mask = task.mask, let framing = plan.framing {
            return repainted(source, made, mask, framing, plan)
        }
        return plan.delivered(made, as: task.request.outputSize)
    }

    /// The source with what was made laid over it inside the mask.
    private func repainted(_ source: Image, _ made: Image, _ mask: Mask, _ framing: Framing, _ plan: Pipeline.Plan) -> Image {
        let region = framing.region
        let within = mask.cropped(to: region)
        var part = framing.toRegion(made)
        var amount = mask
        if task.request.profile == .redraw {
            part = part.colourMatched(to: source.cropped(to: region).rgb(), mask: within)
            // Grey is strength, which the run has heeded: what took part in a single step is laid over whole, what in none hardly at all.
            let runs = plan.steps.run
            amount = Mask(width: mask.width, height: mask.height, values: mask.values.map { UInt8(min(255, Int($0) * runs)) })
        }
        let blended = amount.feathered(by: Double(task.request.feather) / 2)
        return source.pasted(part, x: region.x, y: region.y, mask: blended.cropped(to: region))
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

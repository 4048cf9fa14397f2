import Foundation
import Pixels

/// Pictures that grow: a first, small one is painted, enlarged and redrawn until it has its size.
///
/// A model composes best at the size it learnt whole pictures at; beyond it, things come twice or fall apart. What the web UI calls
/// "Hires. fix" does it in one leap; here no leap more than doubles a side. What fills a mask anew grows in the same way, and,
/// where that is asked for, a picture that is redrawn so far that little of it is left.
extension PipelineOutline {
    /// The sizes a painting goes through, the smallest first and the working size last; that alone where it does not grow.
    ///
    /// - Parameter painted: how much of the working size is painted anew, which begins at the request's first side: all of it, or the box
    ///   around a mask.
    func stages(_ request: GenerationRequest, working: PixelSize, painted: PixelSize) -> [PixelSize] {
        guard request.grows, let side = request.firstSide else { return [working] }
        let growth = (Double(painted.width) * Double(painted.height)).squareRoot() / Double(side)
        // A leap of less than a quarter is not worth a second picture.
        guard growth > 1.25 else { return [working] }
        let leaps = max(1, Int(log2(growth).rounded(.up)))
        return (0..<leaps).map { leap in
            evenSize(like: working, scale: pow(growth, Double(leap) / Double(leaps) - 1))
        } + [working]
    }

    /// The size in even multiples that comes nearest to a scaled one; its proportions count four times as much as its area, for what is
    /// composed in other proportions is stretched later.
    private func evenSize(like size: PixelSize, scale: Double) -> PixelSize {
        let (width, height) = (Double(size.width) * scale, Double(size.height) * scale)
        func candidates(_ length: Double) -> [Double] {
            let units = max(1, (length / Double(evenMultiple)).rounded(.down))
            return [units * Double(evenMultiple), (units + 1) * Double(evenMultiple)]
        }
        let sizes = candidates(width).flatMap { w in candidates(height).map { h in (w, h) } }
        func error(_ size: (Double, Double)) -> Double {
            4 * abs(log(size.0 / size.1 * height / width)) + abs(log(size.0 * size.1 / (width * height)))
        }
        let best = sizes.min { error($0) < error($1) } ?? (width, height)
        return PixelSize(width: Int(best.0), height: Int(best.1))
    }
}

extension GenerationRequest {
    /// From this strength on a redrawn picture keeps hardly more of the old one than colours and masses.
    static let growingStrength = 0.75
    /// Under a mask from this one on: below it, what stands there is to be kept, and would be lost in a small picture.
    static let growingStrengthOfRepainting = 0.9

    /// Whether things are composed anew, so that a first side counts.
    public var grows: Bool { grows(at: strength) }

    /// The same at another strength.
    func grows(at strength: Double) -> Bool {
        switch mode {
        case .paint: true
        case .generate: strength >= Self.growingStrength
        case .repaint: strength >= Self.growingStrengthOfRepainting
        }
    }

    /// What a stage of what grows asks for: the first is what was asked for, in small, the others are redrawn from the one before, as far as
    /// the mask reaches where there is one.
    func stage(_ number: Int, at size: PixelSize) -> GenerationRequest {
        var stage = self
        (stage.width, stage.height) = (size.width, size.height)
        (stage.count, stage.drafts, stage.firstSide) = (1, 1, nil)
        // The picture was brought to the working size's proportions before.
        if mode == .generate { (stage.resize, stage.outputSize) = (.stretch, .working) }
        guard number > 0 else { return stage }
        if mode == .paint { (stage.mode, stage.resize) = (.generate, .stretch) }
        (stage.strength, stage.fill) = (refine, .original)
        return stage
    }
}

/// How near a draft is to what was asked for: of a picture's drafts the one with the highest value grows, the first of equals.
public typealias DraftScore = (Image) throws -> Float

extension PipelineOutline {
    /// Drafts are compared at the first stage where what is painted is as large as a square of this side: of less an encoder tells little.
    static let comparedSide = 96.0

    /// The drafts of a request that composes something anew and grows; nil for every other, and where nothing smaller than the picture comes
    /// before it. A picture of more than twice that side is not made several times as a whole, however small what is painted in it.
    func drafts(
        _ request: GenerationRequest, working: PixelSize, painted: PixelSize, _ stages: [Pipeline.Stage]
    ) -> Pipeline.Drafts? {
        guard request.drafts > 1, request.grows, request.firstSide != nil else { return nil }
        let share = (Double(painted.pixelCount) / Double(working.pixelCount)).squareRoot()
        let compared = stages.firstIndex { Double($0.size.pixelCount).squareRoot() * share >= Self.comparedSide }
        let most = Double(working.pixelCount).squareRoot() > 2 * Self.comparedSide ? stages.count - 1 : stages.count
        let tried = min((compared ?? stages.count - 1) + 1, most)
        return tried > 0 ? Pipeline.Drafts(count: request.drafts, stages: tried) : nil
    }
}

/// Pictures that grow, under way: each from its draft, all sharing the clock.
///
/// The prompt is encoded anew at each stage, which costs little beside it; previews have the working size throughout, so that a viewer's
/// window does not jump.
struct GrowingRun {
    let pipeline: Pipeline
    let task: RunTask
    let plan: Pipeline.Plan
    /// Of the first draft of each picture; the other drafts' follow it.
    let seeds: [UInt64]
    let memoryLimit: Int?
    let previews: Bool
    let checkCancelled: CancellationCheck
    /// What the first stage begins with: a picture that is redrawn as a whole, in working size.
    private let start: Image?
    private let begin = ContinuousClock.now
    private var workDone = 0.0
    private var seconds = PipelineResult.Seconds()

    init(
        _ pipeline: Pipeline, _ task: RunTask, plan: Pipeline.Plan, seeds: [UInt64], memoryLimit: Int?, previews: Bool,
        checkCancelled: @escaping CancellationCheck
    ) {
        (self.pipeline, self.task, self.plan, self.seeds) = (pipeline, task, plan, seeds)
        (self.memoryLimit, self.previews, self.checkCancelled) = (memoryLimit, previews, checkCancelled)
        start = task.request.mode == .generate ? task.source.map(plan.framed) : task.source
    }

    mutating func result(score: DraftScore, onStep: (StepReport) throws -> Void) throws -> PipelineResult {
        var pictures: [PipelineResult.Picture] = []
        for number in seeds.indices { pictures.append(try picture(number, score: score, onStep: onStep)) }
        seconds.total = begin.duration(to: .now).seconds
        return PipelineResult(pictures: pictures, plan: plan, seconds: seconds, untouched: task.untouched(in: pictures))
    }

    private mutating func picture(
        _ number: Int, score: DraftScore, onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult.Picture {
        var passesDone = 0
        guard let drafts = plan.drafts else {
            let image = try grown(start, through: plan.stages[...], seeds[number], number, &passesDone, onStep)
            return .init(image: delivered(image), seed: seeds[number])
        }
        // Only the best so far is kept: a repainted draft is as large as its photograph.
        var best: (image: Image, seed: UInt64, score: Float)?
        for seed in (0..<UInt64(drafts.count)).map({ seeds[number] &+ $0 }) {
            let draft = try grown(start, through: plan.stages[..<drafts.stages], seed, number, &passesDone, onStep)
            let score = try score(task.repaintedPart(of: draft))
            if best.map({ score > $0.score }) ?? true { best = (draft, seed, score) }
        }
        guard let best else { preconditionFailure("there are at least two drafts") }
        let image = try grown(best.image, through: plan.stages[drafts.stages...], best.seed, number, &passesDone, onStep)
        return .init(image: delivered(image), seed: best.seed)
    }

    /// What the last stage made, as it is handed over.
    private func delivered(_ made: Image) -> Image {
        task.request.mode == .generate ? plan.delivered(made, as: task.request.outputSize) : made
    }

    /// What the stages make of a picture, or of nothing.
    private mutating func grown(
        _ source: Image?, through stages: ArraySlice<Pipeline.Stage>, _ seed: UInt64, _ number: Int, _ passesDone: inout Int,
        _ onStep: (StepReport) throws -> Void
    ) throws -> Image {
        var image = source
        let work = plan.operations * Double(seeds.count)
        for stage in stages {
            var request = stage.request
            request.seed = seed
            let result = try pipeline.run(
                RunTask(request, strengths: [request.strength], source: image, mask: task.mask), memoryLimit: memoryLimit,
                previews: previews, checkCancelled: checkCancelled
            ) { step in
                passesDone += 1
                workDone += stage.operations / Double(max(step.steps, 1))
                let elapsed = begin.duration(to: .now).seconds
                try onStep(
                    StepReport(
                        picture: number, pictures: seeds.count, step: passesDone, steps: plan.passes, timestep: step.timestep,
                        secondsElapsed: elapsed, secondsLeft: elapsed / workDone * max(work - workDone, 0), latent: step.latent,
                        preview: step.preview?.resized(width: plan.working.width, height: plan.working.height, filter: .bilinear)))
            }[0]
            image = result.pictures[0].image
            seconds.encode += result.seconds.encode
            seconds.denoise += result.seconds.denoise
            seconds.decode += result.seconds.decode
        }
        guard let image else { preconditionFailure("what grows from nothing has a first stage") }
        return image
    }
}

extension RunTask {
    /// Of a picture that was made, what the mask covers and a little around it; all of it where there is no mask.
    func repaintedPart(of picture: Image) -> Image {
        guard let box = mask?.boundingBox else { return picture }
        let (across, down) = (box.width / 16, box.height / 16)
        let (left, top) = (max(0, box.x - across), max(0, box.y - down))
        let (right, bottom) = (min(picture.width, box.x + box.width + across), min(picture.height, box.y + box.height + down))
        return picture.cropped(to: PixelRectangle(x: left, y: top, width: right - left, height: bottom - top))
    }
}

import Foundation
import Pixels
import Tensors

/// A step of a run, as it is reported.
package struct StepReport: Sendable {
    /// Which picture of the run, from 0, and how many there are.
    package let picture: Int
    package let pictures: Int
    /// Passes of the UNet this picture has taken so far, from 1, and how many it takes.
    package let step: Int
    package let steps: Int
    /// Training timestep of the step taken.
    package let timestep: Double
    /// Seconds this run has taken, and those it is likely to take still, decoding apart.
    package let secondsElapsed: Double
    package let secondsLeft: Double
    /// [1, height, width, channels] in the UNet's scale; `Pipeline.picture(of:)` shows it.
    package let latent: Tensor
    /// What the picture is likely to become, roughly, at working size; where previews were asked for.
    package let preview: Image?
}

/// What a run gave.
package struct PipelineResult: Sendable {
    /// A picture that was made, with the seed that makes it again.
    package struct Picture: Sendable {
        package let image: Image
        package let seed: UInt64

        package init(image: Image, seed: UInt64) {
            (self.image, self.seed) = (image, seed)
        }
    }
    /// How long each part of the run took.
    package struct Seconds: Sendable, Codable, Equatable {
        /// Reading weights that were left for the run to read.
        package var load = 0.0
        /// Reading the prompt and encoding the source.
        package var encode = 0.0
        package var denoise = 0.0
        package var decode = 0.0
        package var total = 0.0

        package init() {}
    }
    /// That nothing outside the mask changed.
    package struct Untouched: Sendable {
        /// Pixels where the mask is 0.
        package let pixels: Int
        /// Whether they are equal to the source's, byte for byte, in every picture of the result.
        package let identical: Bool
        /// The mask they were pasted back through; `image.untouchedBytes(mask)` gives what a digest is made of.
        package let mask: Mask
    }

    package let pictures: [Picture]
    package let plan: Pipeline.Plan
    package let seconds: Seconds
    /// Repainting only.
    package let untouched: Untouched?
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
    package func run(
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
    ///   - plans: what `RunTask.plans` made of the task; nil: made here. Nothing is planned again.
    ///   - budget: where plans are made here: the memory that the run may take.
    ///   - previews: whether each step's report shows where the picture is going.
    ///   - isLast: whether no copy of the pipeline is used after it: the weights are let go as soon as the run needs them no more.
    ///   - score: judges drafts, where the request has any.
    package func run(
        _ task: RunTask, plans: [Plan]? = nil, budget: MemoryBudget? = nil, previews: Bool = false, isLast: Bool = false,
        score: DraftScore = { _ in 0 },
        checkCancelled: @escaping CancellationCheck = { try Task.checkCancellation() },
        onStep: (StepReport) throws -> Void
    ) throws -> [PipelineResult] {
        let begin = ContinuousClock.now
        let plans = try plans ?? task.plans(family, budget: budget)
        let firstSeed = task.request.seed ?? UInt64.random(in: 0...UInt64(UInt32.max))
        let cancellation = Cancellation(checkCancelled)
        return try cancellation.during {
            try MemoryPool.keeping {
                var run = try PipelineRun(
                    self, task, plans, firstSeed: firstSeed, previews: previews, letsGo: isLast, begin: begin,
                    checkCancelled: cancellation.check)
                return try run.results(score: score, onStep: onStep)
            }
        }
    }
}

extension GenerationRequest {
    /// The seeds of its pictures, the first one's given: one after the other, or so far apart. Of a request that was read and not checked yet
    /// no more than may be asked for.
    package func seeds(from first: UInt64, apart step: Int = 1) -> [UInt64] {
        (0..<min(max(count, 0), Int(Bounded.count.range.upperBound))).map { first &+ UInt64($0) &* UInt64(step) }
    }

    /// The mask as the request shapes it: inverted, grown.
    ///
    /// - Throws: `DiffusionError` where there is no source or mask, where their sizes differ, or where nothing is white.
    package func repaintMask(source: Image?, mask: Mask?) throws(DiffusionError) -> Mask {
        guard let source else { throw .missingSource(mode: mode.rawValue) }
        guard let mask else { throw .missingMask }
        guard mask.size == source.size else { throw .maskSize(mask: "\(mask.size)", picture: "\(source.size)") }
        let shaped = (invert ? mask.inverted() : mask).grown(by: grow)
        guard !shaped.isEmpty else { throw .emptyMask }
        return shaped
    }
}

/// What is to be run: a request with its pixels, at one strength or several.
package struct RunTask: Sendable {
    package let request: GenerationRequest
    package let strengths: [Double]
    /// Nil for painting.
    package let source: Image?
    /// Of the source's size and shaped as the request has it; nil where all is redrawn.
    package let mask: Mask?

    /// - Parameter mask: what `GenerationRequest.repaintMask` made of the person's mask.
    package init(_ request: GenerationRequest, strengths: [Double], source: Image?, mask: Mask?) {
        self.request = request
        self.strengths = strengths
        let background = request.background.flatMap { Background($0) }
        self.source = request.mode == .paint ? nil : background.map { source?.laid(over: $0) } ?? source
        self.mask = mask
    }

    /// The source's transparency, where what is redrawn from it is to have it too.
    var keptTransparency: Image? {
        guard request.mode == .generate, request.background == Background.kept.description else { return nil }
        return source?.alpha()
    }

    /// What the pictures made of this task's source prove of its mask; nil without one.
    func untouched(in pictures: [PipelineResult.Picture]) -> PipelineResult.Untouched? {
        guard let source, let mask else { return nil }
        let before = source.untouchedBytes(mask)
        return PipelineResult.Untouched(
            pixels: mask.untouchedPixelCount, identical: pictures.allSatisfy { $0.image.untouchedBytes(mask) == before }, mask: mask)
    }

    /// The task at one of its strengths alone.
    package func at(_ index: Int) -> RunTask {
        RunTask(request(at: index), strengths: [strengths[index]], source: source, mask: mask)
    }

    /// The request at one of the strengths.
    package func request(at index: Int) -> GenerationRequest {
        var request = request
        request.strength = strengths[index]
        return request
    }

    /// What each strength comes to.
    package func plans(_ family: any ModelFamily, budget: MemoryBudget? = nil) throws -> [Pipeline.Plan] {
        try strengths.indices.map {
            try family.plan(request(at: $0), picture: source?.size, box: mask?.boundingBox, budget: budget)
        }
    }
}

extension Duration {
    var seconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}

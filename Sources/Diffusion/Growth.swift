import Foundation
import Pixels

/// Painting that grows: a first, small picture is painted, enlarged and redrawn until it has its size.
///
/// A model composes best at the size it learnt whole pictures at; beyond it, things come twice or fall apart. What the web UI calls
/// "Hires. fix" does it in one leap; here no leap more than doubles a side. What fills a mask anew grows in the same way.
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
        let multiple = evenMultiple
        return (0..<leaps).map { leap in
            let scale = pow(growth, Double(leap) / Double(leaps) - 1)
            func stage(_ length: Int) -> Int {
                max(1, Int((Double(length) * scale / Double(multiple)).rounded())) * multiple
            }
            return PixelSize(width: stage(working.width), height: stage(working.height))
        } + [working]
    }
}

extension GenerationRequest {
    /// A repainting grows from this strength on: below it, what stands under the mask is to be kept, and would be lost in a small picture.
    static let growingStrength = 0.9

    /// Whether anything is composed anew, so that a first side counts.
    var grows: Bool { mode == .paint || mode == .repaint && strength >= Self.growingStrength }

    /// What a stage of a growing painting asks for: the first is painted, the others are redrawn from the one before, as far as the mask
    /// reaches where there is one.
    func stage(_ number: Int, at size: PixelSize) -> GenerationRequest {
        var stage = self
        (stage.width, stage.height) = (size.width, size.height)
        (stage.count, stage.firstSide) = (1, nil)
        guard number > 0 else { return stage }
        if mode == .paint { (stage.mode, stage.resize) = (.generate, .stretch) }
        (stage.strength, stage.fill) = (refine, .original)
        return stage
    }
}

extension Pipeline {
    /// Runs a painting that grows, one chain of stages a seed. The encoded prompt is made anew at each stage, which costs little beside it;
    /// previews have the working size throughout, so that a viewer's window does not jump.
    func runGrowing(
        _ task: RunTask, plan: Plan, seeds: [UInt64], memoryLimit: Int?, previews: Bool, checkCancelled: @escaping CancellationCheck,
        onStep: (StepReport) throws -> Void
    ) throws -> PipelineResult {
        let begin = ContinuousClock.now
        let work = plan.stages.reduce(0) { $0 + $1.operations } * Double(seeds.count)
        var workDone = 0.0
        var seconds = PipelineResult.Seconds()
        var pictures: [PipelineResult.Picture] = []
        for (number, seed) in seeds.enumerated() {
            var grown = task.source
            var passesDone = 0
            for stage in plan.stages {
                var request = stage.request
                request.seed = seed
                let result = try run(
                    RunTask(request, strengths: [request.strength], source: grown, mask: task.mask), memoryLimit: memoryLimit,
                    previews: previews, checkCancelled: checkCancelled
                ) { step in
                    passesDone += 1
                    workDone += stage.operations / Double(max(step.steps, 1))
                    let elapsed = begin.duration(to: .now).seconds
                    try onStep(
                        StepReport(
                            picture: number, pictures: seeds.count, step: passesDone, steps: plan.steps.passes, timestep: step.timestep,
                            secondsElapsed: elapsed, secondsLeft: elapsed / workDone * max(work - workDone, 0), latent: step.latent,
                            preview: step.preview?.resized(width: plan.working.width, height: plan.working.height, filter: .bilinear)))
                }[0]
                grown = result.pictures[0].image
                seconds.encode += result.seconds.encode
                seconds.denoise += result.seconds.denoise
                seconds.decode += result.seconds.decode
            }
            if let grown { pictures.append(.init(image: grown, seed: seed)) }
        }
        seconds.total = begin.duration(to: .now).seconds
        return PipelineResult(pictures: pictures, plan: plan, seconds: seconds, untouched: task.untouched(in: pictures))
    }
}

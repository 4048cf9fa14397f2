import Pixels
import Testing

@testable import Diffusion
@testable import Engines

/// Strengths beside each other that whole steps do not tell apart.
@Suite struct SameStepsTests {
    private func run(_ strength: Double, of steps: Int = 10, side: Int = 64, profile: GenerationRequest.Profile = .redraw) throws
        -> GenerationPlan.Run
    {
        let sampler = profile == .a1111 ? SamplerName.euler : .ddim
        let schedule = try StepSchedule(NoiseSchedule(SchedulerConfiguration()), sampler: sampler, count: steps, profile: profile)
        let plan = try StepPlan(schedule, strength: strength, profile: profile)
        let size = PixelSize(width: side, height: side)
        return GenerationPlan.Run(strength: strength, steps: plan, passes: plan.passes, stages: [.init(size: size, steps: plan)], drafts: 1)
    }

    @Test func thoseOfTheSameStepsStandTogether() throws {
        #expect(try GenerationPlan.sameSteps([0.3, 0.35, 0.39, 0.5, 0.6, 0.66].map { try run($0) }) == [[0.3, 0.35, 0.39], [0.6, 0.66]])
        // diffusers' rule is the same, and stays it; the web UI takes one step more, and tells the same ones together.
        for profile in [GenerationRequest.Profile.diffusers, .a1111] {
            let runs = try [0.3, 0.35].map { try run($0, profile: profile) }
            #expect(runs.map(\.steps.run) == (profile == .a1111 ? [4, 4] : [3, 3]) && GenerationPlan.sameSteps(runs) == [[0.3, 0.35]])
        }
    }

    @Test func othersDoNot() throws {
        #expect(try GenerationPlan.sameSteps([0.3, 0.4, 0.5].map { try run($0) }).isEmpty)
        #expect(try GenerationPlan.sameSteps([0.3, 0.35].map { try run($0, of: 20) }).isEmpty)
        #expect(try GenerationPlan.sameSteps([run(0.3)]).isEmpty && GenerationPlan.sameSteps([run(0.3), run(0.3)]).isEmpty)
        #expect(try GenerationPlan.sameSteps([run(0.3), run(0.35, side: 128)]).isEmpty, "one of them grows")
        #expect(try GenerationPlan.sameSteps([run(0), run(0)]).isEmpty)
    }
}

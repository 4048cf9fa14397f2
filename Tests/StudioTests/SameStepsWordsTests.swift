import Pixels
import Testing

@testable import Diffusion
@testable import Engines
@testable import Studio

@Suite struct SameStepsWordsTests {
    private func runs(_ strengths: [(Double, steps: Int)]) -> [GenerationPlan.Run] {
        strengths.map { strength, count in
            let steps = StepPlan(requested: 10, run: count, passes: count, firstTimestep: 999, start: 0)
            return GenerationPlan.Run(
                strength: strength, steps: steps, passes: count, stages: [.init(size: PixelSize(width: 64, height: 64), steps: steps)],
                drafts: 1)
        }
    }

    @Test func thoseOfTheSameStepsAreToldInOneLine() throws {
        let told = try #require(
            SameStepsWords.note(on: runs([(0.3, 3), (0.35, 3), (0.39, 3), (0.5, 5), (0.6, 6), (0.66, 6)])))
        #expect(told.hasPrefix("the strengths 0.3, 0.35 and 0.39, as well as 0.6 and 0.66 come to the same steps, "), "\(told)")
        #expect(!told.contains("\n") && !told.contains("0.5"))
        #expect(SameStepsWords.note(on: runs([(0.3, 3), (0.4, 4)])) == nil)
    }
}

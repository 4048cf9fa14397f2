import Diffusion
import Engines

/// A step that was taken.
package struct StepEntry: Codable, Sendable, Equatable {
    /// Which picture, from 0, and how many there are.
    package let picture: Int
    package let pictures: Int
    /// Passes this picture has taken, from 1, and how many it takes.
    package let step: Int
    package let steps: Int
    package let secondsElapsed: Double
    package let secondsLeft: Double

    /// Of all pictures, from 0 to 1.
    package var share: Double { Double(picture * steps + step) / Double(max(pictures * steps, 1)) }

    init(_ progress: GenerationProgress) {
        (picture, pictures, step, steps) = (progress.picture, progress.pictures, progress.step, progress.steps)
        (secondsElapsed, secondsLeft) = (progress.secondsElapsed, progress.secondsLeft)
    }

    init(_ report: StepReport) {
        (picture, pictures, step, steps) = (report.picture, report.pictures, report.step, report.steps)
        (secondsElapsed, secondsLeft) = (report.secondsElapsed, report.secondsLeft)
    }
}

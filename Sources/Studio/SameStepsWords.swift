import Engines
import Vocabulary

/// What is to be said where strengths that are named beside each other come to the same steps.
enum SameStepsWords {
    /// Nil where each has its own.
    static func note(on runs: [GenerationPlan.Run]) -> String? {
        let told = GenerationPlan.sameSteps(runs).map { $0.map { "\($0)" }.enumeration }
        guard !told.isEmpty else { return nil }
        let strengths = told.joined(separator: ", as well as ")
        return "the strengths \(strengths) come to the same steps, so their pictures are hardly different; more steps tell them apart"
    }
}

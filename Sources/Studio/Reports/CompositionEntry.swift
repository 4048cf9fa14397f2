import Analysis
import Screening

/// How a prompt was composed, in the shape that scripts read and that the library keeps with an analysis.
package struct CompositionEntry: Codable, Sendable, Equatable {
    /// What a tag does for a prompt.
    package struct Gain: Codable, Sendable, Equatable {
        package let tag: String
        /// What the prompt's cosine with the picture loses without the tag.
        package let gain: Double
    }

    /// `full` or `fast`.
    package let mode: String
    /// Cosine of the prompt with the picture; nil where the text tower was not asked.
    @OrNull package internal(set) var similarity: Double?
    /// Prompts that were compared.
    package let tried: Int
    package let gains: [Gain]

    init(_ scores: CompositionScores) {
        func rounded(_ value: Float) -> Double { (Double(value) * 10_000).rounded() / 10_000 }
        mode = scores.mode.rawValue
        similarity = scores.similarity.map(rounded)
        tried = scores.tried
        gains = scores.gains.map { Gain(tag: $0.tag, gain: rounded($0.gain)) }
    }

    /// What the library keeps of it; nil in analyses that were made before anything told.
    init?(_ analysis: AnalysisRecord) throws {
        guard let kept: CompositionEntry = try analysis.composition?.decoded() else { return nil }
        self = kept
    }
}

import Analysis
import Screening

/// What confidences rest on, in the shape that scripts read and that the library keeps with an analysis.
package struct ConfidenceEntry: Codable, Sendable, Equatable {
    /// `fitted` by the encoder's recipe, measured on `background` pictures, or a guess from `text` alone.
    package let source: String
    /// Background pictures that it was measured on.
    @OrNull package internal(set) var pictures: Int?
    /// By facet, what the person's decisions add to the log-odds.
    package let learned: [String: Double]

    init(_ scale: ConfidenceScale, _ learned: LearnedThresholds) {
        source = scale.source.rawValue
        pictures = scale.pictures
        self.learned = Dictionary(uniqueKeysWithValues: learned.entries.filter(\.isLearned).map { ($0.facet, $0.shift) })
    }

    /// What the library keeps of it; nil in analyses that were made before anything told.
    init?(_ analysis: AnalysisRecord) throws {
        guard let kept: ConfidenceEntry = try analysis.calibration?.decoded() else { return nil }
        self = kept
    }

    /// In words, for people.
    package var explanation: String {
        let learning = learned.isEmpty ? "" : ", adjusted by your decisions on \(learned.keys.sorted().joined(separator: ", "))"
        switch source {
        case ConfidenceScale.Source.background.rawValue: return "measured on \(pictures ?? 0) of your pictures" + learning
        case ConfidenceScale.Source.text.rawValue:
            return "a guess from texts alone; redraw vocab calibrate FOLDER measures it on your pictures" + learning
        default: return "set when the encoder was trained" + learning
        }
    }
}

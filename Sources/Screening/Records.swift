import Foundation
import Vocabulary

/// A picture in the library.
package struct PictureRecord: Sendable, Hashable, Identifiable {
    package let id: Int64
    package let sha256: String
    /// Pixels, after orientation.
    package let width: Int
    package let height: Int
    package let addedAt: Date
    /// What the person called it where it came from; empty where nobody said.
    package let name: String
    /// Where it was seen, the latest first.
    package let paths: [String]
}

/// An analysis in the library; it never changes.
package struct AnalysisRecord: Sendable, Hashable, Identifiable {
    package let id: Int64
    package let pictureID: Int64
    package let encoder: EncoderIdentity
    package let vocabulary: VocabularyIdentity
    package let seconds: Double
    package let positive: String
    package let negative: String
    /// Of types that the room above knows.
    package let model: StoredJSON?
    package let size: StoredJSON?
    package let recovered: StoredJSON?
    package let dropped: StoredJSON?
    package let composition: StoredJSON?
    package let calibration: StoredJSON?
    /// What stands where; nil in analyses that were made before anything told.
    package let things: StoredJSON?
    package let wording: String?
    package let createdAt: Date
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

/// A suggestion that an analysis made and that is not shown, because of what the person decided before.
package struct Withheld: Sendable, Hashable {
    package let tag: String
    /// The decided suggestion that stands in its place.
    package let because: Suggestion

    package var reason: String {
        let name = TagKey(because.tag) == TagKey(tag) ? "" : " as \"\(because.text)\""
        return because.state == .rejected ? "rejected before\(name)" : "approved before\(name)"
    }
}

/// What recording an analysis leaves.
package struct RecordedAnalysis: Sendable, Hashable {
    package let analysis: AnalysisRecord
    /// All of the picture's suggestions now, decided ones included, best first.
    package let suggestions: [Suggestion]
    /// Proposals left out because they were decided before, rejected or approved.
    package let withheld: [Withheld]
}

/// An entry of the log of decisions, which is only ever added to.
package struct Decision: Sendable, Hashable, Identifiable {
    /// What was decided.
    package enum Action: String, Sendable, Hashable, Codable {
        case approve, reject, edit, weigh, add, reset, undo
        /// Taken over from an imported library.
        case `import`
    }

    package let id: Int64
    package let pictureID: Int64
    package let tag: String
    package let action: Action
    /// Decisions taken together, and undone together, share one.
    package let batch: Int64
    /// The decision that this one takes back.
    package let undoes: Int64?
    package let decidedAt: Date
    package let decidedBy: String
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

/// What deciding or undoing leaves.
package struct DecisionOutcome: Sendable, Hashable {
    /// Empty where nothing had to change.
    package let decisions: [Decision]
    package let suggestions: [Suggestion]
}

/// A numbered prompt of a picture. Versions are never changed or removed.
package struct PromptVersion: Sendable, Hashable {
    package let pictureID: Int64
    /// 1 is the first.
    package let number: Int
    package let parent: Int?
    package let positive: String
    package let negative: String
    package let model: String?
    package let width: Int?
    package let height: Int?
    package let source: NewPrompt.Source
    package let createdAt: Date
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

/// A run of an engine.
package struct Generation: Sendable, Hashable, Identifiable {
    /// A picture redrawn, a part of one repainted, or one painted from words.
    package enum Kind: String, Sendable, Hashable, Codable, CaseIterable {
        case generate, repaint, paint
    }

    /// What came of it so far.
    package enum Status: String, Sendable, Hashable, Codable {
        case running, done, failed, cancelled
    }

    package let id: Int64
    package let kind: Kind
    /// The whole request.
    package let request: StoredJSON
    package let seed: UInt64
    package let model: String
    package let profile: String
    package let precision: String
    package let stepsRequested: Int
    package let stepsRun: Int
    package let firstTimestep: Double?
    package let seconds: StoredJSON?
    package let pictureID: Int64?
    package let promptNumber: Int?
    package let untouched: UntouchedProof?
    package let status: Status
    package let message: String?
    package let outputs: [GenerationOutput]
    package let createdAt: Date
    package let finishedAt: Date?
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

/// A line of the library's history.
package enum HistoryEntry: Sendable, Hashable {
    case analysis(AnalysisRecord)
    case decision(Decision)
    case prompt(PromptVersion)
    case generation(Generation)

    package var date: Date {
        switch self {
        case .analysis(let analysis): analysis.createdAt
        case .decision(let decision): decision.decidedAt
        case .prompt(let prompt): prompt.createdAt
        case .generation(let generation): generation.createdAt
        }
    }

    /// What of it could not be read, with the remedy.
    package var damaged: String? {
        switch self {
        case .analysis(let analysis): analysis.damaged
        case .decision(let decision): decision.damaged
        case .prompt(let prompt): prompt.damaged
        case .generation(let generation): generation.damaged
        }
    }

    package var pictureID: Int64? {
        switch self {
        case .analysis(let analysis): analysis.pictureID
        case .decision(let decision): decision.pictureID
        case .prompt(let prompt): prompt.pictureID
        case .generation(let generation): generation.pictureID
        }
    }
}

public import Foundation

/// A picture in the library.
public struct PictureRecord: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let sha256: String
    /// Pixels, after orientation.
    public let width: Int
    public let height: Int
    public let addedAt: Date
    /// Where it was seen, the latest first.
    public let paths: [String]
}

/// An analysis in the library; it never changes.
public struct AnalysisRecord: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let pictureID: Int64
    public let encoder: EncoderIdentity
    public let vocabulary: VocabularyIdentity
    public let seconds: Double
    public let positive: String
    public let negative: String
    /// Of types that the room above knows.
    public let model: StoredJSON?
    public let size: StoredJSON?
    public let recovered: StoredJSON?
    public let dropped: StoredJSON?
    public let composition: StoredJSON?
    public let calibration: StoredJSON?
    /// What stands where; nil in analyses that were made before anything told.
    public let things: StoredJSON?
    public let wording: String?
    public let createdAt: Date
}

/// A tag proposed for a picture, or added by the person, and what became of it.
///
/// There is one for each picture and tag. It outlives analyses once it is decided.
public struct Suggestion: Sendable, Hashable, Identifiable, Codable {
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case pending, approved, rejected
    }

    /// Weights that are taken. 1 is no weight at all.
    public static let weights: ClosedRange<Double> = 0.1...3

    public let id: Int64
    public let tag: String
    public let aliases: [String]
    public let facet: String
    /// The analysis that last proposed it; nil for one that the person added.
    public let analysisID: Int64?
    public let cosine: Double?
    /// In [0, 1]; 1 for one that the person added.
    public let confidence: Double
    public let rank: Int?
    public let source: SuggestionSource
    public let state: State
    public let editedText: String?
    public let weight: Double
    public let decidedAt: Date?
    public let decidedBy: String?

    /// What goes into the prompt.
    public var text: String { editedText ?? tag }
}

/// A suggestion that an analysis made and that is not shown, because of what the person decided before.
public struct Withheld: Sendable, Hashable {
    public let tag: String
    /// The decided suggestion that stands in its place.
    public let because: Suggestion

    public var reason: String {
        let name = TagKey(because.tag) == TagKey(tag) ? "" : " as \"\(because.text)\""
        return because.state == .rejected ? "rejected before\(name)" : "approved before\(name)"
    }
}

/// What recording an analysis leaves.
public struct RecordedAnalysis: Sendable, Hashable {
    public let analysis: AnalysisRecord
    /// All of the picture's suggestions now, decided ones included, best first.
    public let suggestions: [Suggestion]
    /// Proposals left out because they were decided before, rejected or approved.
    public let withheld: [Withheld]
}

/// An entry of the log of decisions, which is only ever added to.
public struct Decision: Sendable, Hashable, Identifiable {
    public enum Action: String, Sendable, Hashable, Codable {
        case approve, reject, edit, weigh, add, reset, undo
        /// Taken over from an imported library.
        case `import`
    }

    public let id: Int64
    public let pictureID: Int64
    public let tag: String
    public let action: Action
    /// Decisions taken together, and undone together, share one.
    public let batch: Int64
    /// The decision that this one takes back.
    public let undoes: Int64?
    public let decidedAt: Date
    public let decidedBy: String
}

/// What deciding or undoing leaves.
public struct DecisionOutcome: Sendable, Hashable {
    /// Empty where nothing had to change.
    public let decisions: [Decision]
    public let suggestions: [Suggestion]
}

/// A numbered prompt of a picture. Versions are never changed or removed.
public struct PromptVersion: Sendable, Hashable {
    public let pictureID: Int64
    /// 1 is the first.
    public let number: Int
    public let parent: Int?
    public let positive: String
    public let negative: String
    public let model: String?
    public let width: Int?
    public let height: Int?
    public let source: NewPrompt.Source
    public let createdAt: Date
}

/// A run of an engine.
public struct Generation: Sendable, Hashable, Identifiable {
    public enum Kind: String, Sendable, Hashable, Codable {
        case generate, repaint, paint
    }

    public enum Status: String, Sendable, Hashable, Codable {
        case running, done, failed, cancelled
    }

    public let id: Int64
    public let kind: Kind
    /// The whole request.
    public let request: StoredJSON
    public let seed: UInt64
    public let model: String
    public let profile: String
    public let precision: String
    public let stepsRequested: Int
    public let stepsRun: Int
    public let firstTimestep: Double?
    public let seconds: StoredJSON?
    public let pictureID: Int64?
    public let promptNumber: Int?
    public let untouched: UntouchedProof?
    public let status: Status
    public let message: String?
    public let outputs: [GenerationOutput]
    public let createdAt: Date
    public let finishedAt: Date?
}

/// A line of the library's history.
public enum HistoryEntry: Sendable, Hashable {
    case analysis(AnalysisRecord)
    case decision(Decision)
    case prompt(PromptVersion)
    case generation(Generation)

    public var date: Date {
        switch self {
        case .analysis(let analysis): analysis.createdAt
        case .decision(let decision): decision.decidedAt
        case .prompt(let prompt): prompt.createdAt
        case .generation(let generation): generation.createdAt
        }
    }

    public var pictureID: Int64? {
        switch self {
        case .analysis(let analysis): analysis.pictureID
        case .decision(let decision): decision.pictureID
        case .prompt(let prompt): prompt.pictureID
        case .generation(let generation): generation.pictureID
        }
    }
}

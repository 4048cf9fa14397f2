import Foundation
import Screening

/// A line of the history: what it is, and under that name the thing itself.
package struct HistoryReport: Encodable, Sendable {
    /// That a picture was looked at.
    package struct Analysis: Encodable, Sendable {
        package let encoder: String
        package let vocabulary: String
        package let seconds: Double
        /// Tags of the vocabulary. Scripts are not told them here.
        package let tags: Int

        private enum CodingKeys: CodingKey { case encoder, vocabulary, seconds }
    }

    /// That something was decided.
    package struct Taken: Encodable, Sendable {
        /// What was decided.
        package enum Action: String, Encodable, Sendable {
            case approve, reject, edit, weigh, add, reset, undo
            /// Taken over from an imported library.
            case `import`
        }

        package let id: Int64
        package let action: Action
        package let tag: String
        /// The decision that this one takes back.
        package let undoes: Int64?
        package let by: String

        init(_ decision: Decision) {
            (id, tag, undoes, by) = (decision.id, decision.tag, decision.undoes, decision.decidedBy)
            action =
                switch decision.action {
                case .approve: .approve
                case .reject: .reject
                case .edit: .edit
                case .weigh: .weigh
                case .add: .add
                case .reset: .reset
                case .undo: .undo
                case .import: .import
                }
        }
    }

    package private(set) var date: Date
    package private(set) var picture: Int64?
    package private(set) var kind: String
    package private(set) var analysis: Analysis?
    package private(set) var decision: Taken?
    package private(set) var prompt: PromptReport?
    package private(set) var generation: GenerationEntry?
    /// What the library keeps of it and that cannot be read, with the remedy; a generation tells that itself.
    package private(set) var damaged: String?

    /// - Parameters:
    ///   - naming: what an output's path is told as.
    ///   - telling: what a message is told as.
    init(_ entry: HistoryEntry, naming: (String) -> String = { $0 }, telling: (String) -> String = { $0 }) {
        (date, picture) = (entry.date, entry.pictureID)
        damaged = entry.damaged.map(telling)
        switch entry {
        case .analysis(let record):
            kind = "analysis"
            analysis = Analysis(
                encoder: record.encoder.name, vocabulary: record.vocabulary.name, seconds: record.seconds, tags: record.vocabulary.count)
        case .decision(let record):
            kind = "decision"
            decision = Taken(record)
        case .prompt(let record):
            kind = "prompt"
            prompt = PromptReport(record)
        case .generation(let record):
            kind = "generation"
            (generation, damaged) = (GenerationEntry(record, naming: naming, telling: telling), nil)
        }
    }
}

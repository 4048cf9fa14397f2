import Foundation
import Screening

/// A line of the history as JSON: what it is, and under that name the thing itself.
package struct HistoryReport: Codable, Sendable {
    package struct Analysis: Codable, Sendable {
        package private(set) var encoder: String
        package private(set) var vocabulary: String
        package private(set) var seconds: Double
    }

    package struct Taken: Codable, Sendable {
        package private(set) var id: Int64
        package private(set) var action: String
        package private(set) var tag: String
        package private(set) var undoes: Int64?
        package private(set) var by: String
    }

    package private(set) var date: Date
    package private(set) var picture: Int64?
    package private(set) var kind: String
    package private(set) var analysis: Analysis?
    package private(set) var decision: Taken?
    package private(set) var prompt: PromptReport?
    package private(set) var generation: GenerationEntry?

    /// - Parameters:
    ///   - naming: what an output's path is told as.
    ///   - telling: what a message is told as.
    package init(_ entry: HistoryEntry, naming: (String) -> String = { $0 }, telling: (String) -> String = { $0 }) throws {
        (date, picture) = (entry.date, entry.pictureID)
        switch entry {
        case .analysis(let record):
            kind = "analysis"
            analysis = Analysis(encoder: record.encoder.name, vocabulary: record.vocabulary.name, seconds: record.seconds)
        case .decision(let record):
            kind = "decision"
            decision = Taken(id: record.id, action: record.action.rawValue, tag: record.tag, undoes: record.undoes, by: record.decidedBy)
        case .prompt(let record):
            kind = "prompt"
            prompt = PromptReport(record)
        case .generation(let record):
            kind = "generation"
            generation = try GenerationEntry(record, naming: naming, telling: telling)
        }
    }
}

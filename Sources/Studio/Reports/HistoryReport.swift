public import Foundation
public import Screening

/// A line of the history as JSON: what it is, and under that name the thing itself.
public struct HistoryReport: Codable, Sendable {
    public struct Analysis: Codable, Sendable {
        public private(set) var encoder: String
        public private(set) var vocabulary: String
        public private(set) var seconds: Double
    }

    public struct Taken: Codable, Sendable {
        public private(set) var id: Int64
        public private(set) var action: String
        public private(set) var tag: String
        public private(set) var undoes: Int64?
        public private(set) var by: String
    }

    public private(set) var date: Date
    public private(set) var picture: Int64?
    public private(set) var kind: String
    public private(set) var analysis: Analysis?
    public private(set) var decision: Taken?
    public private(set) var prompt: PromptReport?
    public private(set) var generation: GenerationEntry?

    /// - Parameters:
    ///   - naming: what an output's path is told as.
    ///   - telling: what a message is told as.
    public init(_ entry: HistoryEntry, naming: (String) -> String = { $0 }, telling: (String) -> String = { $0 }) throws {
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

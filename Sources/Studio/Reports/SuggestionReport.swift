public import Foundation
import Screening

public struct SuggestionReport: Codable, Sendable {
    public let id: Int64
    public let tag: String
    public let facet: String
    @OrNull public internal(set) var cosine: Double?
    public let confidence: Double
    @OrNull public internal(set) var rank: Int?
    public let source: String
    public let state: String
    /// The edited text, where there is one.
    public let text: String
    public let weight: Double
    @OrNull public internal(set) var decidedAt: Date?
    @OrNull public internal(set) var decidedBy: String?

    init(_ suggestion: Suggestion) {
        (id, tag, facet, rank) = (suggestion.id, suggestion.tag, suggestion.facet, suggestion.rank)
        cosine = suggestion.cosine.map { ($0 * 10_000).rounded() / 10_000 }
        confidence = (suggestion.confidence * 10_000).rounded() / 10_000
        (source, state) = (suggestion.source.rawValue, suggestion.state.rawValue)
        (text, weight, decidedAt, decidedBy) = (suggestion.text, suggestion.weight, suggestion.decidedAt, suggestion.decidedBy)
    }
}

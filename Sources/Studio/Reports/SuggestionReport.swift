import Foundation
import Screening

package struct SuggestionReport: Codable, Sendable {
    package let id: Int64
    package let tag: String
    package let facet: String
    @OrNull package internal(set) var cosine: Double?
    package let confidence: Double
    @OrNull package internal(set) var rank: Int?
    package let source: String
    package let state: String
    /// Whether approving everything from some confidence on takes it.
    package let inBulk: Bool
    /// The edited text, where there is one.
    package let text: String
    package let weight: Double
    @OrNull package internal(set) var decidedAt: Date?
    @OrNull package internal(set) var decidedBy: String?

    init(_ suggestion: Suggestion) {
        (id, tag, facet, rank) = (suggestion.id, suggestion.tag, suggestion.facet, suggestion.rank)
        cosine = suggestion.cosine.map { ($0 * 10_000).rounded() / 10_000 }
        confidence = (suggestion.confidence * 10_000).rounded() / 10_000
        (source, state) = (suggestion.source.rawValue, suggestion.state.rawValue)
        inBulk = suggestion.isApprovedInBulk
        (text, weight, decidedAt, decidedBy) = (suggestion.text, suggestion.weight, suggestion.decidedAt, suggestion.decidedBy)
    }
}

import Foundation
import Screening

/// A suggestion and what was decided on it.
package struct SuggestionReport: Encodable, Sendable, Hashable, Identifiable {
    /// What the person decided; pending where nothing was.
    package enum State: String, Encodable, Sendable {
        case pending, approved, rejected

        init(_ state: Suggestion.State) {
            self =
                switch state {
                case .pending: .pending
                case .approved: .approved
                case .rejected: .rejected
                }
        }
    }

    /// Where it comes from: the likeness of embeddings, the picture's pixels, a trained head of the encoder, the picture's own metadata, the
    /// person, a tagger.
    package enum Source: String, Encodable, Sendable {
        case ranked, measured, head, recovered, added, tagger

        init(_ source: SuggestionSource) {
            self =
                switch source {
                case .ranked: .ranked
                case .measured: .measured
                case .head: .head
                case .recovered: .recovered
                case .added: .added
                case .tagger: .tagger
                }
        }
    }

    package let id: Int64
    package let tag: String
    package let facet: String
    package let cosine: Double?
    package let confidence: Double
    package let rank: Int?
    package let source: Source
    /// The tag with what is certain of the thing that it names, as "red car"; nil where nothing is.
    package let described: String?
    package let state: State
    /// Whether approving everything from some confidence on takes it.
    package let inBulk: Bool
    /// What goes into the prompt: the edited text, where there is one, else the tag as it is described, else the tag.
    package let text: String
    package let weight: Double
    package let decidedAt: Date?
    package let decidedBy: String?
    /// Other names of the tag. Scripts are not told them.
    package let aliases: [String]

    /// The person's text in place of the tag's own.
    package let editedText: String?

    init(_ suggestion: Suggestion) {
        (id, tag, facet, aliases) = (suggestion.id, suggestion.tag, suggestion.facet, suggestion.aliases)
        (cosine, confidence, rank) = (suggestion.cosine, suggestion.confidence, suggestion.rank)
        (source, state) = (Source(suggestion.source), State(suggestion.state))
        (described, editedText) = (suggestion.described, suggestion.editedText)
        inBulk = suggestion.isApprovedInBulk
        (text, weight, decidedAt, decidedBy) = (suggestion.text, suggestion.weight, suggestion.decidedAt, suggestion.decidedBy)
    }

    private enum CodingKeys: String, CodingKey {
        case id, tag, facet, cosine, confidence, rank, source, described, state, inBulk, text, weight, decidedAt, decidedBy
    }

    /// Scripts find every key, and numbers of four decimals.
    package func encode(to encoder: any Swift.Encoder) throws {
        func rounded(_ value: Double) -> Double { (value * 10_000).rounded() / 10_000 }
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(id, forKey: .id)
        try values.encode(tag, forKey: .tag)
        try values.encode(facet, forKey: .facet)
        try values.encode(cosine.map(rounded), forKey: .cosine)
        try values.encode(rounded(confidence), forKey: .confidence)
        try values.encode(rank, forKey: .rank)
        try values.encode(source, forKey: .source)
        try values.encode(described, forKey: .described)
        try values.encode(state, forKey: .state)
        try values.encode(inBulk, forKey: .inBulk)
        try values.encode(text, forKey: .text)
        try values.encode(weight, forKey: .weight)
        try values.encode(decidedAt, forKey: .decidedAt)
        try values.encode(decidedBy, forKey: .decidedBy)
    }
}

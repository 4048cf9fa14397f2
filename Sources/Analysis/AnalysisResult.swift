import Catalog
import Encoders
import Vocabulary

/// What one look at a picture suggests.
package struct AnalysisResult: Sendable {
    /// The likeliest first.
    package let suggestions: [Suggested]
    /// What was considered and is not suggested, with the reason; the likeliest first.
    package let dropped: [Dropped]
    package let prompt: ComposedPrompt
    /// How near the prompt is to the picture, and what each tag adds.
    package let composition: CompositionScores
    /// Nil where the catalog knows no generator.
    package let model: ModelChoice?
    package let size: SizeChoice?
    /// How the picture was made, likeliest first, as the encoder's head sees it; the probabilities sum to 1.
    package let mediums: [Medium]
    /// What stands where, the most certain first; empty where the encoder was not taught to see things.
    package let things: [SeenThing]
    /// How things that are suggested stand to each other; nil for an encoder of which nobody measured how often that is right.
    package let relations: [ThingRelation]?

    /// How likely a picture is a photograph, a painting and so on.
    package struct Medium: Sendable, Hashable, Codable {
        package let name: String
        package let probability: Float
    }
}

/// A tag with what an encoder, a measurement or a tagger said of it: considered at first, and proposed for the picture where the selection
/// leaves it.
package struct Suggested: Sendable, Hashable {
    /// Who said it.
    package enum Source: Sendable {
        /// Ranked by the embeddings.
        case ranked
        /// Measured in the pixels.
        case measured
        /// Told by the encoder's own head: the medium.
        case head
        /// Told by what the encoder was taught to see.
        case seen
        /// Said by a tagger, in its own words.
        case tagger
    }

    /// Of the vocabulary; a tagger's word may be in none.
    package let entry: Tag
    /// Of the picture's embedding with the tag's; nil where none was compared.
    package let cosine: Float?
    /// The probability that a person would say so, from 0 to 1.
    package internal(set) var confidence: Float
    /// 1 for the likeliest suggestion; 0 for what is only considered.
    package internal(set) var rank: Int
    package let source: Source
    /// The tag with what is certain of the thing that it names: "red car"; nil where nothing is.
    package internal(set) var described: String?

    package var tag: String { entry.name }
    /// What goes into a prompt.
    package var text: String { described ?? tag }
    package var facet: Facet { entry.facet }

    package init(_ entry: Tag, cosine: Float? = nil, confidence: Float, rank: Int = 0, source: Source = .ranked) {
        (self.entry, self.cosine, self.confidence, self.rank, self.source) = (entry, cosine, confidence, rank, source)
    }
}

/// A tag that was considered, and why it is not suggested.
package struct Dropped: Sendable, Hashable {
    package let tag: String
    package let facet: Facet
    package let confidence: Float
    /// Who said it.
    package let source: Suggested.Source
    package let reason: Reason

    /// Why it is not suggested.
    package enum Reason: Sendable, Hashable, CustomStringConvertible {
        case rejectedBefore
        case impliesRejected(String)
        case said(by: String)
        case lessCertain(than: String)
        case excluded(by: String, group: String)
        case similar(to: String)
        case unlikely(threshold: Float)
        case overshadowed(by: String)
        case enough(of: Facet, limit: Int)
        case enoughInAll(limit: Int)

        package var description: String {
            switch self {
            case .rejectedBefore: "rejected for this picture before"
            case .impliesRejected(let tag): "implies \"\(tag)\", which was rejected for this picture"
            case .said(let tag): "said by the more particular \"\(tag)\""
            case .lessCertain(let tag): "the more general \"\(tag)\" is much more certain"
            case .excluded(let tag, let group): "\"\(tag)\" is likelier, and the two exclude each other (\(group))"
            case .similar(let tag): "nearly the same as \"\(tag)\""
            case .unlikely(let threshold): "its confidence is below \(Int((threshold * 100).rounded())) %"
            case .overshadowed(let tag): "\"\(tag)\" is much more certain"
            case .enough(let facet, let limit): "\(limit) likelier \(limit == 1 ? "tag speaks" : "tags speak") about the \(facet.rawValue)"
            case .enoughInAll(let limit): "\(limit) likelier tags are suggested"
            }
        }
    }
}

/// A prompt's text in both directions.
package struct ComposedPrompt: Sendable, Hashable, Codable {
    package let positive: String
    package let negative: String

    package init(positive: String, negative: String) {
        self.positive = positive
        self.negative = negative
    }
}

/// The model that suits a picture best among those that are here, and the others.
package struct ModelChoice: Sendable, Hashable, Codable {
    /// A model that suits less, or that is not here.
    package struct RunnerUp: Sendable, Hashable, Codable {
        package let name: String
        /// From 0 to 1.
        package let score: Double
        package let installed: Bool
        /// Nil for one that is here.
        package let howToGet: String?
    }

    package let name: String
    package let reason: String
    package let installed: Bool
    package let score: Double
    /// The best others, installed or not; the best first.
    package let runnersUp: [RunnerUp]
    /// Nil for one that is here.
    package let howToGet: String?
}

/// The size to draw at.
package struct SizeChoice: Sendable, Hashable, Codable {
    package let width: Int
    package let height: Int
    package let reason: String
}

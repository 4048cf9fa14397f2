import Encoders
import Vocabulary

/// What a tagger says of a picture, as suggestions beside those of an encoder.
package struct TaggerSuggestions: Sendable {
    /// The likeliest first; their confidence is the tagger's own probability.
    package let suggestions: [Suggested]
    /// How explicit the tagger finds the picture, and how sure it is; nil where it has no such labels.
    package let rating: (name: String, probability: Float)?

    /// - Parameters:
    ///   - tagged: above the tagger's thresholds, underscores read as spaces, brackets not escaped: the composer does that.
    ///   - vocabulary: knows the facet of a tag that it has, too; every other one is a subject.
    package init(_ tagged: TaggedPicture, vocabulary: TagVocabulary) {
        let labels = (tagged.general + tagged.characters).sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
        suggestions = labels.enumerated().map { index, label in
            let known = vocabulary.tag(named: label.name)
            let facet = label.category == .general ? known?.facet ?? .subject : .subject
            return Suggested(
                Tag(name: label.name, facet: facet, aliases: known?.aliases ?? []), confidence: min(max(label.probability, 0), 1),
                rank: index + 1, source: .tagger)
        }
        rating = tagged.rating.map { ($0.name, $0.probability) }
    }
}

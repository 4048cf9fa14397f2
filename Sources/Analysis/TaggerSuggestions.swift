import Encoders
import Vocabulary

/// What a tagger says of a picture, as suggestions beside those of an encoder.
package struct TaggerSuggestions: Sendable {
    /// The likeliest first; their confidence is the tagger's own probability.
    package let suggestions: [Suggested]
    /// What it says that a person rejected, or a kind of it.
    package let dropped: [Dropped]
    /// How explicit the tagger finds the picture, and how sure it is; nil where it has no such labels.
    package let rating: (name: String, probability: Float)?

    /// - Parameters:
    ///   - tagged: above the tagger's thresholds, underscores read as spaces, brackets not escaped: the composer does that.
    ///   - vocabulary: knows the facet of a tag that it has, too; every other one is a subject.
    ///   - rejected: what the person rejected for this picture, by name or alias.
    package init(_ tagged: TaggedPicture, vocabulary: TagVocabulary, rejected: Set<String> = []) {
        let labels = (tagged.general + tagged.characters).sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
        let rejected = RejectedTags(rejected, in: vocabulary)
        var suggestions: [Suggested] = []
        var dropped: [Dropped] = []
        for label in labels {
            let known = vocabulary.tag(named: label.name)
            let facet = label.category == .general ? known?.facet ?? .subject : .subject
            let confidence = min(max(label.probability, 0), 1)
            if let reason = rejected.reason(against: label.name) {
                dropped.append(Dropped(tag: label.name, facet: facet, confidence: confidence, source: .tagger, reason: reason))
            } else {
                suggestions.append(
                    Suggested(
                        Tag(name: label.name, facet: facet, aliases: known?.aliases ?? []), confidence: confidence,
                        rank: suggestions.count + 1, source: .tagger))
            }
        }
        (self.suggestions, self.dropped) = (suggestions, dropped)
        rating = tagged.rating.map { ($0.name, $0.probability) }
    }
}

import Vocabulary

/// What a person rejected for a picture, and with it all that is not suggested for it any more: a kind of what is not there is not there.
package struct RejectedTags {
    private let vocabulary: TagVocabulary
    private let keys: Set<String>
    private let names: Set<String>

    /// - Parameter rejected: by name or alias, of this vocabulary or another one.
    package init(_ rejected: Set<String>, in vocabulary: TagVocabulary) {
        self.vocabulary = vocabulary
        keys = Set(rejected.map(Tag.key))
        names = Set(rejected.compactMap { vocabulary.tag(named: $0)?.name })
    }

    /// Why a tag, which need not be the vocabulary's, is held back; nil where no rejection speaks against it.
    package func reason(against tag: String) -> Dropped.Reason? {
        if keys.isEmpty { return nil }
        if keys.contains(Tag.key(tag)) { return .rejectedBefore }
        guard let known = vocabulary.tag(named: tag) else { return nil }
        if names.contains(known.name) { return .rejectedBefore }
        return vocabulary.implied(by: known).first { names.contains($0.name) }.map { .impliesRejected($0.name) }
    }
}

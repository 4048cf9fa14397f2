import Vocabulary

/// In which sentences an encoder is shown the tags of a vocabulary.
struct TagWording {
    private let templates: PromptTemplates
    private let ownSentence: String?

    init(vocabulary: TagVocabulary, encoder: some PictureEncoder) {
        templates = vocabulary.templates
        ownSentence = encoder.ownSentence
    }

    /// Names the wording in a cached file: another one makes other embeddings.
    var digest: String {
        guard let ownSentence else { return templates.digest }
        return "own-" + DigestedFile.name(of: ownSentence + templates.digest)
    }

    /// The texts whose mean embedding is the tag's.
    ///
    /// A phrase of a tag that is no subject is a whole text. An encoder with a sentence of its own sees subjects and settings in it, and other
    /// facets in their first template: measured on training pictures, its one sentence ranks as well as an ensemble at a third of the cost.
    func texts(for tag: Tag) -> [String] {
        guard tag.facet == .subject || tag.phrase == tag.name else { return [tag.phrase] }
        if let ownSentence {
            if tag.facet == .subject || tag.facet == .setting { return [ownSentence.replacing("{}", with: tag.phrase)] }
            return Array(templates.sentences(for: tag.name, facet: tag.facet).prefix(1))
        }
        return templates.sentences(for: tag.facet == .subject ? tag.phrase : tag.name, facet: tag.facet)
    }
}

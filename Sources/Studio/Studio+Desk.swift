import Vocabulary

extension Studio {
    /// The desk of this studio's library; it knows the facets of the vocabulary's tags.
    package func desk() throws -> ScreeningDesk {
        let installation = installation
        return try ScreeningDesk(
            library: premises.library(), compose: ScreeningDesk.composition,
            facetOfTag: { tag in
                // Read when a tag is added, not before: most decisions need no vocabulary.
                let vocabulary = try? TagVocabulary(contentsOf: installation.vocabulary(named: "redraw"))
                return vocabulary?.tag(named: tag)?.facet.rawValue
            })
    }
}

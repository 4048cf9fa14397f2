import Vocabulary

extension Studio {
    /// The desk of this studio's library; it knows the vocabulary that comes with Redraw.
    package func desk() throws -> ScreeningDesk {
        let installation = installation
        return try ScreeningDesk(
            library: premises.library(), compose: ScreeningDesk.composition,
            vocabulary: DeskVocabulary { try? TagVocabulary(contentsOf: installation.vocabulary(named: "redraw")) })
    }
}

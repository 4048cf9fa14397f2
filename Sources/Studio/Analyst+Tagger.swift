import Analysis
import Catalog
import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

extension Tagger {
    var identity: EncoderIdentity { EncoderIdentity(name: name, fingerprint: digest) }
}

extension Analyst {
    /// The tagger that this studio was made with; nil where there is none.
    ///
    /// - Throws: `EncoderError` for a folder that is none's.
    func tagger() throws -> Tagger? {
        if let openedTagger { return openedTagger }
        guard let taggerFolder = taggerFolder.map({ folder(ofTagger: $0) }) else { return nil }
        let arithmetic = try EncoderPrecision(named: precisionName).arithmetic
        let tagger = try named("tagger") { try Tagger(directory: taggerFolder, arithmetic: arithmetic) }
        openedTagger = tagger
        return tagger
    }

    /// A tagger of the catalog is meant by its name, where no folder is called so.
    nonisolated func folder(ofTagger named: URL) -> URL {
        let catalog = premises.catalog()
        guard !FileManager.default.fileExists(atPath: named.path), let manifest = catalog.model(named: named.lastPathComponent),
            manifest.kind == .tagger, catalog.isInstalled(manifest), let folder = catalog.directory(of: manifest)
        else { return named }
        return folder
    }

    /// What a picture's shorter side must keep for all that look at it.
    func decodeShortSide() throws -> Int {
        max(try encoder().decodeShortSide, try tagger()?.decodeShortSide ?? 0)
    }

    /// Asks the tagger and keeps what it says as an analysis of its own.
    ///
    /// - Parameter rejected: what the person rejected for this picture.
    /// - Returns: what it said, and what of that was held back; nil and nothing where there is no tagger.
    func tag(
        _ image: Image, _ file: PictureFile, excluding rejected: Set<String>, _ vocabulary: TagVocabulary, _ library: Library
    ) throws -> (entry: TaggerEntry?, dropped: [Dropped]) {
        guard let tagger = try tagger() else { return (nil, []) }
        let begin = ContinuousClock.now
        let said = TaggerSuggestions(try tagger.tags(image), vocabulary: vocabulary, rejected: rejected)
        let positive = PromptComposer.compose(said.suggestions.map { ApprovedTag(text: $0.tag, facet: $0.facet) })
        _ = try library.record(
            file.record,
            analysis: NewAnalysis(
                encoder: tagger.identity,
                vocabulary: VocabularyIdentity(name: "\(tagger.name)'s labels", sha256: tagger.identity.sha256, count: tagger.labels.count),
                seconds: begin.duration(to: .now).inSeconds, suggestions: said.suggestions.map { $0.forLibrary },
                positive: positive),
            embedding: nil)
        let entry = TaggerEntry(
            name: tagger.name, sha256: tagger.identity.sha256, count: said.suggestions.count, rating: said.rating?.name)
        return (entry, said.dropped)
    }
}

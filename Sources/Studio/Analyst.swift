import Analysis
import Catalog
import Encoders
import Engines
import Foundation
import Pixels
import Screening
import Vocabulary

/// Looks at pictures with one encoder and one vocabulary, and keeps in the library what was said.
///
/// Everything heavy (weights, the vocabulary's embeddings) is opened when it is first needed and kept for the next picture. The actor's work
/// runs on a queue of its own: the use cases of the studio do not wait for it.
package actor Analyst {
    nonisolated let premises: Premises
    private nonisolated let encoderName: String?
    private nonisolated let vocabularyName: String?
    let precisionName: String?
    /// Whether a precision that nothing here takes is refused: where it was said just now.
    private nonisolated let insistsOnPrecision: Bool
    nonisolated let taggerFolder: URL?
    /// Which of these names were set for good, and how each is unset, by its setting.
    private nonisolated let settled: [String: String]
    private let executor = NumericExecutor(label: "redraw.analyst")

    var openedTagger: Tagger?
    var keptThresholds: (mark: LearningMark, learned: LearnedThresholds)?
    private var openedEncoder: (any PictureTextEncoder)?
    private var openedVocabulary: TagVocabulary?
    private var openedAnalyzer: Analyzer?

    package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - insistsOnPrecision: whether a precision that nothing here takes is refused.
    ///   - settled: which of these names were set for good, and how each is unset, by its setting.
    init(
        _ premises: Premises, encoder: String?, vocabulary: String?, tagger: String?, precision: String? = nil,
        insistsOnPrecision: Bool = false, settled: [String: String] = [:]
    ) {
        (self.premises, self.settled, self.insistsOnPrecision) = (premises, settled, insistsOnPrecision)
        (encoderName, vocabularyName, precisionName) = (encoder, vocabulary, precision)
        taggerFolder = tagger.map { URL(asTyped: $0) }
    }

    /// What it looks with, for people: a name, or the last part of a folder's.
    package nonisolated var encoderLabel: String { encoderName.map(Studio.plainName) ?? "redraw-encoder" }
    package nonisolated var vocabularyLabel: String { vocabularyName.map(Studio.plainName) ?? "redraw" }

    func library() throws -> Library { try premises.library() }

    func encoder() throws -> any PictureTextEncoder {
        if let openedEncoder { return openedEncoder }
        // Some folders hold no tokenizer: CLIP's own merges serve them.
        let precision = try EncoderPrecision(named: precisionName)
        let folder = try named("encoder", encoderFolder)
        try Self.requireMemory(for: folder)
        let encoder: any PictureTextEncoder
        if let folder {
            encoder = try named("encoder") {
                try openEncoder(directory: folder, merges: premises.merges, arithmetic: precision.arithmetic)
            }
        } else {
            encoder = try premises.defaultEncoder()
        }
        // What was set for good is for whatever takes it, and a tagger takes it.
        if insistsOnPrecision, taggerFolder == nil { try precision.check(encoder) }
        openedEncoder = encoder
        return encoder
    }

    /// What is to be said of the precision that was named, where the encoder computes in another; nil where it does not.
    package func precisionNote() throws -> String? {
        let precision = try EncoderPrecision(named: precisionName)
        guard precision == .bf16 || precision == .int8 else { return nil }
        let encoder = try encoder()
        guard precision.isForeign(to: encoder) else { return nil }
        let other = taggerFolder.map { "; \(Studio.plainName($0.path)) does in \(precision.rawValue)" } ?? ""
        return "\(encoder.name) computes in f32, whatever the precision\(other)"
    }

    /// What the default encoder takes with all that goes with it; others take what their weights do besides.
    private static let leastMemory = 160 << 20

    /// Refuses to look where memory would give out on the way, which nothing could be told of.
    private static func requireMemory(for encoder: URL?) throws {
        let names = encoder.flatMap { try? FileManager.default.contentsOfDirectory(atPath: $0.path) } ?? []
        let weights = names.filter { $0.hasSuffix(".safetensors") }.compactMap { name in
            encoder.flatMap { FileStamp(path: $0.appendingPathComponent(name).path)?.bytes }
        }
        let needed = leastMemory + weights.reduce(0, +)
        guard let available = Memory.available, available < needed else { return }
        throw StudioError.tooLittleMemory(needed: needed, available: available)
    }

    /// Nil: the default encoder's.
    private nonisolated func encoderFolder() throws -> URL? {
        guard let encoderName else { return nil }
        let catalog = premises.catalog()
        if let manifest = catalog.model(named: encoderName), manifest.kind == .encoder, let folder = catalog.directory(of: manifest) {
            return folder
        }
        let folder = URL(asTyped: encoderName)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw StudioError.unknownEncoder(name: encoderName, known: catalog.encoders.map(\.name))
        }
        return folder
    }

    /// Says of what is wrong with a name that it was set for good, where it was: nobody typed it just now.
    nonisolated func named<Value>(_ setting: String, _ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch {
            guard let remedy = settled[setting], !(error is CancellationError) else { throw error }
            throw StudioError.settledElsewhere(setting: setting, reason: "\(error)", remedy: remedy)
        }
    }

    /// What is missing of a name that was set for good; nil where it is there.
    package nonisolated func lacking(_ setting: String) -> String? {
        do {
            switch setting {
            case "encoder": _ = try encoderFolder()
            case "vocabulary": _ = try premises.installation.vocabulary(named: vocabularyName ?? "redraw")
            case "tagger":
                guard let folder = taggerFolder.map({ folder(ofTagger: $0) }), SystemPath.kind(of: folder.path) == nil else { return nil }
                return "there is no tagger \(taggerFolder?.lastPathComponent ?? ""); redraw models list lists those there are"
            default: break
            }
            return nil
        } catch {
            return "\(error)"
        }
    }

    func vocabulary() throws -> TagVocabulary {
        if let openedVocabulary { return openedVocabulary }
        let vocabulary = try named("vocabulary") {
            try TagVocabulary(contentsOf: try premises.installation.vocabulary(named: vocabularyName ?? "redraw"))
        }
        openedVocabulary = vocabulary
        return vocabulary
    }

    /// The analyzer, its vocabulary embedded: from the cache, or now, with `progress` told the share done, from 0 to 1.
    func analyzer(progress: (Double) -> Void) throws -> Analyzer {
        if let openedAnalyzer { return openedAnalyzer }
        let (encoder, vocabulary, catalog) = (try encoder().forAnalysis, try vocabulary(), premises.catalog())
        let index = try openIndex(progress: progress)
        let styles = try Analyst.styles(catalog, encoder, in: indexFolder, made: try embeddingsOfGenerations())
        let analyzer = Analyzer(
            encoder: encoder, vocabulary: vocabulary, index: index, catalog: catalog, styles: styles, memory: Memory.installed)
        openedAnalyzer = analyzer
        return analyzer
    }

    /// What stands open is opened again when it is next needed: a calibration changed.
    func closeAnalyzer() { openedAnalyzer = nil }

    nonisolated var indexFolder: URL { premises.installation.cache.appendingPathComponent("vocabularies") }

    /// The vocabulary as the encoder sees it, out of the cache or embedded now.
    func openIndex(progress: (Double) -> Void) throws -> VocabularyIndex {
        try Analyst.index(of: try vocabulary(), for: try encoder().forAnalysis, in: indexFolder, progress: progress)
    }

    private static func index(
        of vocabulary: TagVocabulary, for encoder: some PictureEncoder, in folder: URL, progress: (Double) -> Void
    ) throws -> VocabularyIndex {
        try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder]) { done, total in
            try Task.checkCancellation()
            progress(Double(done) / Double(max(total, 1)))
        }
    }

    private static func styles(
        _ catalog: ModelCatalog, _ encoder: some PictureEncoder, in folder: URL, made: [String: (mean: Embedding, count: Int)]
    ) throws -> StyleIndex {
        try StyleIndex(catalog: catalog, encoder: encoder, caches: [folder], made: made)
    }
}

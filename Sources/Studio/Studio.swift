import Analysis
import Catalog
import Diffusion
import Encoders
public import Foundation
import Screening
import Synchronization
import Vocabulary

/// The whole flow: look at a picture, keep what was said and decided, redraw it.
///
/// Everything heavy (weights, the vocabulary's embeddings, the library) is opened when it is first needed and kept for the next
/// picture. The actor's work runs on a queue of its own.
public actor Studio {
    public nonisolated let installation: Installation
    /// The folder of the library.
    public nonisolated let libraryFolder: URL
    private let encoderName: String?
    private let vocabularyName: String?
    nonisolated let taggerFolder: URL?
    private let executor = NumericExecutor()
    private let knownModels = Mutex<ModelCatalog?>(nil)

    var openedTagger: Tagger?
    var keptThresholds: (mark: LearningMark, learned: LearnedThresholds)?
    private var openedLibrary: Library?
    private var openedEncoder: (any PictureTextEncoder)?
    private var openedVocabulary: TagVocabulary?
    private var openedAnalyzer: Analyzer?
    private var openedPipeline: (model: URL, options: PipelineOptions, pipeline: Pipeline)?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - library: the library's folder; nil: the person's own.
    ///   - encoder: a name out of `Models/` or a folder; nil: the default encoder.
    ///   - tagger: the folder of a WD tagger that is asked besides; nil: none.
    ///   - vocabulary: a name out of `Vocab/`, a folder or a file; nil: the default vocabulary.
    public init(installation: Installation, library: URL? = nil, encoder: String? = nil, vocabulary: String? = nil, tagger: String? = nil) {
        self.installation = installation
        self.libraryFolder = library ?? installation.defaultLibrary
        self.encoderName = encoder
        self.vocabularyName = vocabulary
        self.taggerFolder = tagger.map { URL(asTyped: $0) }
    }

    /// The models that are known here; manifests are read again once one of them has changed. The shipped ones before the person's own.
    public nonisolated func catalog() -> ModelCatalog {
        knownModels.withLock { known in
            if let known, known.isCurrent { return known }
            let catalog = ModelCatalog(directories: [installation.models, installation.personalModels])
            known = catalog
            return catalog
        }
    }

    func library() throws -> Library {
        if let openedLibrary { return openedLibrary }
        let library = try Library.opened(in: libraryFolder)
        openedLibrary = library
        return library
    }

    func encoder() throws -> any PictureTextEncoder {
        if let openedEncoder { return openedEncoder }
        // Some folders hold no tokenizer: CLIP's own merges serve them.
        let encoder = try openEncoder(directory: try encoderFolder(), merges: merges)
        openedEncoder = encoder
        return encoder
    }

    /// The encoder that the small generator was made for, whichever one looks at pictures.
    func defaultEncoder() throws -> DefaultEncoder {
        if let own = try? encoder() as? DefaultEncoder { return own }
        return try DefaultEncoder(directory: defaultEncoderFolder)
    }

    private nonisolated var defaultEncoderFolder: URL { installation.models.appendingPathComponent("redraw-encoder") }

    private func encoderFolder() throws -> URL {
        guard let encoderName else { return defaultEncoderFolder }
        let catalog = catalog()
        if let manifest = catalog.model(named: encoderName), manifest.kind == .encoder, let folder = catalog.directory(of: manifest) {
            return folder
        }
        let folder = URL(asTyped: encoderName)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw StudioError.unknownEncoder(name: encoderName, known: catalog.encoders.map(\.name))
        }
        return folder
    }

    func vocabulary() throws -> TagVocabulary {
        if let openedVocabulary { return openedVocabulary }
        let vocabulary = try TagVocabulary(contentsOf: try installation.vocabulary(named: vocabularyName ?? "redraw"))
        openedVocabulary = vocabulary
        return vocabulary
    }

    /// The analyzer, its vocabulary embedded: from the cache, or now, with `progress` told the share done, from 0 to 1.
    func analyzer(progress: (Double) -> Void) throws -> Analyzer {
        if let openedAnalyzer { return openedAnalyzer }
        let (encoder, vocabulary, catalog) = (try encoder().forAnalysis, try vocabulary(), catalog())
        let index = try openIndex(progress: progress)
        let styles = try Studio.styles(catalog, encoder, in: indexFolder, made: try embeddingsOfGenerations())
        let analyzer = Analyzer(encoder: encoder, vocabulary: vocabulary, index: index, catalog: catalog, styles: styles)
        openedAnalyzer = analyzer
        return analyzer
    }

    /// What stands open is opened again when it is next needed: a calibration changed.
    func closeAnalyzer() { openedAnalyzer = nil }

    /// CLIP's tokenizer, for models that come as one file or without one.
    private nonisolated var merges: URL { installation.models.appendingPathComponent("clip-tokenizer/bpe_simple_vocab_16e6.txt") }

    nonisolated var indexFolder: URL { installation.cache.appendingPathComponent("vocabularies") }

    /// The vocabulary as the encoder sees it, out of the cache or embedded now.
    func openIndex(progress: (Double) -> Void) throws -> VocabularyIndex {
        try Studio.index(of: try vocabulary(), for: try encoder().forAnalysis, in: indexFolder, progress: progress)
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

    /// A model's folder or file, opened, with what the prompts call: LoRA files out of folders `loras` and textual inversions out
    /// of folders `embeddings`, in the model's folder, beside it, or among the person's own models. The last one used is kept.
    func open(_ model: URL, prompts: [String], precision: GenerationRequest.Precision) throws -> OpenedModel {
        let options = try PipelineOptions(
            prompts: prompts, folders: [model, model.deletingLastPathComponent(), installation.personalModels],
            merges: merges, precision: precision)
        if let openedPipeline, openedPipeline.model == model, openedPipeline.options == options { return .loaded(openedPipeline.pipeline) }
        // Two large models at once may be more than the memory holds.
        openedPipeline = nil
        return .onDisk(try PipelineSource(model: model, options: options), model, options)
    }

    /// The model's pipeline, its weights read unless they are there.
    func pipeline(_ opened: OpenedModel) throws -> Pipeline {
        switch opened {
        case .loaded(let pipeline): return pipeline
        case .onDisk(let source, let model, let options):
            let pipeline = try source.load { try defaultEncoder().textTower() }
            openedPipeline = (model, options, pipeline)
            return pipeline
        }
    }
}

/// A model that is to be used: the one that is there already, or one whose weights have yet to be read.
enum OpenedModel {
    case loaded(Pipeline)
    case onDisk(PipelineSource, URL, PipelineOptions)

    var outline: PipelineOutline {
        switch self {
        case .loaded(let pipeline): pipeline.outline
        case .onDisk(let source, _, _): source.outline
        }
    }

    /// What loading will take, in bytes.
    var bytesToLoad: Int {
        switch self {
        case .loaded: 0
        case .onDisk(let source, _, _): source.outline.weightMemory
        }
    }
}

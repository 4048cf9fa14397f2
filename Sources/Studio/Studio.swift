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
    private let executor = NumericExecutor()
    private let knownModels = Mutex<ModelCatalog?>(nil)

    private var openedLibrary: Library?
    private var openedEncoder: DefaultEncoder?
    private var openedVocabulary: TagVocabulary?
    private var openedAnalyzer: Analyzer?
    private var openedPipeline: (model: URL, options: PipelineOptions, pipeline: Pipeline)?

    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Parameters:
    ///   - library: the library's folder; nil: the person's own.
    ///   - encoder: a name out of `Models/` or a folder; nil: the default encoder.
    ///   - vocabulary: a name out of `Vocab/`, a folder or a file; nil: the default vocabulary.
    public init(installation: Installation, library: URL? = nil, encoder: String? = nil, vocabulary: String? = nil) {
        self.installation = installation
        self.libraryFolder = library ?? installation.defaultLibrary
        self.encoderName = encoder
        self.vocabularyName = vocabulary
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
        let library = try Library(folder: libraryFolder)
        openedLibrary = library
        return library
    }

    func encoder() throws -> DefaultEncoder {
        if let openedEncoder { return openedEncoder }
        let encoder = try DefaultEncoder(directory: try encoderFolder())
        openedEncoder = encoder
        return encoder
    }

    private func encoderFolder() throws -> URL {
        guard let encoderName else { return installation.models.appendingPathComponent("redraw-encoder") }
        let catalog = catalog()
        if let manifest = catalog.model(named: encoderName), manifest.kind == .encoder, let folder = catalog.directory(of: manifest) {
            return folder
        }
        let folder = URL(fileURLWithPath: encoderName)
        guard FileManager.default.fileExists(atPath: folder.path) else {
            throw StudioError.unknownEncoder(name: encoderName, known: catalog.encoders.map(\.name))
        }
        guard FileManager.default.fileExists(atPath: folder.appendingPathComponent("image.safetensors").path) else {
            throw StudioError.unsupported(
                what: "The encoder in \(encoderName)", instead: "this version loads encoders in the layout of Models/redraw-encoder")
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
        let (encoder, vocabulary) = (try encoder(), try vocabulary())
        let index = try VocabularyIndex(
            vocabulary: vocabulary, encoder: encoder, caches: [installation.cache.appendingPathComponent("vocabularies")]
        ) { done, total in
            try Task.checkCancellation()
            progress(Double(done) / Double(max(total, 1)))
        }
        let analyzer = Analyzer(encoder: encoder, vocabulary: vocabulary, index: index, catalog: catalog())
        openedAnalyzer = analyzer
        return analyzer
    }

    /// The pipeline of a model's folder or file, with what the prompts call: LoRA files out of folders `loras` and textual inversions out
    /// of folders `embeddings`, in the model's folder, beside it, or among the person's own models. The last one used is kept.
    func pipeline(at model: URL, prompts: [String], precision: GenerationRequest.Precision) throws -> Pipeline {
        let options = try PipelineOptions(
            prompts: prompts, folders: [model, model.deletingLastPathComponent(), installation.personalModels],
            merges: installation.models.appendingPathComponent("clip-tokenizer/bpe_simple_vocab_16e6.txt"), precision: precision)
        if let openedPipeline, openedPipeline.model == model, openedPipeline.options == options { return openedPipeline.pipeline }
        // Two large models at once may be more than the memory holds.
        openedPipeline = nil
        let pipeline = try Pipeline(model: model, options: options) { try encoder().textTower() }
        openedPipeline = (model, options, pipeline)
        return pipeline
    }
}

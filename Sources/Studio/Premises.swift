import Catalog
import Checkpoints
import Diffusion
import Encoders
import Foundation
import Screening
import Synchronization

/// What all use cases share: the installation, the library, what is known of models, the default encoder. Each is opened when it is first
/// needed and kept.
final class Premises: Sendable {
    let installation: Installation
    /// The folder of the library.
    let libraryFolder: URL
    private let knownModels = Mutex<ModelCatalog?>(nil)
    private let openedLibrary = Mutex<Library?>(nil)
    private let openedEncoder = Mutex<DefaultEncoder?>(nil)
    private let updating: @Sendable () -> Void
    /// By model.
    let meters = Mutex<[String: any PromptMeter]>([:])

    /// - Parameter updating: called before a large library of an earlier version is brought up to date.
    init(_ installation: Installation, libraryFolder: URL, updating: @escaping @Sendable () -> Void = {}) {
        (self.installation, self.libraryFolder, self.updating) = (installation, libraryFolder, updating)
    }

    /// The models that are known here; manifests are read again once one of them has changed. The shipped ones before the person's own.
    func catalog() -> ModelCatalog {
        knownModels.withLock { known in
            if let known, known.isCurrent { return known }
            let registered = registered
            let catalog = ModelCatalog(directories: [installation.models, installation.personalModels]) { registered.folders }
            known = catalog
            return catalog
        }
    }

    /// What lies elsewhere and was registered.
    var registered: RegisteredModels { RegisteredModels(folder: installation.personalModels) }

    /// The library, with jobs that were interrupted said to be so.
    func library() throws -> Library {
        try openedLibrary.withLock { opened in
            if let opened { return opened }
            let library = try Library.opened(in: libraryFolder, updating: updating)
            opened = library
            return library
        }
    }

    /// The encoder that the small generator was made for, whichever one looks at pictures.
    func defaultEncoder() throws -> DefaultEncoder {
        try openedEncoder.withLock { opened in
            if let opened { return opened }
            let encoder = try DefaultEncoder(directory: installation.models.appendingPathComponent("redraw-encoder"))
            opened = encoder
            return encoder
        }
    }

    /// How sure must be what a person names in a picture, by the default encoder; what is usual where that cannot be read.
    var naming: EncoderConfiguration.Judgement.Naming { (try? defaultEncoder())?.configuration.judgement.naming ?? .usual }

    /// CLIP's tokenizer, for models that come as one file or without one.
    var merges: URL { installation.models.appendingPathComponent("clip-tokenizer/bpe_simple_vocab_16e6.txt") }

    /// What is known of a generator: of an installed one by its name, of a folder by the manifest that lies in it.
    ///
    /// A folder whose manifest cannot be read is run like one without; `models list` tells what is wrong with those of the search path.
    func manifest(of name: String) -> Manifest? {
        catalog().model(named: name) ?? (try? Manifest(contentsOf: URL(asTyped: name).appendingPathComponent("manifest.json")))
    }

    /// How a model is usually run that no manifest describes.
    func habits(of name: String) -> ModelHabits? {
        manifest(of: name) == nil ? ModelHabits(model: registered.generator(named: name) ?? URL(asTyped: name)) : nil
    }

    /// The name and place of a generator: an installed one by its name, else a folder in diffusers' layout or a .safetensors file.
    func generator(_ name: String) throws -> (name: String, place: URL) {
        let catalog = catalog()
        guard let manifest = catalog.model(named: name) else {
            let link = registered.generator(named: name)
            let place = link ?? URL(asTyped: name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
                if let link { throw StudioError.noModel(path: link.path) }
                throw StudioError.unknownModel(name: name, known: catalog.generators.map(\.name) + registered.all().map(\.name))
            }
            if isFolder.boolValue {
                guard KnownModels.isModel(place) else { throw StudioError.noModel(path: place.path) }
                return (link == nil ? place.lastPathComponent : name, place)
            }
            guard place.pathExtension.lowercased() == "safetensors" else {
                // What it is instead, its content tells.
                throw SafetensorsFile.foreignKind(of: place) ?? StudioError.noModel(path: place.path) as any Error
            }
            return (link == nil ? place.deletingPathExtension().lastPathComponent : name, place)
        }
        guard manifest.kind == .generator else { throw StudioError.notAGenerator(name: name) }
        if let engine = manifest.engine { throw StudioError.runsElsewhere(name: name, engine: engine) }
        guard catalog.isInstalled(manifest), let directory = catalog.directory(of: manifest) else {
            throw StudioError.modelNotInstalled(name: name, howToGet: manifest.howToGet)
        }
        return (name, manifest.singleFile.map { directory.appendingPathComponent($0) } ?? directory)
    }
}

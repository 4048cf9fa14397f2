import Catalog
import Diffusion
import Foundation

/// Where the parts of a model come from that it does not bring itself.
extension Premises {
    /// What a wish names, else, where the model lacks it, an installed model of the same family.
    ///
    /// - Returns: absolute paths; nil for what is the model's own, or is nowhere.
    func parts(of place: URL, _ wish: GenerationWish) throws -> (vae: String?, textEncoders: [String]?) {
        var vae = try wish.vae.map { try part($0, on: .autoencoders) }
        var encoders = try wish.textEncoders?.map { try part($0, on: .textEncoders) }
        guard vae == nil || encoders == nil, place.pathExtension.lowercased() == "safetensors", let own = try? FileIdentity(file: place),
            own.runs, own.lacksAutoencoder || own.lacksTextEncoder, let family = own.family, let other = wholeModel(of: family)
        else { return (vae, encoders) }
        if vae == nil, own.lacksAutoencoder { vae = other.path }
        if encoders == nil, own.lacksTextEncoder { encoders = [other.path] }
        return (vae, encoders)
    }

    /// - Parameters:
    ///   - name: an installed or registered model's, a registered part's, or a path.
    ///   - shelf: where such parts are registered.
    private func part(_ name: String, on shelf: RegisteredModels.Shelf) throws -> String {
        let catalog = catalog()
        if let manifest = catalog.model(named: name) {
            guard catalog.isInstalled(manifest), let folder = catalog.directory(of: manifest) else {
                throw StudioError.modelNotInstalled(name: name, howToGet: manifest.howToGet)
            }
            return folder.path
        }
        let place = registered.place(of: name, on: shelf) ?? registered.generator(named: name) ?? URL(asTyped: name)
        guard FileManager.default.fileExists(atPath: place.path) else { throw StudioError.noFile(path: name) }
        return place.standardizedFileURL.path
    }

    /// The first of the models that are here that is of a family and lacks nothing.
    private func wholeModel(of family: String) -> URL? {
        let catalog = catalog()
        let installed = catalog.generators.filter(catalog.isInstalled).compactMap { catalog.directory(of: $0) }
        let linked = registered.all().filter { $0.shelf == .checkpoints && $0.isThere }.map { $0.target ?? $0.link }
        return (installed + linked).first { FileIdentity.family(ofWholeModel: $0) == family }
    }
}

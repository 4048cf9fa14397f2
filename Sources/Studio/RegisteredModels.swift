import Foundation
import Glibc

/// Models, LoRAs, textual inversions, and autoencoders and text encoders by themselves, that lie elsewhere on the machine and are used from
/// there: links in the folder of the person's own models, which may be made and taken away by hand as well.
struct RegisteredModels: Sendable {
    enum Shelf: String, CaseIterable {
        case checkpoints, loras, embeddings
        case autoencoders = "vae"
        case textEncoders = "text_encoders"

        /// What a model list calls what lies there.
        var kind: String {
            switch self {
            case .checkpoints: "generator"
            case .loras: "LoRA"
            case .embeddings: "textual inversion"
            case .autoencoders: "autoencoder"
            case .textEncoders: "text encoder"
            }
        }
    }

    struct Entry: Sendable, Equatable {
        let name: String
        let shelf: Shelf
        let link: URL
        /// Where it lies; nil where it is no link.
        let target: URL?
        /// Whether it is still there.
        var isThere: Bool { FileManager.default.fileExists(atPath: link.path) }
    }

    /// The person's own models.
    let folder: URL

    func all() -> [Entry] {
        Shelf.allCases.flatMap { shelf in
            let place = folder.appendingPathComponent(shelf.rawValue)
            let names = (try? FileManager.default.contentsOfDirectory(atPath: place.path)) ?? []
            return names.filter { !$0.hasPrefix(".") }.sorted().map { entry(place.appendingPathComponent($0), shelf) }
        }
    }

    private func entry(_ link: URL, _ shelf: Shelf) -> Entry {
        let isFile = link.pathExtension.lowercased() == "safetensors"
        let target = (try? FileManager.default.destinationOfSymbolicLink(atPath: link.path)).map { path in
            path.hasPrefix("/") ? URL(fileURLWithPath: path) : link.deletingLastPathComponent().appendingPathComponent(path)
        }
        return Entry(
            name: isFile ? link.deletingPathExtension().lastPathComponent : link.lastPathComponent, shelf: shelf, link: link, target: target
        )
    }

    /// Where the files lie that were registered.
    var folders: [URL] {
        var seen: Set<String> = []
        return all().compactMap { $0.target?.deletingLastPathComponent() }.filter { seen.insert($0.path).inserted }
    }

    /// A generator's file or folder; nil where none of that name is registered.
    func generator(named name: String) -> URL? { place(of: name, on: .checkpoints) }

    /// Where a registered file or folder lies; nil where none of that name is on the shelf.
    func place(of name: String, on shelf: Shelf) -> URL? {
        guard !name.contains("/"), !name.isEmpty else { return nil }
        guard let entry = all().first(where: { $0.shelf == shelf && $0.name == name }) else { return nil }
        // A single file's own name may tell how it is run.
        return entry.target ?? entry.link
    }

    /// - Returns: whether it is new; false where that very file was registered under the name before.
    /// - Throws: `StudioError.modelNameTaken` where another one has the name.
    func add(_ file: URL, to shelf: Shelf, as name: String) throws -> Bool {
        let place = folder.appendingPathComponent(shelf.rawValue)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let ending = file.pathExtension.lowercased() == "safetensors" ? ".safetensors" : ""
        let link = place.appendingPathComponent(name + ending)
        let target = file.standardizedFileURL
        if let known = all().first(where: { $0.shelf == shelf && $0.name == name }) {
            guard known.target?.standardizedFileURL.path == target.path else {
                throw StudioError.modelNameTaken(name: name, by: known.target?.path ?? known.link.path)
            }
            return false
        }
        try FileManager.default.createSymbolicLink(at: link, withDestinationURL: target)
        return true
    }

    /// Takes a link away; the file it leads to stays.
    ///
    /// - Throws: `StudioError.notRegistered` where there is none of that name, or where what is there is no link but the file itself.
    func remove(_ name: String) throws -> Entry {
        let entries = all()
        guard let entry = entries.first(where: { $0.name == name }) else {
            throw StudioError.notRegistered(name: name, known: entries.map(\.name))
        }
        guard entry.target != nil else { throw StudioError.isNoLink(path: entry.link.path) }
        guard unlink(entry.link.path) == 0 else {
            throw StudioError.unwritableOutput(path: entry.link.path, reason: String(cString: strerror(errno)))
        }
        return entry
    }
}

import Catalog
import Diffusion
import Engines
import Foundation
import Glibc

extension Studio {
    /// What a file of weights is, by its tensors' names and metadata.
    ///
    /// - Parameters:
    ///   - digests: whether all of it is read, for the digests.
    ///   - progress: told the share that was read for them.
    /// - Throws: `StudioError.noPicture` where there is no such file; `CheckpointError` where it is damaged.
    package func identify(
        _ path: String, digests: Bool = true, progress: @escaping @Sendable (Double) -> Void = { _ in }
    ) async throws -> IdentityReport {
        let url = URL(asTyped: path)
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { throw StudioError.noFile(path: path) }
        guard !isFolder.boolValue else { throw StudioError.isModelFolder(path: path) }
        return try await NumericQueue.shared.run {
            let identity = try FileIdentity(file: url)
            let made =
                try digests
                ? FileDigests.make(of: url) { share in
                    try Task.checkCancellation()
                    progress(share)
                } : nil
            let bytes = (try? FileManager.default.attributesOfItem(atPath: url.resolvingSymlinksInPath().path)[.size] as? Int) ?? 0
            return IdentityReport(identity, path: path, bytes: bytes, digests: made)
        }
    }

    /// Registers a file of weights, a folder in diffusers' layout, or all that lies in a folder: a tree of ComfyUI's or the web UI's, a hub's
    /// cache. Nothing is copied; what a file is, it tells itself, wherever it lies.
    ///
    /// - Parameters:
    ///   - name: for a single file or model; nil: the file's own.
    ///   - onOutcome: told of each as it was looked at.
    /// - Returns: what became of each, in the order of their paths.
    package func addModels(
        at path: String, as name: String? = nil, onOutcome: @escaping @Sendable (RegistrationReport) -> Void = { _ in }
    ) async throws -> [RegistrationReport] {
        let place = URL(asTyped: path).standardizedFileURL
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else { throw StudioError.noFile(path: path) }
        if let name { try Self.check(name) }
        let isTree = isFolder.boolValue
        return try await NumericQueue.shared.run { [self] in
            let found = isTree ? ModelWalk(folder: place).found() : [.file(place)]
            if name != nil, found.count != 1 { throw StudioError.oneNameForMany(name: name ?? "", count: found.count) }
            return try found.map { entry in
                try Task.checkCancellation()
                let report = registered(entry, as: name)
                onOutcome(report)
                return report
            }
        }
    }

    private static func check(_ name: String) throws(StudioError) {
        let isPlain = !name.isEmpty && name.count <= 120 && !name.hasPrefix(".") && !name.contains { "/\\:<>".contains($0) || $0.isNewline }
        guard isPlain else { throw .notAModelName(name) }
    }

    private func registered(_ found: ModelWalk.Found, as name: String?) -> RegistrationReport {
        func report(_ state: String, _ name: String?, _ what: String, _ use: String) -> RegistrationReport {
            RegistrationReport(name: name, path: found.url.path, state: state, what: what, use: use)
        }
        do {
            let (shelf, what, use): (RegisteredModels.Shelf, String, (String) -> String)
            switch found {
            case .folder:
                (shelf, what) = (.checkpoints, "a folder in diffusers' layout")
                use = { "--model \(ShellWord.quoted($0))" }
            case .file(let url):
                let identity = try FileIdentity(file: url)
                let told = [identity.kind.rawValue, identity.family].compactMap { $0 }.joined(separator: ", ")
                switch identity.kind {
                case .checkpoint where identity.runs:
                    (shelf, use) = (.checkpoints, { "--model \(ShellWord.quoted($0))" })
                case .network where identity.runs:
                    (shelf, use) = (.checkpoints, { "--model \(ShellWord.quoted($0)); \(identity.use)" })
                case .lora where identity.runs:
                    (shelf, use) = (.loras, { "in the prompt: <lora:\($0):0.8>" })
                case .embedding where identity.runs:
                    (shelf, use) = (.embeddings, { "in the prompt: \($0)" })
                case .autoencoder where identity.runs:
                    (shelf, use) = (.autoencoders, { "--vae \(ShellWord.quoted($0))" })
                case .textEncoder where identity.runs:
                    (shelf, use) = (.textEncoders, { "--text-encoder \(ShellWord.quoted($0))" })
                default: return report("passed over", nil, told, identity.use)
                }
                what = told
            }
            let own = name ?? found.name
            try Self.check(own)
            if ![.loras, .embeddings].contains(shelf), premises.catalog().model(named: own) != nil {
                throw StudioError.modelNameTaken(name: own, by: "a model that is known here")
            }
            let isNew = try premises.registered.add(found.url, to: shelf, as: own)
            return report(isNew ? "added" : "known", own, what, use(own))
        } catch {
            return report("passed over", nil, "unknown", "\(error)")
        }
    }

    /// Takes a registered model off the list; its file stays where it is.
    ///
    /// - Returns: the file.
    package func removeModel(_ name: String) throws -> String {
        let entry = try premises.registered.remove(name)
        return entry.target?.path ?? entry.link.path
    }

    /// What was registered.
    package func registeredModels() -> [ModelEntry] {
        premises.registered.all().map { entry in
            let place = entry.target ?? entry.link
            let isFolder = place.pathExtension.lowercased() != "safetensors"
            let identity = isFolder ? nil : try? FileIdentity(file: place)
            let bytes = try? FileManager.default.attributesOfItem(atPath: place.resolvingSymlinksInPath().path)[.size] as? Int
            return ModelEntry(
                name: entry.name, title: identity?.title ?? entry.name, kind: entry.shelf.kind, family: identity?.family ?? "", license: "",
                source: place.path, description: entry.isThere ? "" : "it is not there any more", installed: entry.isThere,
                bytes: isFolder ? nil : bytes ?? nil, folder: place.path)
        }
    }
}

/// What can be registered below a folder.
struct ModelWalk {
    enum Found: Equatable {
        case file(URL)
        /// A whole model in diffusers' layout.
        case folder(URL)

        var url: URL {
            switch self {
            case .file(let url), .folder(let url): url
            }
        }

        /// A hub's cache has a model's name two folders above: `models--owner--name/snapshots/1a2b…`.
        var name: String {
            guard case .folder(let url) = self else { return url.deletingPathExtension().lastPathComponent }
            let parts = url.pathComponents
            if parts.count > 3, parts[parts.count - 2] == "snapshots", parts[parts.count - 3].hasPrefix("models--") {
                return String(parts[parts.count - 3].dropFirst("models--".count)).replacing("--", with: "-")
            }
            return url.lastPathComponent
        }
    }

    let folder: URL
    private static let deepest = 12
    private static let most = 100_000

    /// All files of weights that lie there, also those within models; the place itself where it is a file.
    func weights() -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isFolder), isFolder.boolValue else { return [folder] }
        return found().flatMap { found -> [URL] in
            switch found {
            case .file(let url): [url]
            case .folder(let url):
                FileManager.default.enumerator(at: url, includingPropertiesForKeys: nil)?.compactMap { $0 as? URL }.filter {
                    $0.pathExtension.lowercased() == "safetensors"
                }.sorted { $0.path < $1.path } ?? []
            }
        }
    }

    func found() -> [Found] {
        var found: [Found] = []
        var seen: Set<String> = []
        walk(folder, depth: 0, &found, &seen)
        return found
    }

    private func walk(_ folder: URL, depth: Int, _ found: inout [Found], _ seen: inout Set<String>) {
        // Links in a ring lead nowhere.
        guard depth < Self.deepest, found.count < Self.most, seen.insert(folder.resolvingSymlinksInPath().path).inserted else { return }
        func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path) }
        if isThere("model_index.json"), KnownModels.isModel(folder) {
            found.append(.folder(folder))
            return
        }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        for name in names.sorted() where !name.hasPrefix(".") {
            let url = folder.appendingPathComponent(name)
            var isFolder: ObjCBool = false
            guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) else { continue }
            if isFolder.boolValue {
                walk(url, depth: depth + 1, &found, &seen)
            } else if ["safetensors", "ckpt", "pt", "pth", "bin", "gguf"].contains(url.pathExtension.lowercased()) {
                found.append(.file(url))
            }
        }
    }
}

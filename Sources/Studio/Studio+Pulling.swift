import Catalog
import Diffusion
import Engines
import Foundation

/// How models are fetched.
package struct PullOptions: Sendable {
    /// Of the hub's repository.
    package var revision = "main"
    /// Where the hub answers.
    package var endpoint: URL
    package var token: String?
    package var isOffline = false
    /// What a single file, or a model in parts, is to be called; nil: its own name.
    package var name: String?
    /// Whether a file that is there already, and is another one, is replaced.
    package var overwrites = false
    /// Asked before anything is fetched whose licence has to be accepted; nil where there is nobody to ask.
    package var acceptsLicense: @Sendable (LicenseQuestion) async throws -> Bool? = { _ in nil }

    /// `HF_ENDPOINT`, `HF_TOKEN` and `HF_HUB_OFFLINE`, as the hub's own tools read them.
    package init(environment: [String: String] = ProcessInfo.processInfo.environment) {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        endpoint = value("HF_ENDPOINT").flatMap { URL(string: $0) } ?? PullOptions.hub
        token = value("HF_TOKEN")
        isOffline = ["1", "true", "yes", "on"].contains(value("HF_HUB_OFFLINE")?.lowercased() ?? "")
    }

    /// Where models are looked for unless somebody says otherwise.
    private static let hub = URL(string: "https://huggingface.co")!

    /// The token, for what lies with the hub that it is for; nil for all other addresses.
    func token(for url: URL) -> String? { Self.origin(url) == Self.origin(endpoint) ? token : nil }

    private static func origin(_ url: URL) -> [String?] {
        let scheme = url.scheme?.lowercased()
        return [scheme, url.host?.lowercased(), "\(url.port ?? (scheme == "https" ? 443 : 80))"]
    }
}

/// What a person has to agree to before a model is fetched.
package struct LicenseQuestion: Sendable {
    package let model: String
    package let license: String
    /// Where it can be read.
    package let terms: String?
}

/// What is told while a model is fetched.
package enum PullEvent: Sendable {
    /// What will come, and under which terms as far as they are known.
    case planned(name: String, files: Int, bytes: Int?, license: String?)
    case progress(file: String, bytes: Int, total: Int?, secondsLeft: Double?)
}

extension Studio {
    /// Fetches a model: a known one by its name, a hub's `OWNER/NAME` or `OWNER/NAME:FILE`, or the address of a file.
    ///
    /// Files come under their names when they are whole and their digests right; what was broken off goes on where it stood. Each repository
    /// and each host has its own folder, and no file is written over unless `options` say so.
    /// - Throws: `PullError`, `DownloadError`.
    package func pull(
        _ what: String, _ options: PullOptions, onEvent: @escaping @Sendable (PullEvent) -> Void = { _ in }
    ) async throws -> PullReport {
        if options.isOffline { return try standing(what) }
        if what.hasPrefix("http://") || what.hasPrefix("https://") {
            guard let url = URL(string: what), let host = url.host, !host.isEmpty, url.path.lowercased().hasSuffix(".safetensors") else {
                throw PullError.notWeights(name: what)
            }
            let path = url.pathComponents.filter { $0 != "/" }.joined(separator: "/")
            guard HubListing.isSafe(path), !host.hasPrefix("."), !host.contains("/") else { throw PullError.notWeights(name: what) }
            let folder = pulled.appendingPathComponent(host + (url.port.map { "-\($0)" } ?? ""))
            let place = folder.appendingPathComponent(path)
            // Nobody tells its digest, and a name is no proof.
            guard options.overwrites || !OutputPlaces.isTaken(place) else { throw PullError.isThere(path: place.path) }
            return try await fetch(
                [.init(path: path, bytes: nil, sha256: nil)], from: { _ in url }, into: folder, options.name, options, onEvent)
        }
        if let manifest = premises.catalog().model(named: what) {
            if let engine = manifest.engine { throw PullError.runsElsewhere(name: what, engine: engine, source: manifest.source) }
            guard let repository = manifest.repository else { throw PullError.noRepository(name: what, source: manifest.source) }
            return try await pull(manifest, from: repository, options, onEvent)
        }
        let parts = what.split(separator: ":", maxSplits: 1).map(String.init)
        let names = parts[0].split(separator: "/", omittingEmptySubsequences: false)
        guard names.count == 2, names.allSatisfy({ !$0.isEmpty && !$0.hasPrefix(".") }) else { throw PullError.notAName(what) }
        let repository = parts[0]
        let folder = pulled.appendingPathComponent(Self.folderName(of: repository, options))
        switch try await listing(of: repository, options).needed(parts.count > 1 ? parts[1] : nil, in: repository) {
        case .file(let file):
            return try await fetch(
                [file], from: { Self.resolved($0, repository, options) }, into: folder, options.name, options, onEvent)
        case .folder(let files):
            return try await fetch(
                files, from: { Self.resolved($0, repository, options) }, into: folder, options.name ?? String(names[1]), isFolder: true,
                options, onEvent)
        }
    }

    /// Bytes of a file that is sooner fetched again than believed.
    private static let small = 1 << 20

    /// Where what was pulled lies.
    private var pulled: URL { installation.personalModels.appendingPathComponent("pulled") }

    /// Of a repository in one of its states.
    private static func folderName(of repository: String, _ options: PullOptions) -> String {
        let state = options.revision == "main" ? "" : "@" + options.revision
        return (repository + state).replacing("/", with: "--")
    }

    private static func resolved(_ path: String, _ repository: String, _ options: PullOptions) -> URL {
        options.endpoint.appendingPathComponent(repository).appendingPathComponent("resolve").appendingPathComponent(options.revision)
            .appendingPathComponent(path)
    }

    private func pull(
        _ manifest: Manifest, from repository: String, _ options: PullOptions, _ onEvent: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> PullReport {
        // The manifest's own figures go before the hub's.
        let files = manifest.files.map { HubListing.File(path: $0.path, bytes: $0.bytes, sha256: $0.sha256) }
        guard !files.isEmpty else { throw PullError.noRepository(name: manifest.name, source: manifest.source) }
        let folder = installation.personalModels.appendingPathComponent(manifest.name)
        onEvent(.planned(name: manifest.name, files: files.count, bytes: Self.sum(files), license: manifest.license))
        if manifest.acceptLicense {
            let question = LicenseQuestion(model: manifest.title, license: manifest.license, terms: manifest.terms)
            switch try await options.acceptsLicense(question) {
            case true?: break
            case false?: throw PullError.licenseDeclined(name: manifest.name)
            case nil: throw PullError.licenseNotAccepted(name: manifest.name, license: manifest.license, terms: manifest.terms)
            }
        }
        if manifest.kind == .adapter {
            let folder = pulled.appendingPathComponent(Self.folderName(of: repository, options))
            let bytes = try await fetch(files, from: { Self.resolved($0, repository, options) }, into: folder, options, onEvent)
            let made = try await addModels(at: folder.appendingPathComponent(files[0].path).path, as: options.name ?? manifest.name)
            guard let report = made.first else { throw PullError.noModel(repository: repository) }
            return PullReport(
                name: report.name ?? manifest.name, files: files.map(\.path), bytes: bytes, what: report.what, use: report.use)
        }
        let bytes = try await fetch(files, from: { Self.resolved($0, repository, options) }, into: folder, options, onEvent)
        return PullReport(
            name: manifest.name, files: files.map(\.path), bytes: bytes, what: "\(manifest.kind.rawValue), \(manifest.family)",
            use: use(of: manifest))
    }

    /// What pulling comes to where nothing may be fetched: of a known model that is here.
    private func standing(_ what: String) throws -> PullReport {
        let catalog = premises.catalog()
        guard let manifest = catalog.model(named: what), manifest.engine == nil, manifest.kind != .adapter else {
            throw PullError.offline(name: what, missing: [])
        }
        guard catalog.isInstalled(manifest) else {
            let folder = installation.personalModels.appendingPathComponent(manifest.name)
            let missing = manifest.files.map(\.path).filter {
                !FileManager.default.fileExists(atPath: folder.appendingPathComponent($0).path)
            }
            throw PullError.offline(name: manifest.name, missing: missing)
        }
        return PullReport(
            name: manifest.name, files: manifest.files.map(\.path), bytes: 0, what: "\(manifest.kind.rawValue), \(manifest.family)",
            use: use(of: manifest))
    }

    private func use(of manifest: Manifest) -> String {
        switch manifest.kind {
        case .generator: "--model \(manifest.name)"
        case .encoder: "--encoder \(manifest.name)"
        case .tagger: "--tagger \(manifest.name)"
        case .adapter: "<lora:\(manifest.name):1>"
        }
    }

    private static func sum(_ files: [HubListing.File]) -> Int? {
        files.reduce(Int?(0)) { sum, file in
            guard let sum, let bytes = file.bytes else { return nil }
            let (more, isTooMuch) = sum.addingReportingOverflow(bytes)
            return isTooMuch ? nil : more
        }
    }

    private func listing(of repository: String, _ options: PullOptions) async throws -> HubListing {
        let place = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-list-\(UUID().uuidString).json")
        defer { try? FileManager.default.removeItem(at: place) }
        var parts = URLComponents(
            url: options.endpoint.appendingPathComponent("api/models/\(repository)/tree/\(options.revision)"),
            resolvingAgainstBaseURL: false)
        parts?.queryItems = [URLQueryItem(name: "recursive", value: "true")]
        guard let url = parts?.url else { throw PullError.notAName(repository) }
        try await FileDownload(from: url, to: place, token: options.token(for: url)).run(digest: { _ in "" })
        do {
            return try HubListing(json: Data(contentsOf: place))
        } catch {
            throw PullError.unreadableListing(repository: repository)
        }
    }

    /// Fetches the files of one model and registers it.
    ///
    /// - Parameters:
    ///   - name: what it is to be called; nil: as the single file is.
    ///   - isFolder: whether the files are a model in diffusers' layout.
    private func fetch(
        _ files: [HubListing.File], from source: @escaping @Sendable (String) -> URL, into folder: URL, _ name: String?,
        isFolder: Bool = false, _ options: PullOptions,
        _ onEvent: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> PullReport {
        let first = files[0].path.split(separator: "/").last.map(String.init) ?? files[0].path
        onEvent(.planned(name: name ?? first, files: files.count, bytes: Self.sum(files), license: nil))
        let bytes = try await fetch(files, from: source, into: folder, options, onEvent)
        let place = isFolder ? folder : folder.appendingPathComponent(files[0].path)
        let made = try await addModels(at: place.path, as: name)
        guard let report = made.first else { throw PullError.noModel(repository: first) }
        return PullReport(name: report.name ?? first, files: files.map(\.path), bytes: bytes, what: report.what, use: report.use)
    }

    /// - Returns: bytes of all files.
    private func fetch(
        _ files: [HubListing.File], from source: @escaping @Sendable (String) -> URL, into folder: URL, _ options: PullOptions,
        _ onEvent: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> Int {
        try await withThrowingTaskGroup(of: Int.self) { group in
            var (next, bytes) = (0, 0)
            func add() {
                guard next < files.count else { return }
                let file = files[next]
                next += 1
                group.addTask { try await self.fetch(file, from: source(file.path), into: folder, options, onEvent) }
            }
            // Several at once: hubs give each connection its share.
            for _ in 0..<3 { add() }
            while let done = try await group.next() {
                bytes += done
                add()
            }
            return bytes
        }
    }

    private func fetch(
        _ file: HubListing.File, from source: URL, into folder: URL, _ options: PullOptions,
        _ onEvent: @escaping @Sendable (PullEvent) -> Void
    ) async throws -> Int {
        let place = folder.appendingPathComponent(file.path)
        func size() -> Int? { try? FileManager.default.attributesOfItem(atPath: place.path)[.size] as? Int }
        if let here = size() {
            let isOfSize = file.bytes.map { $0 == here } ?? true
            let isRight = try isOfSize && file.sha256.map { try FileDigests.make(of: place).sha256 == $0 } ?? true
            if isRight, file.sha256 != nil { return here }
            if !options.overwrites {
                guard isRight else { throw PullError.isThere(path: place.path) }
                // Of small files hubs tell no digest; they come again and are compared.
                if here > Self.small { return here }
            }
        }
        try await FileDownload(
            from: source, to: place, token: options.token(for: source), sha256: file.sha256, bytes: file.bytes, replaces: options.overwrites
        ).run {
            try FileDigests.make(of: $0).sha256
        } onProgress: {
            onEvent(.progress(file: file.path, bytes: $0.bytes, total: $0.total, secondsLeft: $0.secondsLeft))
        }
        return size() ?? 0
    }
}

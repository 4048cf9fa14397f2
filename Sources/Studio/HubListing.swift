import Diffusion
import Foundation

/// What a model hub lists of a repository, and which of it is needed.
package struct HubListing: Sendable {
    /// A file of the repository, its path from there.
    package struct File: Sendable, Equatable {
        let path: String
        let bytes: Int?
        /// Hubs tell it of large files only.
        let sha256: String?
    }

    let files: [File]

    /// The answer of the hub's tree.
    package init(json: Data) throws {
        struct Entry: Decodable {
            struct Large: Decodable {
                let oid: String?
                let size: Int?
            }
            let type: String
            let path: String
            let size: Int?
            let lfs: Large?
        }
        var all = 0
        files = try JSONDecoder().decode([Entry].self, from: json).filter { $0.type == "file" && Self.isSafe($0.path) }.map { entry in
            let bytes = entry.lfs?.size ?? entry.size
            guard (0...Self.largest - all).contains(bytes ?? 0) else { throw NoSize(path: entry.path, bytes: bytes ?? 0) }
            all += bytes ?? 0
            let digest = entry.lfs?.oid.map { $0.hasPrefix("sha256:") ? String($0.dropFirst(7)) : $0 }
            return File(
                path: entry.path, bytes: bytes,
                sha256: digest.flatMap { $0.count == 64 && $0.allSatisfy(\.isHexDigit) ? $0.lowercased() : nil })
        }
    }

    init(files: [File]) { self.files = files }

    /// More than any repository has: a petabyte.
    private static let largest = 1 << 50

    /// A size that no file has, or that none has beside the others.
    struct NoSize: Error {
        let path: String
        let bytes: Int
    }

    /// A path that stays within its folder.
    static func isSafe(_ path: String) -> Bool {
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        return !path.contains("\\") && !parts.contains { $0.isEmpty || $0 == "." || $0 == ".." }
    }

    /// What is downloaded of it.
    package enum Choice: Equatable {
        /// A model in diffusers' layout: these files of it.
        case folder([File])
        case file(File)
    }

    /// What of the repository makes one model: never a pickle, never a second copy in another precision.
    ///
    /// - Parameter name: the file that was asked for; nil: told by what there is.
    /// - Throws: `PullError` where it is no model, or where there are several.
    package func needed(_ name: String?, in repository: String) throws(PullError) -> Choice {
        let weights = files.filter { $0.path.lowercased().hasSuffix(".safetensors") }
        if let name {
            guard let file = files.first(where: { $0.path == name }) else {
                throw .noFile(name: name, repository: repository, known: weights.map(\.path))
            }
            guard file.path.lowercased().hasSuffix(".safetensors") else { throw .notWeights(name: name) }
            return .file(file)
        }
        if files.contains(where: { $0.path == "model_index.json" }) { return .folder(try layout(weights, repository)) }
        let whole = weights.filter { !$0.path.contains("/") }
        guard let only = whole.first else { throw .noModel(repository: repository) }
        guard whole.count == 1 else { throw .several(repository: repository, files: whole.map(\.path)) }
        return .file(only)
    }

    private static let parts = KnownModels.parts
    private static let small = ["scheduler", "tokenizer", "tokenizer_2"]

    private func layout(_ weights: [File], _ repository: String) throws(PullError) -> [File] {
        var chosen = files.filter { file in
            let parts = file.path.split(separator: "/")
            guard parts.count == 2 else { return file.path == "model_index.json" }
            let (folder, name) = (String(parts[0]), parts[1].lowercased())
            if Self.small.contains(folder) { return [".json", ".txt", ".model"].contains { name.hasSuffix($0) } }
            return Self.parts.contains(folder) && name == "config.json"
        }
        for part in Self.parts where chosen.contains(where: { $0.path == part + "/config.json" }) {
            let own = weights.filter { $0.path.hasPrefix(part + "/") }
            // Half precision where there is a choice: it is held so anyway.
            let halves = own.filter { $0.path.contains(".fp16") }
            let plain = own.filter { !$0.path.contains(".fp16") && !$0.path.contains("non_ema") && !$0.path.contains(".bf16") }
            let taken = halves.isEmpty ? plain : halves
            guard !taken.isEmpty else { throw .noWeights(part: part, repository: repository) }
            // A whole file beside its own shards is the same once more.
            let shards = taken.filter { $0.path.contains("-of-") }
            let ones = taken.filter { !$0.path.contains("-of-") }
            chosen += ones.isEmpty ? shards : [ones[0]]
            if ones.isEmpty {
                chosen += files.filter { file in
                    file.path.hasPrefix(part + "/") && file.path.hasSuffix(".index.json") && file.path.contains(".fp16") != halves.isEmpty
                        && file.path.contains("safetensors")
                }
            }
        }
        return chosen
    }
}

/// Why a model could not be pulled, the fetching itself apart.
package enum PullError: Error, Equatable, CustomStringConvertible {
    /// What is missing of a known model; nothing where that is known to the hub alone.
    case offline(name: String, missing: [String])
    case notAName(String)
    case noRepository(name: String, source: String)
    case runsElsewhere(name: String, engine: String, source: String)
    /// Nobody was there to be asked.
    case licenseNotAccepted(name: String, license: String, terms: String?)
    /// The person said no.
    case licenseDeclined(name: String)
    case noFile(name: String, repository: String, known: [String])
    case notWeights(name: String)
    case noModel(repository: String)
    case noWeights(part: String, repository: String)
    case several(repository: String, files: [String])
    case unreadableListing(repository: String)
    case isThere(path: String)

    package var description: String {
        switch self {
        case .offline(let name, let missing):
            missing.isEmpty
                ? "nothing is fetched: --offline, or HF_HUB_OFFLINE, says so"
                : "\(name) lacks \(missing.prefix(4).joined(separator: ", "))"
                    + (missing.count > 4 ? " and \(missing.count - 4) more of its files" : "")
                    + "; nothing is fetched, as --offline, or HF_HUB_OFFLINE, says"
        case .notAName(let name): "\(name) is neither a known model, nor OWNER/NAME of a hub, nor an address; see redraw models list"
        case .noRepository(let name, let source): "\(name) is not to be had from a hub: \(source)"
        case .runsElsewhere(let name, let engine, let source):
            "\(name) is not fetched, for Redraw does not run it: get it for \(engine) (\(source)), and name that one's address with --engine"
        case .licenseNotAccepted(let name, let license, let terms):
            "\(name) comes under \(license)\(terms.map { " (\($0))" } ?? ""); read it, then add --accept-licence"
        case .licenseDeclined(let name): "nothing was fetched of \(name), as you did not agree to its licence"
        case .noFile(let name, let repository, let known):
            "\(repository) has no file \(name)" + (known.isEmpty ? "" : "; it has \(known.prefix(8).joined(separator: ", "))")
        case .notWeights(let name): "\(name) is no .safetensors file; pickles and other formats are not read"
        case .noModel(let repository): "\(repository) holds no model that is read here: neither model_index.json nor a .safetensors file"
        case .noWeights(let part, let repository): "\(repository) has no .safetensors file for its \(part); pickles are not read"
        case .several(let repository, let files):
            "\(repository) holds several models; name one: "
                + files.prefix(8).map { "\(repository):\($0)" }.joined(separator: ", ") + (files.count > 8 ? ", …" : "")
        case .unreadableListing(let repository): "the hub's list of \(repository) cannot be read"
        case .isThere(let path):
            "\(path) is there already, and may be another file; add --overwrite to replace it, or use it as it is: redraw models add \(ShellWord.path(path))"
        }
    }
}

import Digests
import Foundation

/// The models that are known, and which of them are here.
///
/// Each directory of the search path holds a folder a model with a `manifest.json` in it. Where two manifests have one name, that of the
/// directory named first counts; the model's files may lie in its folder under any of the directories.
package struct ModelCatalog: Sendable {
    package let directories: [URL]
    /// In the order of the search path, then by name.
    package let all: [Manifest]
    /// Manifests that could not be read.
    package let problems: [ManifestError]
    private let homes: [String: URL]
    private let marks: [Mark]
    private let elsewhere: @Sendable () -> [URL]

    /// - Parameter elsewhere: folders with files of weights that a person keeps at other places; a model that is one file may be one of them.
    package init(directories: [URL], elsewhere: @escaping @Sendable () -> [URL] = { [] }) {
        self.elsewhere = elsewhere
        // Taken first: what changes while manifests are read makes the catalog out of date, not wrong for good.
        marks = Self.marks(of: directories)
        var all: [Manifest] = []
        var problems: [ManifestError] = []
        var homes: [String: URL] = [:]
        for directory in directories {
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
            for name in names.sorted() {
                let folder = directory.appendingPathComponent(name)
                let file = folder.appendingPathComponent("manifest.json")
                guard FileManager.default.fileExists(atPath: file.path) else { continue }
                do throws(ManifestError) {
                    let manifest = try Manifest(contentsOf: file)
                    guard manifest.name == name else {
                        throw ManifestError.otherFolder(path: file.path, name: manifest.name, folder: name)
                    }
                    guard homes[name] == nil else { continue }
                    homes[name] = folder
                    all.append(manifest)
                } catch {
                    problems.append(error)
                }
            }
        }
        self.directories = directories
        self.all = all
        self.problems = problems
        self.homes = homes
    }

    /// Whether the manifests on disk are still those that were read: none came, went or was written to since.
    package var isCurrent: Bool { marks == Self.marks(of: directories) }

    /// A manifest file as it looks from outside.
    private struct Mark: Equatable {
        let path: String
        let bytes: Int?
        let modified: Date?
    }

    private static func marks(of directories: [URL]) -> [Mark] {
        directories.flatMap { directory -> [Mark] in
            let names = (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
            return names.sorted().compactMap { name -> Mark? in
                let path = directory.appendingPathComponent(name).appendingPathComponent("manifest.json").path
                guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else { return nil }
                return Mark(path: path, bytes: attributes[.size] as? Int, modified: attributes[.modificationDate] as? Date)
            }
        }
    }

    package var generators: [Manifest] { all.filter { $0.kind == .generator } }
    package var encoders: [Manifest] { all.filter { $0.kind == .encoder } }

    /// The manifest of that name; nil where none has it.
    package func model(named name: String) -> Manifest? {
        all.first { $0.name == name }
    }

    /// Whether every file that the manifest lists is here and has the size it should have. A manifest that lists none is never installed.
    package func isInstalled(_ manifest: Manifest) -> Bool {
        installation(of: manifest) != nil
    }

    /// The folder with a complete copy, else the one where the manifest stands; nil for a manifest that is not of this catalog.
    package func directory(of manifest: Manifest) -> URL? {
        installation(of: manifest) ?? homes[manifest.name]
    }

    private func installation(of manifest: Manifest) -> URL? {
        guard !manifest.files.isEmpty else { return nil }
        func holdsAll(_ folder: URL) -> Bool { manifest.files.allSatisfy { Self.quickProblem(of: $0, in: folder) == nil } }
        return directories.map { $0.appendingPathComponent(manifest.name) }.first(where: holdsAll)
            ?? (manifest.singleFile == nil ? nil : elsewhere().first(where: holdsAll))
    }

    /// Compares the files with the manifest byte for byte, by SHA-256; `progress` is told the share done, from 0 to 1.
    package func verify(_ manifest: Manifest, progress: (Double) throws -> Void) rethrows -> [ModelProblem] {
        guard let folder = directory(of: manifest) else { return [.notInCatalog(manifest.name)] }
        guard !manifest.files.isEmpty else { return [.noFiles(manifest.name)] }
        var problems: [ModelProblem] = []
        let total = max(1, manifest.files.compactMap(\.bytes).reduce(0, +))
        var done = 0
        for file in manifest.files {
            if let problem = Self.quickProblem(of: file, in: folder) {
                problems.append(problem)
            } else if let expected = file.sha256 {
                let digest = try Self.digest(of: folder.appendingPathComponent(file.path)) { count in
                    try progress(min(1, Double(done + count) / Double(total)))
                }
                if digest != expected { problems.append(.wrongDigest(path: file.path, expected: expected, found: digest ?? "unreadable")) }
            } else {
                problems.append(.unknownDigest(path: file.path))
            }
            done += file.bytes ?? 0
            try progress(min(1, Double(done) / Double(total)))
        }
        return problems
    }

    /// Compares the files with the manifest byte for byte, by SHA-256.
    package func verify(_ manifest: Manifest) -> [ModelProblem] {
        verify(manifest) { _ in }
    }

    private static func quickProblem(of file: Manifest.File, in folder: URL) -> ModelProblem? {
        let url = folder.appendingPathComponent(file.path).resolvingSymlinksInPath()
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: url.path),
            attributes[.type] as? FileAttributeType == .typeRegular, let size = attributes[.size] as? Int
        else { return .missing(path: file.path) }
        if let expected = file.bytes, expected != size { return .wrongSize(path: file.path, expected: expected, found: size) }
        return nil
    }

    /// SHA-256 of a file in hexadecimal; nil where it cannot be read.
    package static func digest(of file: URL) -> String? {
        digest(of: file) { _ in }
    }

    /// SHA-256 of a file in hexadecimal, read in pieces; nil where it cannot be read.
    package static func digest(of file: URL, progress: (_ bytesRead: Int) throws -> Void) rethrows -> String? {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        var hash = DigestInProgress.sha256()
        var count = 0
        while true {
            let piece: Data
            do { piece = try handle.read(upToCount: 1 << 20) ?? Data() } catch { return nil }
            if piece.isEmpty { break }
            hash.add(piece)
            count += piece.count
            try progress(count)
        }
        return hash.finish().hexadecimal
    }
}

/// What is wrong with the files of a model.
package enum ModelProblem: Equatable, Sendable, CustomStringConvertible {
    case notInCatalog(String)
    case noFiles(String)
    case missing(path: String)
    case wrongSize(path: String, expected: Int, found: Int)
    case wrongDigest(path: String, expected: String, found: String)
    case unknownDigest(path: String)

    package var description: String {
        switch self {
        case .notInCatalog(let name): "\(name) is not in the catalog"
        case .noFiles(let name): "the manifest of \(name) lists no files"
        case .missing(let path): "\(path) is missing"
        case .wrongSize(let path, let expected, let found): "\(path) has \(found) bytes, not \(expected)"
        case .wrongDigest(let path, let expected, let found): "\(path) was altered: its SHA-256 is \(found), not \(expected)"
        case .unknownDigest(let path): "\(path) is here, but the manifest has no SHA-256 to compare it with"
        }
    }
}

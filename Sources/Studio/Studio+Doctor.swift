import Engines
import Foundation
import Pixels
import Screening
import Threads

extension Studio {
    /// Looks at everything a run needs. An empty library is made where there is none, and what killed writes left is removed.
    ///
    /// - Parameter deep: whether every byte of the models and of the library is read, which takes minutes where they are large. Else the models'
    ///   files are looked at from outside, and of a large library the rows that came last.
    package func examine(deep: Bool = false) async throws -> [Finding] {
        try await NumericQueue.shared.run { self.findings(deep) }
    }

    /// Sets the library's damaged rows aside, into a file beside it, and keeps the rest.
    ///
    /// - Returns: what was done, in words.
    package func repair() throws -> String {
        let now = DateFormatter()
        (now.locale, now.dateFormat) = (Locale(identifier: "en_US_POSIX"), "yyyyMMdd-HHmmss-SSS")
        let file = premises.libraryFolder.appendingPathComponent("redraw-set-aside-\(now.string(from: Date())).jsonl")
        let rows = try premises.library().repair(reading: .studio) { try FileBytes.write([UInt8]($0), to: file, replacing: false) }
        guard !rows.isEmpty else { return "No row of the library is damaged." }
        // A value goes by its table and column, a row by its table.
        let told = rows.sorted { $0.key < $1.key }.map { name, count in
            let noun = name.contains(".") ? "value" : "row"
            return "\(count) \(noun)\(count == 1 ? "" : "s") of \(name)"
        }
        return "What is damaged was set aside: \(told.joined(separator: ", ")). It is in \(file.path)."
    }

    /// Bytes of a library that is read whole without being asked to.
    private static let smallLibrary = 32 << 20
    /// Rows of each table of a larger one that are looked at.
    private static let latestRows = 250

    private func libraryFinding(_ deep: Bool) -> Finding {
        found("library") {
            let library = try premises.library()
            let bytes = try library.byteCount()
            let isWhole = deep || bytes <= Self.smallLibrary
            let problems = try isWhole ? library.check(reading: .studio) : library.checkLatest(Self.latestRows, reading: .studio)
            guard problems.isEmpty else { throw StudioError.damagedLibrary(problems.joined(separator: "; ")) }
            let seen = isWhole ? "all of it" : "the latest \(Self.latestRows) rows of each table of \((bytes + 500_000) / 1_000_000) MB"
            let folder = premises.libraryFolder.path
            let shared = SharedFileSystem.name(at: folder).map { "; " + Studio.sharedNotice($0) } ?? ""
            let pictures = try library.pictureCount()
            return "\(folder), \(pictures) picture\(pictures == 1 ? "" : "s"); \(seen) read\(shared)"
        }
    }

    private func findings(_ deep: Bool) -> [Finding] {
        [
            Finding(
                subject: "processor", isSound: true,
                text: "\(ProcessInfo.processInfo.activeProcessorCount) cores, \(ThreadCount.current) used"),
            Finding(subject: "data", isSound: true, text: installation.data.path),
            vocabularyFinding(),
        ] + modelFindings(deep) + [
            found("cache") { try Studio.writable(installation.cache) },
            libraryFinding(deep),
            found("leftovers") { leftovers() },
        ]
    }

    /// What a person should know whose library lies on a file system of that name.
    static func sharedNotice(_ name: String) -> String {
        "it lies on \(name): only one machine at a time may use it, or it can be damaged; keep it on a disk of this machine, or give each machine "
            + "its own and put them together with redraw import"
    }

    /// Folders that generations and captions went to, which are looked through.
    private static let mostFolders = 1000

    /// Removes what writes left that were killed, wherever Redraw writes, and tells it; downloads that were broken off are gone on with, and so
    /// are told only.
    private func leftovers() -> String {
        let own = [premises.libraryFolder] + LibraryFiles.Shelf.allCases.map { files.folder($0) } + [installation.cache]
        let written = (try? premises.library().writtenFolders(limit: Self.mostFolders)) ?? []
        var (count, bytes, downloads) = (0, 0, 0)
        for folder in Set(own.map(\.path) + subfolders(of: installation.cache) + written) {
            let removed = AbandonedFiles.remove(in: folder)
            (count, bytes) = (count + removed.files, bytes + removed.bytes)
        }
        for folder in [installation.personalModels.path] + subfolders(of: installation.personalModels) {
            let removed = AbandonedFiles.remove(in: folder)
            (count, bytes) = (count + removed.files, bytes + removed.bytes)
            downloads += ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).count { $0.hasSuffix(".partial") }
        }
        let size = bytes < 1_000_000 ? "\((bytes + 999) / 1000) kB" : "\((bytes + 500_000) / 1_000_000) MB"
        var parts = [count == 0 ? "none of writes that were broken off" : "\(count) of writes that were broken off, \(size), now removed"]
        if downloads > 0 {
            parts.append(
                "\(downloads) of downloads (.partial in \(installation.personalModels.path)): the same pull goes on with "
                    + (downloads == 1 ? "it" : "them"))
        }
        return parts.joined(separator: "; ")
    }

    /// Folders in a folder, and in these, as models and vocabularies lie.
    private func subfolders(of folder: URL, depth: Int = 2) -> [String] {
        guard depth > 0 else { return [] }
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.prefix(Self.mostFolders).map { folder.appendingPathComponent($0) }.filter {
            SystemPath.kind(of: $0.path, following: false) == .folder
        }.flatMap { [$0.path] + subfolders(of: $0, depth: depth - 1) }
    }

    private func vocabularyFinding() -> Finding {
        found("vocabulary") {
            let report = try checkVocabulary("redraw")
            if let problem = report.problems.first {
                throw StudioError.damagedVocabulary(file: problem.file, line: problem.line, reason: problem.reason)
            }
            return "\(report.name), \(report.tags) tags"
        }
    }

    private func modelFindings(_ deep: Bool) -> [Finding] {
        let (models, problems) = models()
        let installed = models.filter(\.installed).map { model in
            found(model.name) {
                // That its files are here, and as long as they should be, is why it counts as installed.
                let problems = deep ? try self.problems(ofModel: model.name) : []
                guard problems.isEmpty else { throw StudioError.damagedModel(name: model.name, reason: problems.joined(separator: "; ")) }
                let size = "\(((model.bytes ?? 0) + 500_000) / 1_000_000) MB"
                return "\(model.kind), \(size), \(deep ? "as its manifest says" : "its files as long as its manifest says")"
            }
        }
        let needed = ["redraw-encoder", Studio.defaultGenerator, Studio.defaultPainter]
        let required = needed.filter { name in !models.contains { $0.name == name && $0.installed } }
        return installed
            + required.map { Finding(subject: $0, isSound: false, text: "is missing or incomplete; check out the project again") }
            + problems.map { Finding(subject: "manifest", isSound: false, text: $0) }
    }

    private func found(_ subject: String, _ look: () throws -> String) -> Finding {
        do {
            return Finding(subject: subject, isSound: true, text: try look())
        } catch {
            return Finding(subject: subject, isSound: false, text: "\(error)")
        }
    }

    /// The folder's path, once something could be written there.
    private static func writable(_ folder: URL) throws -> String {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let probe = folder.appendingPathComponent("probe-\(UUID().uuidString)")
        try Data("redraw".utf8).write(to: probe)
        try FileManager.default.removeItem(at: probe)
        return folder.path
    }
}

import Engines
import Foundation
import Screening
import Threads

extension Studio {
    /// Looks at everything a run needs, and changes nothing but an empty library that is made where there is none.
    package func examine() async throws -> [Finding] {
        try await NumericQueue.shared.run { self.findings() }
    }

    private func findings() -> [Finding] {
        [
            Finding(
                subject: "processor", isSound: true,
                text: "\(ProcessInfo.processInfo.activeProcessorCount) cores, \(ThreadCount.current) used"),
            Finding(subject: "data", isSound: true, text: installation.data.path),
            vocabularyFinding(),
        ] + modelFindings() + [
            found("cache") { try Studio.writable(installation.cache) },
            found("library") {
                let problems = try premises.library().check()
                guard problems.isEmpty else { throw StudioError.damagedLibrary(problems.joined(separator: "; ")) }
                return "\(premises.libraryFolder.path), \(try premises.library().pictureCount()) pictures"
            },
        ]
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

    private func modelFindings() -> [Finding] {
        let (models, problems) = models()
        let installed = models.filter(\.installed).map { model in
            found(model.name) {
                let problems = try self.problems(ofModel: model.name)
                guard problems.isEmpty else { throw StudioError.damagedModel(name: model.name, reason: problems.joined(separator: "; ")) }
                return "\(model.kind), \(((model.bytes ?? 0) + 500_000) / 1_000_000) MB, as its manifest says"
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

import Catalog
import Diffusion
import Engines
import Foundation
import Pixels
import Screening
import Vocabulary

extension Studio {
    /// Every model with a manifest, and the manifests that could not be read.
    package func models() -> (models: [ModelEntry], problems: [String]) {
        let catalog = premises.catalog()
        let entries = catalog.all.map { manifest in
            let folder = catalog.isInstalled(manifest) ? catalog.directory(of: manifest) : nil
            let bytes = folder.map { folder in
                manifest.files.reduce(0) { sum, file in
                    let size =
                        try? FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(file.path).path)[.size] as? Int
                    return sum + (size ?? 0)
                }
            }
            return ModelEntry(
                name: manifest.name, title: manifest.title, kind: manifest.kind.rawValue, family: manifest.family,
                license: manifest.license,
                source: manifest.source, description: manifest.description, installed: folder != nil, bytes: bytes, folder: folder?.path,
                gigabytes: manifest.gigabytes, prompts: manifest.prompt?.form.rawValue)
        }
        return (entries, catalog.problems.map(\.description))
    }

    /// Reads a model's files and compares them with its manifest. Of a file or folder that no manifest describes, every number is looked at,
    /// and whether it is what a run on it needs.
    ///
    /// - Parameter name: a known model's, a registered one's, or a path.
    /// - Returns: what is wrong; nothing where all is well.
    /// - Throws: ``StudioError/unknownModel(name:known:)``.
    package func checkModel(_ name: String, progress: @escaping @Sendable (Double) -> Void = { _ in }) async throws -> [String] {
        try await NumericQueue.shared.run { try self.problems(ofModel: name, progress: progress) }
    }

    func problems(ofModel name: String, progress: (Double) -> Void = { _ in }) throws -> [String] {
        let catalog = premises.catalog()
        guard let manifest = catalog.model(named: name) else {
            let place = registered(name) ?? URL(asTyped: name)
            guard FileManager.default.fileExists(atPath: place.path) else {
                throw StudioError.unknownModel(name: name, known: catalog.all.map(\.name) + premises.registered.all().map(\.name))
            }
            return try problems(at: place, progress: progress)
        }
        guard catalog.isInstalled(manifest) else { throw StudioError.modelNotInstalled(name: name, howToGet: manifest.howToGet) }
        return try catalog.verify(manifest) { share in
            try Task.checkCancellation()
            progress(share)
        }.map(\.description)
    }

    private func registered(_ name: String) -> URL? {
        premises.registered.all().first { $0.name == name }.map { $0.target ?? $0.link }
    }

    /// What is wrong with files of weights at a place; a folder's are named.
    private func problems(at place: URL, progress: (Double) -> Void) throws -> [String] {
        let files = ModelWalk(folder: place).weights()
        guard !files.isEmpty else { return ["there is no file of weights in it"] }
        var problems: [String] = []
        for (number, file) in files.enumerated() {
            let found = try FileIdentity.problems(in: file) { share in
                try Task.checkCancellation()
                progress((Double(number) + share) / Double(files.count))
            }
            problems += found.map { files.count == 1 ? $0 : "\(file.lastPathComponent): \($0)" }
        }
        guard problems.isEmpty else { return problems }
        let models = ModelWalk(folder: place).found().map(\.url)
        for model in files == [place] ? [place] : models.filter({ !files.contains($0) }) {
            do {
                try FileIdentity.requireRunnable(model, merges: premises.merges)
            } catch {
                problems.append("\(error)")
            }
        }
        return problems
    }

    /// Names of the shipped vocabularies.
    package func vocabularies() -> [String] { installation.vocabularyNames }

    /// Reads a vocabulary and checks it.
    ///
    /// - Parameter name: of a shipped one, or the path of a file or folder; nil: the one this studio was made with.
    package func checkVocabulary(_ name: String) throws -> VocabularyReport {
        let place = try installation.vocabulary(named: name)
        let problems = try TagVocabulary.problems(at: place).map {
            VocabularyReport.Problem(file: $0.file, line: $0.line, reason: $0.reason)
        }
        // One that does not load has nothing to count; its problems say why.
        guard problems.isEmpty, let vocabulary = try? TagVocabulary(contentsOf: place) else {
            return VocabularyReport(name: name, sha256: "", tags: 0, facets: [:], problems: problems)
        }
        let facets = Dictionary(grouping: vocabulary.tags, by: \.facet.rawValue).mapValues(\.count)
        return VocabularyReport(
            name: vocabulary.name, sha256: vocabulary.digest, tags: vocabulary.tags.count, facets: facets, problems: [])
    }
}

import Engines
import Foundation
import Pixels
import Screening

/// How a picture is to be analysed: with what is installed under these names; nil is the studio's own.
package struct AnalysisWish: Codable, Sendable, Hashable {
    package var encoder: String?
    package var vocabulary: String?
    package var tagger: String?

    package init(encoder: String? = nil, vocabulary: String? = nil, tagger: String? = nil) {
        (self.encoder, self.vocabulary, self.tagger) = (encoder, vocabulary, tagger)
    }
}

extension Studio {
    /// Has a picture analysed when its turn comes.
    ///
    /// - Throws: ``StudioError/unknownEncoder(name:known:)`` and the like where something is not installed; `LibraryError.noSuchPicture`.
    package func wantAnalysis(of picture: Int64, _ wish: AnalysisWish = AnalysisWish()) throws {
        let catalog = premises.catalog()
        if let encoder = wish.encoder, !catalog.encoders.contains(where: { $0.name == encoder && catalog.isInstalled($0) }) {
            throw StudioError.notAName(what: "encoder", value: encoder)
        }
        if let vocabulary = wish.vocabulary, !installation.vocabularyNames.contains(vocabulary) {
            throw StudioError.notAName(what: "vocabulary", value: vocabulary)
        }
        if let tagger = wish.tagger, !tagger.isPlainName || !FileManager.default.fileExists(atPath: place(ofTagger: tagger).path) {
            throw StudioError.notAName(what: "tagger", value: tagger)
        }
        try premises.library().want(analysis: JSON.text(wish), of: picture)
    }

    private func place(ofTagger name: String) -> URL { installation.personalModels.appendingPathComponent(name) }

    /// Analyses the newest of the pictures that wait for that, and that no other process analyses already; what fails is kept with it.
    ///
    /// - Parameter onChange: told the picture's number when its analysis begins, and when it has ended.
    /// - Returns: whether there was one.
    package func analyseNext(onChange: @Sendable (Int64) -> Void = { _ in }) async throws -> Bool {
        let library = try premises.library()
        var others: Set<Int64> = []
        while let (picture, how) = try library.nextWantedAnalysis(besides: others) {
            let claim = JobLock.attempt(picture, in: premises.libraryFolder, file: JobLock.analysesFileName)
            if case .held = claim {
                others.insert(picture)
                continue
            }
            defer { withExtendedLifetime(claim) {} }
            // Whoever had it before may have finished between the two looks.
            guard try library.wantedAnalysis(of: picture) == how else { continue }
            try await analyse(picture, how, library, onChange: onChange)
            return true
        }
        return false
    }

    private func analyse(_ picture: Int64, _ how: StoredJSON, _ library: Library, onChange: @Sendable (Int64) -> Void) async throws {
        underWay.withLock { $0 = picture }
        onChange(picture)
        defer {
            underWay.withLock { $0 = nil }
            onChange(picture)
        }
        do throws(any Error) {
            let wish = try how.decoded(as: AnalysisWish.self)
            let file: PictureFile = try await NumericQueue.shared.run { [self] in
                let record = try library.picture(id: picture)
                return try self.file(of: record)
            }
            _ = try await analyst(for: wish).analyze(file)
            try library.endWantedAnalysis(of: picture, how, failure: nil)
        } catch let error as CancellationError {
            throw error
        } catch {
            try library.endWantedAnalysis(of: picture, how, failure: failure(error))
        }
    }

    /// What is wrong with a picture, without where it lies.
    func failure(_ error: any Error) -> String {
        let text = discreetText()
        return (error as? ImageError).map { text.plain("the picture \($0.cause)") } ?? text.words(of: error)
    }

    /// The picture that is being analysed.
    var analysing: Int64? { underWay.withLock { $0 } }

    private func analyst(for wish: AnalysisWish) -> Analyst {
        guard wish != AnalysisWish() else { return analyst }
        return otherAnalysts.withLock { analysts in
            if let analyst = analysts[wish] { return analyst }
            // Each holds an encoder's weights.
            if analysts.count >= 2 { analysts.removeAll() }
            let analyst = Analyst(
                premises, encoder: wish.encoder, vocabulary: wish.vocabulary, tagger: wish.tagger.map { place(ofTagger: $0).path },
                precision: self.analyst.precisionName)
            analysts[wish] = analyst
            return analyst
        }
    }
}

extension String {
    /// Whether it is a name and nothing that leads anywhere.
    var isPlainName: Bool { !isEmpty && !hasPrefix(".") && !contains("/") && !contains("\\") && !contains("\0") }
}

import Engines
import Foundation
import Pixels
import Screening
import Synchronization

/// How a picture is to be analysed: with what is installed under these names; nil is the studio's own.
package struct AnalysisWish: Codable, Sendable, Hashable {
    package var encoder: String?
    package var vocabulary: String?
    package var tagger: String?

    package init(encoder: String? = nil, vocabulary: String? = nil, tagger: String? = nil) {
        (self.encoder, self.vocabulary, self.tagger) = (encoder, vocabulary, tagger)
    }
}

/// What an analysis is at.
package enum AnalysisStage: String, Codable, Sendable {
    case reading
    /// The first time a vocabulary is used, its words are looked at.
    case learning
    case looking
}

struct AnalysisUnderWay {
    var picture: Int64?
    var stage: AnalysisStage?
    /// From 0 to 1, where the stage tells.
    var share: Double?
    /// Analyses that ended since none waited.
    var done = 0
}

extension Studio {
    /// How far the pictures are that wait for being analysed.
    package func analysisProgress() throws -> AnalysisProgress {
        var query = PictureQuery()
        (query.state, query.limit) = (.analysing, 0)
        let left = try premises.library().pictures(query).total
        return underWay.withLock { state in
            if left == 0 { state.done = 0 }
            return AnalysisProgress(
                done: state.done, total: state.done + left, picture: state.picture, stage: state.stage, share: state.share)
        }
    }

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
    /// - Parameter onChange: told the picture's number when its analysis begins, comes to another stage, and has ended.
    /// - Returns: whether there was one.
    package func analyseNext(onChange: @escaping @Sendable (Int64) -> Void = { _ in }) async throws -> Bool {
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

    private func analyse(
        _ picture: Int64, _ how: StoredJSON, _ library: Library, onChange: @escaping @Sendable (Int64) -> Void
    ) async throws {
        let enter: @Sendable (AnalysisStage, Double?) -> Void = { [self] stage, share in
            underWay.withLock { ($0.picture, $0.stage, $0.share) = (picture, stage, share) }
            onChange(picture)
        }
        enter(.reading, nil)
        defer {
            underWay.withLock { $0 = AnalysisUnderWay(done: $0.done + 1) }
            onChange(picture)
        }
        do throws(any Error) {
            let wish = try how.decoded(as: AnalysisWish.self)
            let file: PictureFile = try await NumericQueue.shared.run { [self] in
                let record = try library.picture(id: picture)
                return try self.file(of: record)
            }
            enter(.looking, nil)
            // In twentieths: a vocabulary has thousands of words.
            let told = Mutex(0)
            _ = try await analyst(for: wish).analyze(file) { share in
                let twentieth = Int(share * 20)
                guard
                    told.withLock({ told in
                        defer { told = twentieth }
                        return told != twentieth
                    })
                else { return }
                enter(share < 1 ? .learning : .looking, share < 1 ? share : nil)
            }
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
    var analysing: Int64? { underWay.withLock { $0.picture } }

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

import Analysis
import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

/// What became of one picture of many.
package enum BatchOutcome: Sendable {
    case analysed(AnalysisReport)
    /// Looked at before with the same encoder and vocabulary; the report is what the library keeps, nil where none was asked for.
    /// `knownAs`: what is to be said of it, where its pixels told which picture it is and its file was changed since.
    case stood(path: String, report: AnalysisReport?, knownAs: String?)
    /// In one line: what, where, and what to do.
    case failed(String)
}

extension Analyst {
    /// Looks at many pictures and keeps what was said, each by itself: whatever ends the work, what was said until then is kept.
    ///
    /// A picture that this encoder and this vocabulary looked at before is passed over. Files that cannot be read are told and passed over
    /// too; what fails for every picture (a full disk, a damaged model) ends the work.
    ///
    /// Files are read, checked and decoded some ahead of the looking, on other threads. At most a handful of pictures is in memory.
    ///
    /// - Parameters:
    ///   - composition: whether the text tower chooses the prompts.
    ///   - again: looks at pictures that were looked at before too.
    ///   - reportsStanding: whether reports of pictures that are passed over are wanted.
    ///   - progress: told the share of the vocabulary embedded, from 0 to 1, the first time a vocabulary is used.
    ///   - onOutcome: told what became of each picture, in the order of the listing.
    package func analyze(
        _ listing: PictureListing, composition: PromptComposition = .fast, again: Bool = false, reportsStanding: Bool = false,
        progress: @Sendable (Double) -> Void = { _ in },
        onOutcome: @Sendable (BatchOutcome) throws -> Void
    ) async throws {
        defer { listing.abandon() }
        let encoder = try encoder()
        let analyzer = try analyzer(progress: progress)
        let library = try library()
        let reader = try PictureReader(
            library: library, encoder: encoder.identity, vocabulary: vocabulary().digest,
            wording: analyzer.wording, again: again, shortSide: decodeShortSide(), tagger: tagger()?.identity)

        var window = PictureWindow(listing, reader)
        defer { window.cancel() }
        while true {
            let outcomes = try await window.next(atMost: analyzer.picturesAtOnce)
            guard !outcomes.isEmpty else { return }
            try Task.checkCancellation()
            let images = outcomes.compactMap { outcome in if case .read(_, let decoded, _) = outcome { decoded.image } else { nil } }
            let begin = ContinuousClock.now
            var looks = try analyzer.looks(at: images)[...]
            let share = begin.duration(to: .now) / max(images.count, 1)
            for outcome in outcomes {
                switch outcome {
                case .tooLarge: preconditionFailure("a file is read by itself whatever its size")
                case .standing(let path, let picture, let analysis, let known):
                    try onOutcome(
                        unlessDamaged(path, failed: BatchOutcome.failed) {
                            let kept = reportsStanding ? try report(path, picture, analysis, knownAs: known) : nil
                            return .stood(path: path, report: kept, knownAs: known)
                        })
                case .failed(let reason):
                    try onOutcome(.failed(reason))
                case .read(let file, let decoded, let before):
                    try Task.checkCancellation()
                    let look = looks.removeFirst()
                    try onOutcome(
                        unlessDamaged(file.path, failed: BatchOutcome.failed) {
                            .analysed(
                                try analyze(
                                    decoded, look, of: file, analyzer: analyzer, composition: composition, before: before + share))
                        })
                }
            }
        }
    }
}

import Analysis
import Encoders
import Foundation
import Pixels
import Screening
import Vocabulary

/// What became of one picture of many.
public enum BatchOutcome: Sendable {
    case analysed(AnalysisReport)
    /// Looked at before with the same encoder and vocabulary; the report is what the library keeps, nil where none was asked for.
    case stood(path: String, report: AnalysisReport?)
    /// In one line: what, where, and what to do.
    case failed(String)
}

extension Studio {
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
    public func analyze(
        _ listing: PictureListing, composition: CompositionMode = .fast, again: Bool = false, reportsStanding: Bool = false,
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

        var window: [Task<PictureReader.Outcome, any Error>] = []
        defer { for task in window { task.cancel() } }
        var isEnded = false
        while true {
            while !isEnded, window.count < PictureReader.ahead {
                // With something to look at, nobody waits for a slow list.
                let entry = window.isEmpty ? await listing.next() : listing.ready()
                guard let entry else {
                    isEnded = window.isEmpty
                    break
                }
                window.append(Task.detached { try reader.read(entry, isAlone: false) })
            }
            try Task.checkCancellation()
            guard !window.isEmpty else { return }
            var outcome = try await window.removeFirst().value
            if case .tooLarge(let entry) = outcome { outcome = try reader.read(entry, isAlone: true) }
            switch outcome {
            case .tooLarge: preconditionFailure("a file is read by itself whatever its size")
            case .standing(let path, let picture, let analysis):
                try onOutcome(.stood(path: path, report: reportsStanding ? try report(path, picture, analysis) : nil))
            case .failed(let reason):
                try onOutcome(.failed(reason))
            case .read(let file, let image, let before):
                try Task.checkCancellation()
                try onOutcome(.analysed(try analyze(image, of: file, analyzer: analyzer, composition: composition, before: before)))
            }
        }
    }
}

/// What is done with a file before the encoder looks at it, on any thread.
struct PictureReader: Sendable {
    enum Outcome: Sendable {
        case standing(path: String, PictureRecord, AnalysisRecord)
        case read(PictureFile, Image, Duration)
        case failed(String)
        /// It would take too much memory beside others; its turn comes when nothing else is looked at.
        case tooLarge(PictureListing.Entry)
    }

    /// Files that are read ahead.
    static let ahead = 4
    /// Bytes that a file, and its pixels, may take when others are in memory too.
    static let largestAhead = 64 << 20

    let library: Library
    let encoder: EncoderIdentity
    let vocabulary: String
    let wording: String
    let again: Bool
    let shortSide: Int
    /// Where one is asked, too, it must have looked before.
    let tagger: EncoderIdentity?

    /// - Throws: `LibraryError`. What is wrong with the file is an outcome.
    func read(_ entry: PictureListing.Entry, isAlone: Bool) throws -> Outcome {
        let path: String
        switch entry {
        case .problem(let reason): return .failed(reason)
        case .picture(let name): path = name
        }
        let stored = ScreeningDesk.storedPath(path)
        let stamp = FileStamp(path: stored)
        if !again, tagger == nil, let stamp,
            let (picture, analysis) = try library.standingAnalysis(
                ofFile: stored, stamp: stamp, encoder: encoder, vocabulary: vocabulary, wording: wording)
        {
            return .standing(path: path, picture, analysis)
        }
        guard isAlone || (stamp?.bytes ?? 0) <= Self.largestAhead else { return .tooLarge(entry) }
        let begin = ContinuousClock.now
        let file: PictureFile
        do {
            file = try PictureFile(path: path)
        } catch {
            return .failed("\(error)")
        }
        if !again, try tagger.map({ try hasLooked($0, at: file.sha256) }) ?? true,
            let (_, analysis) = try library.standingAnalysis(
                ofPicture: file.sha256, encoder: encoder, vocabulary: vocabulary, wording: wording)
        {
            // The same picture under another name, or a file that was only touched: next time its name alone tells.
            return .standing(path: path, try library.record(file.record), analysis)
        }
        // A JPEG is decoded in a fraction of its size, the others in full.
        let needed = file.width * file.height * (file.format == .jpeg ? 1 : 4)
        guard isAlone || needed <= Self.largestAhead else { return .tooLarge(entry) }
        do {
            return .read(file, try file.decoded(targetShortSide: shortSide).image, begin.duration(to: .now))
        } catch {
            return .failed("\(error)")
        }
    }

    private func hasLooked(_ tagger: EncoderIdentity, at picture: String) throws -> Bool {
        try library.standingAnalysis(ofPicture: picture, encoder: tagger, vocabulary: tagger.sha256, wording: nil) != nil
    }
}

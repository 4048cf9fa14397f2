import Encoders
import Foundation
import Pixels
import Screening

/// What is done with a file before the encoder looks at it, on any thread.
struct PictureReader: Sendable {
    enum Outcome: Sendable {
        case standing(path: String, PictureRecord, AnalysisRecord, knownAs: String? = nil)
        case read(PictureFile, DecodedImage, Duration)
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

    /// - Throws: `LibraryError`. What is wrong with the file, and a value of the library that cannot be read of this picture, is an outcome.
    func read(_ entry: PictureListing.Entry, isAlone: Bool) throws -> Outcome {
        switch entry {
        case .problem(let reason): return .failed(reason)
        case .picture(let path):
            return try unlessDamaged(path, failed: Outcome.failed) { try read(path, entry, isAlone: isAlone) }
        }
    }

    private func read(_ path: String, _ entry: PictureListing.Entry, isAlone: Bool) throws -> Outcome {
        let stored = ScreeningDesk.storedPath(path)
        let stamp = FileStamp(path: stored)
        if !again, let stamp, try tagger.map({ try hasLooked($0, atFile: stored, stamp) }) ?? true,
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
        // A JPEG is known by its pixels before they are decoded.
        if file.format == .jpeg, let standing = try standing(changed: file) { return standing }
        let decoded: DecodedImage
        do {
            decoded = try file.decoded(targetShortSide: shortSide)
        } catch {
            return .failed("\(error)")
        }
        if file.format != .jpeg, let standing = try standing(changed: file, decoded) { return standing }
        return .read(file, decoded, begin.duration(to: .now))
    }

    /// A picture that was looked at before, whose file was given keywords since or was changed otherwise beside its pixels. One with other
    /// words in it is looked at again.
    private func standing(changed file: PictureFile, _ decoded: DecodedImage? = nil) throws -> Outcome? {
        guard !again, try library.picture(sha256: file.sha256) == nil, let known = try library.changed(file, decoded),
            try tagger.map({ try hasLooked($0, at: known.sha256) }) ?? true,
            let (_, analysis) = try library.standingAnalysis(
                ofPicture: known.sha256, encoder: encoder, vocabulary: vocabulary, wording: wording)
        else { return nil }
        let recovered = file.recovery { (try? library.wrote(caption: $0, of: known.id)) ?? false }.prompts.first
        let kept = analysis.recovered?.listed(as: RecoveredEntry.self)
        guard kept?.damaged == nil, recovered.map(RecoveredEntry.init) == kept?.value else { return nil }
        return .standing(path: file.path, try library.record(file.record), analysis, knownAs: known.saidOfChangedFile)
    }

    private func hasLooked(_ tagger: EncoderIdentity, atFile path: String, _ stamp: FileStamp) throws -> Bool {
        try library.standingAnalysis(ofFile: path, stamp: stamp, encoder: tagger, vocabulary: tagger.sha256, wording: nil) != nil
    }

    private func hasLooked(_ tagger: EncoderIdentity, at picture: String) throws -> Bool {
        try library.standingAnalysis(ofPicture: picture, encoder: tagger, vocabulary: tagger.sha256, wording: nil) != nil
    }
}

/// What the library cannot read of one picture any more does not end the others.
///
/// - Parameters:
///   - path: of the picture's file, which is told.
///   - failed: what becomes of the picture, with what is wrong in one line.
func unlessDamaged<Outcome>(_ path: String, failed: (String) -> Outcome, _ outcome: () throws -> Outcome) throws -> Outcome {
    do {
        return try outcome()
    } catch let error as LibraryError where error.place != nil {
        return failed("\(path): \(error)")
    }
}

/// Pictures that are read ahead of whoever looks at them, in the order of the listing.
struct PictureWindow {
    private let listing: PictureListing
    private let reader: PictureReader
    private var tasks: [Task<PictureReader.Outcome, any Error>] = []
    /// Waits until nothing else is in memory.
    private var tooLarge: PictureListing.Entry?

    init(_ listing: PictureListing, _ reader: PictureReader) {
        self.listing = listing
        self.reader = reader
    }

    func cancel() {
        for task in tasks { task.cancel() }
    }

    /// At least one picture, waited for, and of those that are being read already so many more; none at the end. One that is too large to be
    /// in memory beside others comes alone. The next ones are being read when this returns.
    mutating func next(atMost count: Int) async throws -> [PictureReader.Outcome] {
        if let entry = tooLarge {
            tooLarge = nil
            return [try reader.read(entry, isAlone: true)]
        }
        await fill(to: PictureReader.ahead + count, waits: true)
        try Task.checkCancellation()
        var outcomes: [PictureReader.Outcome] = []
        while outcomes.count < count, !tasks.isEmpty {
            let outcome = try await tasks.removeFirst().value
            if case .tooLarge(let entry) = outcome {
                tooLarge = entry
                break
            }
            outcomes.append(outcome)
        }
        if outcomes.isEmpty, tooLarge != nil { return try await next(atMost: count) }
        if tooLarge == nil { await fill(to: PictureReader.ahead, waits: false) }
        return outcomes
    }

    /// With something to look at, nobody waits for a slow list.
    private mutating func fill(to length: Int, waits: Bool) async {
        while tasks.count < length {
            let entry = waits && tasks.isEmpty ? await listing.next() : listing.ready()
            guard let entry else { return }
            tasks.append(Task.detached { [reader] in try reader.read(entry, isAlone: false) })
        }
    }
}

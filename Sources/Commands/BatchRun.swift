import ArgumentParser
import Foundation
import Studio
import Synchronization

/// Looks at many pictures and prints what is said of each as it comes.
struct BatchRun {
    enum Style {
        case text(AnalysisText.Extent, showsDropped: Bool, form: PromptFormName? = nil)
        /// One JSON array, an element a line.
        case array
        /// JSON Lines.
        case lines
    }

    let style: Style
    let quiet: Bool
    /// The part of the pictures that is looked at; nil for all.
    var shard: Shard?
    /// Who writes captions beside the pictures, where they are wanted.
    var captions: CaptionWriter?
    /// The folder that was named with `--library`.
    var library: String?

    static let readingVocabulary = "reading the vocabulary (once)"
    /// Failures that are listed at the end; a folder of a hundred thousand broken files is told by its number.
    private static let listedFailures = 1000

    /// What has become of the pictures so far.
    private struct Tally {
        var analysed = 0
        var stood = 0
        var failed = 0
        var failures: [String] = []
        /// What is said of files that were changed since their pictures were looked at.
        var changed: [String] = []
        var printed = 0
        var captions = CaptionTally()
        var summary = AnalysisSummary()
        /// What the library cannot read of pictures that were looked at all the same.
        var unread: [String] = []
        /// When the first picture that had to be looked at was begun with. Opening the encoder counts with it.
        var begin = ContinuousClock.now

        var done: Int { analysed + stood + failed }

        var rate: Double? {
            guard analysed > 0 else { return nil }
            return Double(analysed) / (begin.duration(to: .now) / .seconds(1))
        }
    }

    /// - Throws: `ExitCode.failure` where a picture could not be analysed; all others were.
    func run(_ studio: Studio, _ sources: [PictureListing.Source], isRecursive: Bool, composition: PromptComposition, again: Bool)
        async throws
    {
        let progress = ProgressLine(enabled: !quiet)
        let tally = Mutex(Tally())
        let listing = PictureListing(sources, isRecursive: isRecursive, shard: shard, counts: progress.isShown)
        if case .array = style { Terminal.standardOutput.write("[") }
        // A script that reads the array finds its end whatever happened.
        defer {
            if case .array = style { Terminal.standardOutput.write(tally.withLock { $0.printed } > 0 ? "\n]\n" : "]\n") }
        }
        defer { progress.clear() }
        whenInterrupted.withLock { $0 = BatchRun.interruption(after: 0) }
        let wantsStanding = if case .text = style { false } else { true }
        try await studio.analyst.analyze(listing, composition: composition, again: again, reportsStanding: wantsStanding) { share in
            tally.withLock { $0.begin = .now }
            progress.show(BatchRun.readingVocabulary, share: share)
        } onOutcome: { outcome in
            try tally.withLock { tally in
                switch outcome {
                case .analysed(let report):
                    clearForOutput(progress)
                    caption(report.picture.path, report.picture.sha256, &tally)
                    if let known = report.knownAs, tally.changed.count < BatchRun.listedFailures {
                        tally.changed.append("\(report.picture.path) is \(known)")
                    }
                    try print(report, studio, &tally)
                    tally.summary.add(report)
                    tally.analysed += 1
                    tally.printed += 1
                case .stood(let path, let report, let known):
                    if let known, tally.changed.count < BatchRun.listedFailures { tally.changed.append("\(path) is \(known)") }
                    caption(path, report?.picture.sha256, &tally)
                    if let report {
                        clearForOutput(progress)
                        try print(report, studio, &tally)
                        tally.printed += 1
                    }
                    tally.stood += 1
                    // Passing over takes no time: it says nothing about how long the others take.
                    if tally.analysed == 0 { tally.begin = .now }
                case .failed(let reason):
                    tally.failed += 1
                    if tally.failures.count < BatchRun.listedFailures { tally.failures.append(reason) }
                }
                whenInterrupted.withLock { $0 = BatchRun.interruption(after: tally.analysed + tally.stood) }
                show(tally, of: listing.total, on: progress)
            }
        }
        progress.clear()
        try conclude(tally.withLock { $0 }, listing)
    }

    private func caption(_ path: String, _ sha256: String?, _ tally: inout Tally) {
        guard let captions else { return }
        do {
            tally.captions.count(try captions.write(beside: path, sha256: sha256))
        } catch {
            tally.captions.fail("\(error)")
        }
    }

    private static func interruption(after count: Int) -> String {
        "interrupted; what was said of \(CommandText.count(count, "picture")) is kept. The same command goes on from there."
    }

    private func show(_ tally: Tally, of total: Int?, on progress: ProgressLine) {
        guard let total, total > 0 else {
            return progress.show(
                "\(CommandText.count(tally.done, "picture"))" + (tally.rate.map { ", \(CommandText.fixed($0, 1)) a second" } ?? ""))
        }
        let left = tally.rate.map { Double(max(0, total - tally.done)) / $0 }
        let place = total == 1 ? "1 picture" : "picture \(tally.done) of \(total)"
        progress.show(place, share: Double(tally.done) / Double(total), secondsLeft: left)
    }

    /// Both streams share a terminal; a file or a pipe needs no room.
    private func clearForOutput(_ progress: ProgressLine) {
        if Terminal.standardOutput.isTerminal { progress.clear() }
    }

    private func print(_ report: AnalysisReport, _ studio: Studio, _ tally: inout Tally) throws {
        let isFirst = tally.printed == 0
        switch style {
        case .lines: try JSONOutput.printLine(report)
        case .array: Terminal.standardOutput.write(json: (isFirst ? "\n" : ",\n") + (try JSONOutput.line(report)))
        case .text(let extent, let showsDropped, let form):
            let text = AnalysisText(
                report, terminal: .standardOutput, extent: extent, showsDropped: showsDropped, form: form,
                standing: standingPrompt(of: report, studio, &tally)
            ).text
            Terminal.standardOutput.write((isFirst ? "" : "\n") + text)
        }
    }

    /// What is wrong with it does not end the others.
    private func standingPrompt(of report: AnalysisReport, _ studio: Studio, _ tally: inout Tally) -> String? {
        do {
            return try studio.standingPrompt(ofPicture: report.picture.sha256)
        } catch {
            if tally.unread.count < BatchRun.listedFailures { tally.unread.append("\(report.picture.path): \(error)") }
            return nil
        }
    }

    private func conclude(_ tally: Tally, _ listing: PictureListing) throws {
        if case .text(.short, _, _) = style {
            // What a shard found is looked through once it is merged with the others.
            let next = (isSaid: !quiet && shard == nil, library)
            Terminal.standardOutput.write(tally.summary.text(.standardOutput, next: next))
        }
        let output = Terminal.standardError
        if !quiet {
            var parts = ["\(CommandText.count(tally.analysed, "picture")) analysed"]
            if let rate = tally.rate, tally.analysed > 1 { parts[0] += " (\(CommandText.fixed(rate, 1)) a second)" }
            if tally.stood > 0 { parts.append("\(tally.stood) analysed before (--again looks at them again)") }
            if tally.failed > 0 { parts.append("\(tally.failed) failed") }
            output.write(parts.joined(separator: ", ") + ".\n")
            if let shard {
                let left = CommandText.count(listing.ofOtherShards, "picture")
                output.write("This was shard \(shard.number) of \(shard.count); \(left) left to the others.\n")
            }
            if let told = CommandText.passedOver(listing.passedOver) { output.write(told + "\n") }
            for changed in tally.changed { output.write(DisplayText.harmless(changed) + ".\n") }
            if let captions { output.write(([tally.captions.summary, captions.remark].compactMap { $0 }).joined(separator: "\n") + "\n") }
        }
        for problem in tally.unread { output.write("analyze: \(DisplayText.harmless(problem))\n") }
        for problem in tally.captions.problems.prefix(BatchRun.listedFailures) { output.write("analyze: \(problem)\n") }
        guard tally.failed > 0 else {
            if tally.captions.isIncomplete { throw ExitCode.failure }
            return
        }
        for failure in tally.failures { output.write("analyze: \(DisplayText.harmless(failure))\n") }
        if tally.failed > tally.failures.count { output.write("analyze: and \(tally.failed - tally.failures.count) more.\n") }
        output.write("analyze: \(CommandText.undone(tally.failed, of: tally.done, "picture", "analysed")).\n")
        throw ExitCode.failure
    }
}

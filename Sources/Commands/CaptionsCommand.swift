import ArgumentParser
import Foundation
import Studio

/// How captions are written, for `redraw captions` and `redraw analyze --write-captions`.
struct CaptionOptions: ParsableArguments {
    @Option(
        name: .customLong("caption-tags"),
        help: ArgumentHelp(
            "Which tags go into a caption: approved, or suggested for those nobody decided on as well (default: approved; with analyze: suggested).",
            valueName: "which"),
        completion: .list(CaptionForm.Tags.allCases.map(\.rawValue)))
    var tags: CaptionForm.Tags?

    @Option(
        name: .customLong("caption-prefix"),
        help: ArgumentHelp("What stands first in every caption, such as a trigger word (default: nothing).", valueName: "text"))
    var prefix = ""

    @Option(
        name: .customLong("caption-suffix"), help: ArgumentHelp("What stands last in every caption (default: nothing).", valueName: "text"))
    var suffix = ""

    @Option(
        name: .customLong("caption-separator"),
        help: ArgumentHelp("What stands between tags (default: a comma and a blank).", valueName: "text"))
    var separator: String?

    @Flag(name: .customLong("caption-underscores"), help: "Write tabby_cat instead of tabby cat.")
    var underscores = false

    @Option(
        name: .customLong("caption-shuffle"),
        help: ArgumentHelp(
            "Shuffle the tags, differently for each picture; the same seed gives the same captions (default: subjects first, colours last).",
            valueName: "seed"))
    var shuffle: UInt64?

    @Flag(name: .long, help: "Replace texts that are yours, too (default: only captions that Redraw wrote are replaced).")
    var overwrite = false

    /// Whether anything was said of captions.
    var isSaid: Bool {
        tags != nil || !prefix.isEmpty || !suffix.isEmpty || separator != nil || underscores || shuffle != nil || overwrite
    }

    func validate() throws {
        for (name, text) in [("prefix", prefix), ("suffix", suffix), ("separator", separator ?? "")] where text.contains(where: \.isNewline)
        {
            throw ValidationError("--caption-\(name) has a line break in it; a caption is one line.")
        }
    }

    func writer(_ studio: Studio, usually tags: CaptionForm.Tags) -> CaptionWriter {
        var form = CaptionForm()
        (form.tags, form.prefix, form.suffix) = (self.tags ?? tags, prefix, suffix)
        if let separator { form.separator = separator }
        (form.underscores, form.shuffle) = (underscores, shuffle)
        return CaptionWriter(studio, form, overwriting: overwrite)
    }
}

extension CaptionForm.Tags: ExpressibleByArgument {}

/// What became of the captions of a run.
struct CaptionTally {
    private var written = 0
    private var renewed = 0
    private var same = 0
    private var empty = 0
    private var removed = 0
    /// The first pictures without a tag.
    private var untagged: [String] = []
    private(set) var kept: [String] = []
    private(set) var failures: [String] = []

    mutating func count(_ report: CaptionReport) {
        switch report.state {
        case .written: written += 1
        case .renewed: renewed += 1
        case .same: same += 1
        case .empty, .removed:
            empty += 1
            if report.state == .removed { removed += 1 }
            if untagged.count < Self.namedPictures { untagged.append(report.picture) }
        case .kept: kept.append(report.file)
        }
    }

    mutating func fail(_ reason: String) { failures.append(reason) }

    /// Whether a caption is missing that was asked for.
    var isIncomplete: Bool { !kept.isEmpty || !failures.isEmpty }

    var summary: String {
        var parts = ["\(CommandText.count(written, "caption")) written"]
        if renewed > 0 { parts.append("\(renewed) brought up to date") }
        if same > 0 { parts.append("\(same) stood there already") }
        if removed > 0 { parts.append("\(removed) removed, as none of \(removed == 1 ? "its" : "their") tags is left") }
        guard empty > 0 else { return parts.joined(separator: ", ") + "." }
        let names = untagged.map { DisplayText.harmless(ShellWord.path($0)) }.joined(separator: ", ")
        let more = empty > untagged.count ? " and \(empty - untagged.count) more" : ""
        parts.append("\(CommandText.count(empty, "picture")) without a tag to write: \(names)\(more)")
        return parts.joined(separator: ", ") + "."
    }

    private static let namedPictures = 5

    /// A line for each that is missing.
    var problems: [String] {
        kept.map { "\(DisplayText.harmless($0)) holds a text that is not Redraw's and stays as it is; --overwrite replaces it" }
            + failures.map { DisplayText.harmless($0) }
    }
}

/// `redraw captions`: the approved tags as text files beside the pictures.
struct CaptionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "captions",
        abstract: "Write tags into text files beside the pictures, as trainers of LoRAs read them.",
        discussion: """
            photo.txt for photo.jpg, one line, the tags separated by commas: subjects first, colours last. Approved tags are written; \
            --caption-tags suggested takes those that nobody decided on too, and rejected ones never are.

            Run it again after changing tags or options: captions that Redraw wrote are brought up to date. A text of your own, or a caption you \
            edited, stays as it is: it is named, and the exit code is 1; --overwrite replaces it.

              redraw captions dataset/
              redraw captions dataset/ --caption-prefix "myword" --caption-shuffle 7
              redraw captions photo.jpg --json | jq -r '.[0].caption'
            """)

    @Argument(help: "Pictures, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @OptionGroup var captions: CaptionOptions
    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard !pictures.isEmpty else { throw ValidationError("Name a picture or a folder: redraw captions photos/") }
    }

    func run() async throws {
        let studio = try library.studio()
        let writer = captions.writer(studio, usually: .approved)
        var (tally, reports) = (CaptionTally(), [CaptionReport]())
        for try await outcome in studio.captions(PictureListing(pictures.map { $0 == "-" ? .standardInput : .path($0) }), writer) {
            switch outcome {
            case .success(let report):
                tally.count(report)
                reports.append(report)
                if !library.json, [.written, .renewed].contains(report.state) {
                    Terminal.standardOutput.write(DisplayText.harmless(report.file) + "\n")
                }
            case .failure(let failure): tally.fail(failure.description)
            }
        }
        if library.json { try JSONOutput.print(reports) }
        library.notice(tally.summary)
        if let remark = writer.remark { library.notice(remark) }
        try Task.checkCancellation()
        guard tally.isIncomplete else { return }
        for problem in tally.problems { Terminal.standardError.write("captions: \(problem)\n") }
        throw ExitCode.failure
    }
}

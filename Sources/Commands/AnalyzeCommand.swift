import ArgumentParser
import Foundation
import Studio

/// `redraw analyze`, and the executable `analyze`.
package struct AnalyzeCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Look at pictures: suggest tags, a prompt, a model and a size, for you to correct.",
        discussion: """
            Suggestions can be wrong: go through them with redraw review (or redraw tag) before you redraw. That is called screening. What you \
            decided is never changed by another analysis, and neither a tag you rejected nor a kind of it is suggested \
            again for that picture.

            A prompt that stands in the file itself (A1111, ComfyUI, NovelAI, InvokeAI, Redraw and others write one) or in photo.txt beside it is \
            shown first, as recovered: those are somebody's words, not Redraw's. redraw prompt photo.jpg --recovered takes them over.

            Many pictures: those that were looked at before with the same encoder and vocabulary are skipped, so after Ctrl-C, or a power \
            cut, the same command goes on where it stopped (--again looks at all of them again). Files that cannot be read are listed at the end, \
            and the exit code is then 1. With --json or --jsonl there is an object for every readable picture; "reused" marks those that were skipped.

              redraw analyze photo.jpg
              redraw analyze holiday/ --quiet > said.txt
              redraw analyze photo.jpg --json | jq -r '.suggestions[].tag'
              find . -name '*.jpg' -mtime -7 | redraw analyze - --jsonl > said.jsonl
              redraw analyze archive/ --shard 3/8 --library shards/3
              redraw analyze dataset/ --write-captions --caption-prefix "myword"
            """)

    @Argument(help: "Pictures, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @OptionGroup(title: "Which pictures") var which: ListingOptions
    @OptionGroup(title: "What is said of them") var saying: SayingOptions
    @OptionGroup(title: LookingOptions.title) var looking: LookingOptions
    @OptionGroup(title: LookingOptions.title) var tagger: TaggerOption
    @OptionGroup(title: "Captions beside the pictures") var captions: WrittenCaptionOptions
    @OptionGroup var library: LibraryOptions

    package init() {}

    package func validate() throws {
        guard !pictures.isEmpty else { throw ValidationError("Name a picture: redraw analyze photo.jpg") }
    }

    package func run() async throws {
        looking.useThreads()
        which.truncation.apply()
        let studio = try library.studio(looking, tagger: tagger.tagger)
        if let note = try await studio.analyst.precisionNote() { library.notice(DisplayText.harmless(note)) }
        let writer = captions.writeCaptions ? captions.form.writer(studio, usually: .suggested) : nil
        let part = try which.shard.map { try Shard($0) }
        let isOne = part == nil && pictures.count == 1 && pictures[0] != "-" && !PictureListing.isFolder(pictures[0])
        guard isOne else {
            let style: BatchRun.Style =
                saying.jsonl
                ? .lines
                : library.json
                    ? .array : .text(saying.details ? .whole : .short, showsDropped: saying.dropped, form: saying.form)
            try await BatchRun(
                style: style, quiet: library.quiet, shard: part, captions: writer, library: library.libraryPath
            ).run(
                studio, pictures.map { $0 == "-" ? .standardInput : .path($0) }, isRecursive: which.recursive, composition: saying.compose,
                again: which.again)
            return
        }
        let progress = ProgressLine(enabled: !library.quiet)
        let report = try await studio.analyst.analyze(try PictureFile(path: pictures[0]), composition: saying.compose) { share in
            progress.show(BatchRun.readingVocabulary, share: share)
        }
        progress.clear()
        if saying.jsonl {
            try JSONOutput.printLine(report)
        } else if library.json {
            try JSONOutput.print(report)
        } else {
            Terminal.standardOutput.write(
                AnalysisText(
                    report, terminal: .standardOutput, showsDropped: saying.dropped, form: saying.form,
                    standing: try studio.standingPrompt(ofPicture: report.picture.sha256),
                    next: library.quiet ? nil : AnalysisText.next(report, library: library.libraryPath)
                ).text)
        }
        guard let writer else { return }
        var tally = CaptionTally()
        tally.count(try writer.write(beside: pictures[0], sha256: report.picture.sha256))
        library.notice(tally.summary)
        if let remark = writer.remark { library.notice(remark) }
        for problem in tally.problems { Terminal.standardError.write("analyze: \(problem)\n") }
        if tally.isIncomplete { throw ExitCode.failure }
    }
}

/// Which of the pictures that are named are looked at.
struct ListingOptions: ParsableArguments {
    @Flag(name: .long, inversion: .prefixedNo, help: "Look into folders within folders.")
    var recursive = true

    @Flag(name: .long, help: "Look again at pictures that were looked at before.")
    var again = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Only one of n parts of the pictures, so that n processes or machines share the work: 1/8 to 8/8 (default: all of them).",
            valueName: "i/n"))
    var shard: String?

    @OptionGroup var truncation: TruncationOption

    func validate() throws {
        guard let shard else { return }
        do {
            _ = try Shard(shard)
        } catch {
            throw ValidationError("--shard: \(error).")
        }
    }
}

/// What is told of each picture, and how.
struct SayingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "How the prompt is composed: fast joins the likely tags, full compares whole prompts with the picture.", valueName: "fast|full")
    )
    var compose: PromptComposition = .fast

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How the prompt is written: by its tags alone, as a sentence, or both (default: as the suggested model wants it).",
            valueName: "tags|sentence|both"))
    var form: PromptFormName?

    @Flag(name: .long, help: "Print everything of each of several pictures (default: all of one, the main points of several).")
    var details = false

    @Flag(name: .long, help: "Show what was considered and left out, with the reason.")
    var dropped = false

    @Flag(name: .long, help: "Print one JSON object a line.")
    var jsonl = false
}

/// Whether captions are written, and how.
struct WrittenCaptionOptions: ParsableArguments {
    @Flag(
        name: .long,
        help: "Write the tags into a text file beside each picture, as trainers of LoRAs read them; texts of your own stay as they are.")
    var writeCaptions = false

    @OptionGroup var form: CaptionOptions

    func validate() throws {
        guard writeCaptions || !form.isSaid else {
            throw ValidationError("--overwrite and the options of captions need --write-captions.")
        }
    }
}

/// Who else is asked what a picture shows.
struct TaggerOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "A tagger (WD, JoyTag, PixAI) that is asked, too: its name, or its folder; its tags are marked as its own (default: none).",
            valueName: "name|dir"),
        completion: .directory)
    var tagger: String?
}

extension PromptComposition: ExpressibleByArgument {}

/// In which of its forms a prompt is shown.
enum PromptFormName: String, CaseIterable, ExpressibleByArgument {
    case tags, sentence, both
}

/// The options of every command that has an encoder look at pictures or texts.
struct EncoderOptions: ParsableArguments {
    @Option(
        name: .customLong("encoder"),
        help: ArgumentHelp("Which encoder looks: its name, or its folder (default: redraw-encoder).", valueName: "name|dir"))
    var name: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "In which numbers the encoder and a tagger multiply: f32, bf16 (faster where the processor multiplies it), int8 (faster still, coarser) or auto; redraw-encoder has f32 alone (default: auto).",
            valueName: "name"),
        completion: .list(Studio.encoderPrecisions))
    var precision: String?

    @OptionGroup var threads: ThreadOptions

    func useThreads() { threads.apply() }
}

/// The options of every command that says in words what it sees.
struct LookingOptions: ParsableArguments {
    /// The section of the help that also holds `TaggerOption`.
    static let title = "Who looks"

    @OptionGroup var encoder: EncoderOptions

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Which tags there are to choose from: a vocabulary's name, its folder, or a file of phrases (default: redraw).",
            valueName: "name|file"))
    var vocabulary: String?

    func useThreads() { encoder.useThreads() }
}

extension LibraryChoice {
    func studio(_ looking: LookingOptions, tagger: String? = nil, engines: OutsideEngines = .none) throws -> Studio {
        try studio(looking.encoder, vocabulary: looking.vocabulary, tagger: tagger, engines: engines)
    }

    func studio(
        _ encoder: EncoderOptions? = nil, vocabulary: String? = nil, tagger: String? = nil, engines: OutsideEngines = .none
    ) throws -> Studio {
        let (settings, quiet) = (try Settings(), quiet)
        return Studio(
            installation: try Installation.current(), library: libraryPath.map { URL(asTyped: $0) }, encoder: encoder?.name,
            vocabulary: vocabulary, tagger: tagger, precision: encoder?.precision, engines: engines, settings: settings,
            updating: {
                guard !quiet else { return }
                Terminal.standardError.write("Bringing the library up to date for this version, once …\n")
            })
    }
}

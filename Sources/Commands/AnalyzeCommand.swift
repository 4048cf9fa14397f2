import ArgumentParser
import Foundation
import Studio

/// `redraw analyze`, and the executable `analyze`.
public struct AnalyzeCommand: AsyncParsableCommand {
    public static let configuration = CommandConfiguration(
        commandName: "analyze",
        abstract: "Look at pictures: suggest tags, a prompt, a model and a size, and keep them for screening.",
        discussion: """
            Suggestions err: screen them with redraw review (or redraw tag) before you redraw. What you decided is never changed by another \
            analysis, and a tag you rejected is not suggested again for that picture.

              redraw analyze photo.jpg
              redraw analyze holiday/ --quiet
              redraw analyze photo.jpg --json | jq -r '.suggestions[] | select(.confidence > 0.5) | .tag'
              find . -name '*.jpg' | redraw analyze - --jsonl > said.jsonl
            """)

    @Argument(help: "Pictures, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @Flag(name: .long, help: "Print one JSON object a line.")
    var jsonl = false

    @Flag(name: .long, help: "Show what was considered and left out, with the reason.")
    var dropped = false

    @OptionGroup var looking: LookingOptions
    @OptionGroup var library: LibraryOptions

    public init() {}

    public func run() async throws {
        looking.useThreads()
        let studio = try library.studio(looking)
        let (paths, isSeveral) = try expanded()
        let progress = ProgressLine(enabled: !library.quiet)
        var reports: [AnalysisReport] = []
        var failures: [String] = []
        let begin = ContinuousClock.now
        for (number, path) in paths.enumerated() {
            try Task.checkCancellation()
            if isSeveral {
                let elapsed = begin.duration(to: .now) / .seconds(1)
                let left = number == 0 ? nil : elapsed / Double(number) * Double(paths.count - number)
                progress.show("picture \(number + 1) of \(paths.count)", share: Double(number) / Double(paths.count), secondsLeft: left)
            }
            do {
                let report = try await studio.analyze(try PictureFile(path: path)) { share in
                    progress.show("reading the vocabulary (once)", share: share)
                }
                progress.clear()
                if jsonl {
                    try JSONOutput.printLine(report)
                } else if library.json {
                    reports.append(report)
                } else {
                    Terminal.standardOutput.write(AnalysisText(report, terminal: .standardOutput, showsDropped: dropped).text)
                    if number + 1 < paths.count { Terminal.standardOutput.write("\n") }
                }
            } catch {
                progress.clear()
                guard isSeveral, !(error is CancellationError) else { throw error }
                failures.append(CommandLineTool.oneLine(error))
            }
        }
        progress.clear()
        if library.json, !jsonl {
            if let only = reports.first, !isSeveral { try JSONOutput.print(only) } else { try JSONOutput.print(reports) }
        }
        if !failures.isEmpty {
            for failure in failures { Terminal.standardError.write("analyze: \(failure)\n") }
            Terminal.standardError.write("analyze: \(failures.count) of \(paths.count) pictures could not be analysed.\n")
            throw ExitCode.failure
        }
    }

    /// The files that are meant, and whether more than one was asked for.
    private func expanded() throws -> (paths: [String], isSeveral: Bool) {
        guard !pictures.isEmpty else { throw ValidationError("Name a picture: redraw analyze photo.jpg") }
        var paths: [String] = []
        var isSeveral = pictures.count > 1
        for argument in pictures {
            var isFolder: ObjCBool = false
            if argument == "-" {
                isSeveral = true
                waitsForInput.withLock { $0 = true }
                defer { waitsForInput.withLock { $0 = false } }
                while let line = readLine() {
                    guard !line.unicodeScalars.contains(where: { $0 == "\u{FFFD}" || $0.properties.generalCategory == .control }) else {
                        throw ValidationError("Standard input is no list of paths; give a picture's path, not its bytes.")
                    }
                    if !line.isEmpty { paths.append(line) }
                }
            } else if FileManager.default.fileExists(atPath: argument, isDirectory: &isFolder), isFolder.boolValue {
                isSeveral = true
                let found = PictureFile.pictures(below: argument)
                if found.isEmpty { throw ValidationError("\(argument) holds no PNG, JPEG or WebP picture.") }
                paths += found
            } else {
                paths.append(argument)
            }
        }
        return (paths, isSeveral)
    }
}

/// The options of every command that looks at pictures.
struct LookingOptions: ParsableArguments {
    @Option(name: .long, help: ArgumentHelp("An encoder's name or folder (default: redraw-encoder).", valueName: "name|dir"))
    var encoder: String?

    @Option(name: .long, help: ArgumentHelp("A vocabulary's name, folder or file of phrases (default: redraw).", valueName: "name|file"))
    var vocabulary: String?

    @OptionGroup var threads: ThreadOptions

    func useThreads() { threads.apply() }
}

extension LibraryOptions {
    func studio(_ looking: LookingOptions? = nil) throws -> Studio {
        Studio(
            installation: try Installation.current(), library: folder, encoder: looking?.encoder, vocabulary: looking?.vocabulary)
    }
}

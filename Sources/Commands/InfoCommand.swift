import ArgumentParser
import Foundation
import Studio

/// `redraw info`: what a picture file says of itself.
struct InfoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show what picture files hold: format, size, digest, texts, and the prompts they were made with.",
        discussion: """
            Many tools write the prompt and the settings into the pictures they make. It reads those of A1111 and tools like it (also as EXIF comment in \
            JPEG and WebP), ComfyUI's graphs, NovelAI, InvokeAI, Fooocus, SwarmUI, Redraw's own, and a text file beside the picture (photo.txt or \
            photo.jpg.txt, 64 KiB at most). What is found is shown as recovered: somebody wrote it; Redraw did not see it in the picture.

            Of several pictures, or a folder of them, --json prints a list; what cannot be read is listed at the end, with exit code 1.

            Nothing is computed and nothing is kept; redraw analyze keeps what it finds, and redraw prompt --recovered takes it over.

              redraw info redrawn.png
              redraw info downloads/ --json | jq -r '.[] | select(.recovered) | .path'
              redraw info redrawn.png --json | jq -r .recovered.positive
              redraw info redrawn.png --json | jq -r .text.parameters
            """)

    @Argument(help: "Pictures, folders, or - for a list of paths on standard input, one a line.", completion: .file())
    var pictures: [String]

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard !pictures.isEmpty else { throw ValidationError("Name a picture: redraw info photo.png") }
    }

    func run() async throws {
        let studio = try library.studio()
        guard pictures.count == 1, pictures[0] != "-", !PictureListing.isFolder(pictures[0]) else { return try await runMany(studio) }
        let report = try studio.info(try PictureFile(path: pictures[0]))
        if library.json { try JSONOutput.print(report) } else { show(report) }
    }

    private func runMany(_ studio: Studio) async throws {
        let listing = PictureListing(pictures.map { $0 == "-" ? .standardInput : .path($0) })
        let output = Terminal.standardOutput
        var (printed, failures) = (0, [String]())
        if library.json { output.write("[") }
        // A script that reads the list finds its end whatever happened.
        defer { if library.json { output.write(printed > 0 ? "\n]\n" : "]\n") } }
        for try await outcome in studio.info(listing) {
            switch outcome {
            case .success(let report):
                if library.json {
                    output.write(json: (printed == 0 ? "\n" : ",\n") + (try JSONOutput.line(report)))
                } else {
                    if printed > 0 { output.write("\n") }
                    show(report)
                }
                printed += 1
            case .failure(let failure): failures.append(failure.description)
            }
        }
        if !library.quiet, let told = CommandText.passedOver(listing.passedOver) { Terminal.standardError.write(told + "\n") }
        try Task.checkCancellation()
        try CommandLineTool.end(with: failures)
    }

    private func show(_ report: FileReport) {
        let output = Terminal.standardOutput
        output.write(InfoText.lines(report, width: output.columns, paint: output.paint).joined(separator: "\n") + "\n")
    }
}

/// A file's report for a person's eyes.
enum InfoText {
    private static let labelColumns = 13
    /// Lines of a text that are shown; a graph of ComfyUI has thousands. `--json` has all of them.
    private static let mostLines = 40
    /// Longer ones, such as a graph on one line, are folded also where no terminal asks for it, so that the number of lines is a limit at all.
    private static let longestLine = 4_000

    static func lines(_ report: FileReport, width: Int, paint: Paint) -> [String] {
        var lines = [
            "\(paint.bold(DisplayText.harmless(report.path))): \(report.format), \(report.width)x\(report.height), \(report.bytes) bytes"
        ]
        func add(_ label: String, _ value: String) {
            let pieces = DisplayText.wrapped(DisplayText.harmless(value), max(20, width - labelColumns - 3))
            for (index, piece) in pieces.enumerated() {
                let start = index == 0 ? DisplayText.padded(label, labelColumns) : String(repeating: " ", count: labelColumns)
                lines.append("  " + paint.cyan(start) + piece)
            }
        }
        add("SHA-256", report.sha256)
        if report.orientation != 1 { add("orientation", "\(report.orientation) (EXIF); the size is that of the upright picture") }
        if let generation = report.generation { add("made here", "generation \(generation); redraw show \(generation) shows all of it") }
        for prompt in [report.recovered].compactMap({ $0 }) + report.alsoRecovered {
            for line in RecoveredText.lines(prompt) where line.name != "  made with" { add(line.name, line.value) }
            for (index, setting) in RecoveredText.settings(prompt, all: true).enumerated() { add(index == 0 ? "  made with" : "", setting) }
        }
        for note in report.notes { add("not read", note) }
        for (key, text) in report.text.sorted(by: { $0.key < $1.key }) {
            lines.append(paint.dim("text entry \"\(DisplayText.harmless(key))\":"))
            let shown = text.split(separator: "\n", omittingEmptySubsequences: false).flatMap {
                DisplayText.wrapped(DisplayText.harmless(String($0)), min(max(20, width - 3), longestLine))
            }
            lines += shown.prefix(mostLines).map { "  " + $0 }
            if shown.count > mostLines { lines.append(paint.dim("  … \(shown.count - mostLines) more lines; --json has all of them")) }
        }
        return lines
    }
}

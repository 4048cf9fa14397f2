import ArgumentParser
import Foundation
import Studio

/// `redraw export`: the library as text.
struct ExportCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write the library, or some pictures of it, as JSON, or their tags as a table.",
        discussion: """
            The text holds analyses, suggestions, all decisions, prompts and generations; picture files are named in it, not contained. What lies \
            in the bin is left out, unless you name the picture.

            With --tags it is a table of tags instead, a row for each picture and tag with its facet, how certain it is and what was decided; \
            that one is for spreadsheets and scripts, and redraw import does not take it.

              redraw export --output library.json --overwrite
              redraw export photo.jpg | jq '.pictures[0].suggestions'
              redraw export --tags csv --approved --output tags.csv
              redraw export --tags jsonl --approved --since 2026-01-31 | jq -r .text
            """)

    @Argument(help: ArgumentHelp("Only these pictures (default: all).", valueName: "picture"))
    var pictures: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "A table of tags, a row for each picture and tag: csv or jsonl (default: all of the library).", valueName: "form"),
        completion: .list(TagTable.Format.allCases.map(\.rawValue)))
    var tags: TagTable.Format?

    @Flag(name: .long, help: "With --tags: only tags that you approved (default: rejected and undecided ones, too).")
    var approved = false

    @Option(
        name: .long,
        help: ArgumentHelp("With --tags: only tags that were decided on this day or later (default: all).", valueName: "YYYY-MM-DD"))
    var since: String?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("Write to this file (default: standard output).", valueName: "file"), completion: .file())
    var output: String?

    @Flag(name: .long, help: "Write over a file that is there.")
    var overwrite = false

    @OptionGroup var library: LibraryPlace

    func validate() throws {
        if tags == nil, approved || since != nil { throw ValidationError("--approved and --since go with --tags csv or --tags jsonl.") }
        if let since, SearchCommand.day(since) == nil { throw ValidationError("--since \(since) is no day; write one as 2026-01-31.") }
    }

    func run() throws {
        let desk = try Desks.open(library)
        let wanted = pictures.isEmpty ? nil : try pictures.map { try desk.picture($0).id }
        if let tags { return try write(tags, of: wanted, desk) }
        guard let output, output != "-" else {
            let terminal = Terminal.standardOutput
            _ = try desk.export(pictures: wanted) { terminal.write(json: String(decoding: $0, as: UTF8.self)) }
            return try tellBin(desk)
        }
        let count = try desk.export(pictures: wanted, toFile: URL(asTyped: output), overwriting: overwrite)
        library.notice("Wrote \(CommandText.count(count, "picture")) to \(output).")
        try tellBin(desk)
    }

    private func tellBin(_ desk: ScreeningDesk) throws {
        guard pictures.isEmpty, try desk.binCount() > 0 else { return }
        library.notice("What lies in the bin was left out.")
    }

    private func write(_ format: TagTable.Format, of pictures: [Int64]?, _ desk: ScreeningDesk) throws {
        var table = TagTable()
        (table.format, table.isApproved, table.since) = (format, approved, since.flatMap(SearchCommand.day))
        guard let output, output != "-" else {
            let terminal = Terminal.standardOutput
            _ = try desk.export(table, pictures: pictures) { piece in
                let text = String(decoding: piece, as: UTF8.self)
                // A table in a pipe is read by a program, as one in a file.
                if format == .jsonl {
                    terminal.write(json: text)
                } else if terminal.isTerminal {
                    terminal.write(text)
                } else {
                    terminal.draw(text)
                }
            }
            return
        }
        let count = try desk.export(table, pictures: pictures, toFile: URL(asTyped: output), overwriting: overwrite)
        library.notice("Wrote \(CommandText.count(count, "tag")) to \(output).")
    }
}

extension TagTable.Format: ExpressibleByArgument {}

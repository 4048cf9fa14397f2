import ArgumentParser
import Foundation
import Studio

/// `redraw history`: what happened, the latest first.
struct HistoryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "history",
        abstract: "List what was looked at, decided and made, the latest first.",
        discussion: """
            Numbers with a g are of what was made (generations), with a p of pictures; redraw show takes either.

              redraw history
              redraw history photo.jpg --limit 200
              redraw history --generations --json
            """)

    @Argument(help: ArgumentHelp("Only what happened to this picture.", valueName: "picture"))
    var picture: String?

    @Option(name: .long, help: ArgumentHelp("At most so many lines.", valueName: "n"))
    var limit = 50

    @Flag(name: .long, help: "Only what was made.")
    var generations = false

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); it must be at least 1.") }
    }

    func run() throws {
        let desk = try Desks.open(library)
        let picture = try picture.map { try desk.picture($0) }
        let entries = try desk.history(of: picture?.id, limit: limit, generationsOnly: generations)
        if library.json { return try JSONOutput.print(entries) }
        guard !entries.isEmpty else { return library.notice("Nothing has happened yet. Start with `redraw analyze PICTURE`.") }
        let names = try desk.pictures(numbers: Set(entries.compactMap(\.picture))).mapValues(\.name)
        for entry in entries {
            let line = HistoryCommand.line(entry, picture: entry.picture.map { "p\($0) \(names[$0] ?? "")" })
            let output = Terminal.standardOutput
            output.write(DisplayText.fitted(line, output.columns) + "\n")
        }
    }

    static func line(_ entry: HistoryReport, picture: String?) -> String {
        var what = ""
        if let analysis = entry.analysis {
            what = "looked at by \(analysis.encoder), \(analysis.tags) tags, \(CommandText.fixed(analysis.seconds, 2)) s"
        } else if let decision = entry.decision {
            what = "\(HistoryCommand.verb(decision.action)) \(decision.tag), by \(decision.by)"
        } else if let prompt = entry.prompt {
            what = "prompt \(prompt.number): \(prompt.positive)"
        } else if let run = entry.generation {
            what =
                "g\(run.id) \(run.kind), \(run.status), seed \(run.seed), \(run.model)"
                + (run.outputs.first.map { ": \($0)" } ?? run.message.map { ": \($0)" } ?? "") + (run.damaged.map { "; \($0)" } ?? "")
        }
        what += entry.damaged.map { "; \($0)" } ?? ""
        return DisplayText.harmless("\(CommandText.moment(entry.date))  \(picture.map { $0 + "  " } ?? "")\(what)")
    }

    private static func verb(_ action: HistoryReport.Taken.Action) -> String {
        switch action {
        case .approve: "approved"
        case .reject: "rejected"
        case .edit: "edited"
        case .weigh: "weighted"
        case .add: "added"
        case .reset: "reset"
        case .undo: "undid the decision on"
        case .import: "imported the decision on"
        }
    }
}

import ArgumentParser
import Foundation
import Studio

/// `redraw search`: pictures by the words in what is known of them.
struct SearchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "search",
        abstract: "Find pictures and paintings by words in their tags, prompts, captions and names.",
        discussion: """
            All words must be there, the last one may be a beginning. Tags that you rejected do not count; of the prompts the latest does, and \
            the one that was found in the file or in the caption beside it. What you painted from words alone is found by its prompt.

            Numbers with a p are pictures, with a g paintings; `redraw show` takes either.

              redraw search cat sofa
              redraw search watercol --approved --since 2026-01-01
              redraw search --model redraw-small --stars 4
              redraw search harbour --json | jq -r '.[].path'
            """)

    @Argument(help: "Words; without any, everything that the options allow is listed.")
    var words: [String] = []

    @Flag(name: .long, help: "Only pictures with an approved tag.")
    var approved = false

    @Option(
        name: .long,
        help: ArgumentHelp("Only what came into the library on this day or later (default: all).", valueName: "YYYY-MM-DD"))
    var since: String?

    @Option(
        name: .long, help: ArgumentHelp("Only what was redrawn or painted with this model (default: all).", valueName: "name")
    )
    var model: String?

    @Option(
        name: .long, help: ArgumentHelp("Only what has at least so many stars, or a result that has (default: all).", valueName: "1-5"))
    var stars: Int?

    @Option(name: .long, help: ArgumentHelp("At most so many.", valueName: "n"))
    var limit = 50

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is \(limit); it must be at least 1.") }
        if let stars, !(1...5).contains(stars) { throw ValidationError("--stars is \(stars); it must be from 1 to 5.") }
        if let since, SearchCommand.day(since) == nil { throw ValidationError("--since \(since) is no day; write one as 2026-01-31.") }
    }

    func run() async throws {
        let found = try library.studio().search(
            words.joined(separator: " "), approved: approved, since: since.flatMap(SearchCommand.day), model: model, stars: stars,
            limit: limit)
        if library.json { return try JSONOutput.print(found.found) }
        let output = Terminal.standardOutput
        for one in found.found {
            let line = SearchCommand.line(one)
            output.write(DisplayText.fitted(line, output.columns) + "\n")
        }
        if found.total == 0 { library.notice("Nothing was found.") }
        if found.total > found.found.count { library.notice("\(found.found.count) of \(found.total); --limit shows more.") }
    }

    private static func line(_ found: SearchReport.Found) -> String {
        let (name, about) =
            switch found {
            case .picture(let picture):
                (
                    "p\(picture.id)  \(picture.place)",
                    (picture.prompt ?? "\(CommandText.count(picture.approved, "approved tag")), \(picture.pending) undecided")
                        + (picture.damaged.map { "; \($0)" } ?? "")
                )
            case .painting(let painting):
                (
                    "g\(painting.generation)  \(painting.path ?? painting.model)",
                    [painting.prompt, painting.damaged].compactMap { $0 }.joined(separator: "; ")
                )
            }
        return DisplayText.harmless(name + "  " + about.split(whereSeparator: \.isNewline).joined(separator: " "))
    }

    /// Midnight of a day, here.
    static func day(_ text: String) -> Date? {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
        guard parts.count == 3, let year = parts[0], let month = parts[1], let day = parts[2], (1970...9999).contains(year) else {
            return nil
        }
        let components = DateComponents(calendar: Calendar(identifier: .gregorian), year: year, month: month, day: day)
        return components.isValidDate ? components.date : nil
    }
}

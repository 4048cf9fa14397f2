import ArgumentParser
import Foundation
import Studio

/// `redraw forget`: a picture out of the library, for good.
struct ForgetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "forget",
        abstract: "Take a picture out of the library for good, with everything decided about it.",
        discussion: """
            Its analyses, decisions, prompts and the records of what was made of it go, and cannot be brought back. Files of yours stay where \
            they are: the picture itself and what was made of it; copies in the library's own folder go. Without --yes it only says what \
            would go.

              redraw forget photo.jpg
              redraw forget p3 --yes
            """)

    @Argument(help: ArgumentHelp("A picture file, its number, or the start of its SHA-256.", valueName: "picture"))
    var picture: String

    @Flag(name: .long, help: "Really do it; without this you only see what would go.")
    var yes = false

    @OptionGroup var library: LibraryOptions

    func run() async throws {
        let studio = try library.studio()
        let picture = try studio.desk().picture(picture)
        let report = try yes ? await studio.forget(picture: picture.id) : studio.forgetting(picture: picture.id)
        if library.json {
            try JSONOutput.print(report)
        } else {
            Terminal.standardOutput.write(ForgetCommand.lines(report, done: yes).map { DisplayText.harmless($0) + "\n" }.joined())
        }
        guard !yes else { return }
        library.notice("Nothing is gone yet; add --yes to do it.")
    }

    private static func lines(_ report: ForgottenReport, done: Bool) -> [String] {
        let what = [
            CommandText.count(report.analyses, "analysis").replacing("analysiss", with: "analyses"),
            CommandText.count(report.decisions, "decision"),
            CommandText.count(report.prompts, "prompt version"), CommandText.count(report.generations, "generation"),
        ].joined(separator: ", ")
        return ["picture p\(report.picture): \(what) \(done ? "are gone" : "would go")"]
            + report.removed.map { "  \($0) \(done ? "is removed" : "would be removed")" } + report.stays.map { "  \($0) stays" }
    }
}

/// `redraw rate`: stars for what was made.
struct RateCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "rate",
        abstract: "Give what was made one to five stars, as on the page.",
        discussion: """
            Stars belong to what was made: name the generation's number, or a picture file that Redraw made. redraw search --stars finds the \
            pictures they were made of.

              redraw rate 12 4
              redraw rate painted-7.png 5
              redraw rate 12 0
            """)

    @Argument(help: ArgumentHelp("A generation's number, or a picture that it made.", valueName: "generation"))
    var generation: String

    @Argument(help: ArgumentHelp("From 1 to 5; 0 takes them away.", valueName: "stars"))
    var stars: Int

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        guard (0...5).contains(stars) else { throw ValidationError("\(stars) stars: it must be from 0 to 5.") }
    }

    func run() throws {
        let studio = try library.studio()
        let id = try studio.generation(meant: generation)
        try studio.mark(generation: id, stars: stars, isKept: nil)
        if library.json { return try JSONOutput.print(try studio.desk().generation(id: id)) }
        library.notice("g\(id): \(stars == 0 ? "no stars" : CommandText.count(stars, "star")).")
    }
}

import ArgumentParser
import Studio

/// `redraw vocab`: the lists of tags.
struct VocabCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vocab",
        abstract: "List and check vocabularies; calibrate confidences; show what your decisions taught.",
        discussion: """
            A vocabulary of your own is a text file with a phrase on each line (or "facet: phrase"); use it with --vocabulary FILE.

              redraw vocab list
              redraw vocab check my-tags.txt
              redraw vocab calibrate ~/Pictures --encoder clip-vit-b-32
              redraw vocab thresholds
            """,
        subcommands: [List.self, Check.self, Calibrate.self, Thresholds.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List the shipped vocabularies.")

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() throws {
            let studio = Studio(installation: try Installation.current())
            let reports = try studio.vocabularies().map { try studio.checkVocabulary($0) }
            guard !json else { return try JSONOutput.print(reports) }
            for report in reports {
                let facets = report.facets.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.key) \($0.value)" }
                Terminal.standardOutput.write("\(report.name): \(report.tags) tags (\(facets.joined(separator: ", ")))\n")
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check",
            abstract: "Check a vocabulary: duplicates, unknown and circular implications, clashing names, forbidden words.")

        @Argument(help: "A shipped vocabulary's name, or a file or folder.", completion: .file())
        var vocabulary = "redraw"

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() throws {
            let report = try Studio(installation: try Installation.current()).checkVocabulary(vocabulary)
            if json {
                try JSONOutput.print(report)
            } else if report.problems.isEmpty {
                Terminal.standardOutput.write("\(report.name): \(report.tags) tags, no problem found\n")
            } else {
                for problem in report.problems {
                    Terminal.standardOutput.write("\(problem.file):\(problem.line): \(problem.reason)\n")
                }
            }
            if !report.problems.isEmpty { throw ExitCode.failure }
        }
    }
}

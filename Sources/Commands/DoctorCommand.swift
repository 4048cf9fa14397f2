import ArgumentParser
import Foundation
import Studio

/// `redraw doctor`: whether everything that Redraw needs is here and sound.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this installation: its data, models, vocabulary, cache and library.",
        discussion: "Exits with 1 where something needs attention, and says what.")

    @Flag(
        help:
            "Set damaged rows of the library aside, into a file beside it, and keep the rest (default: the library is looked at and left as it is)."
    )
    var repair = false

    @OptionGroup var library: LibraryOptions

    func run() async throws {
        let studio = try library.studio()
        if repair { library.notice(try studio.repair()) }
        let findings = try await studio.examine()
        if library.json {
            try JSONOutput.print(findings)
        } else {
            let paint = Terminal.standardOutput.paint
            for finding in findings {
                let mark = finding.isSound ? paint.green("ok  ") : paint.red("bad ")
                Terminal.standardOutput.write("\(mark) \(DisplayText.padded(finding.subject, 14)) \(finding.text)\n")
            }
        }
        if findings.contains(where: { !$0.isSound }) { throw ExitCode.failure }
    }
}

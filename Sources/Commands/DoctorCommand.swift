import ArgumentParser
import Foundation
import Studio

/// `redraw doctor`: whether everything that Redraw needs is here and sound.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check this installation: its data, models, vocabulary, cache and library.",
        discussion: """
            Exits with 1 where something needs attention, and says what. What takes long is left to --deep: every byte of the models and, where \
            the library is large, all of its rows instead of the latest.

              redraw doctor
              redraw doctor --deep
              redraw doctor --repair
            """)

    @Flag(help: "Read all of the models and the library (default: what can be checked quickly).")
    var deep = false

    @Flag(
        help:
            "Move what is damaged in the library into a file beside it, and keep the rest (default: only look)."
    )
    var repair = false

    @OptionGroup var library: LibraryOptions

    func run() async throws {
        let studio = try library.studio()
        if repair {
            let done = try studio.repair()
            library.notice(done)
        }
        let isDeep = deep || repair
        let findings = try await studio.examine(deep: isDeep)
        if library.json {
            try JSONOutput.print(findings)
        } else {
            let paint = Terminal.standardOutput.paint
            for finding in findings {
                let mark = finding.isSound ? paint.green("ok  ") : paint.red("bad ")
                Terminal.standardOutput.write("\(mark) \(DisplayText.padded(finding.subject, 14)) \(finding.text)\n")
            }
        }
        if !isDeep { library.notice("Not every byte was read; `redraw doctor --deep` does that.") }
        if findings.contains(where: { !$0.isSound }) { throw ExitCode.failure }
    }
}

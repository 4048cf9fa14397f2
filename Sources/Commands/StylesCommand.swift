import ArgumentParser
import Foundation
import Studio

/// `redraw styles`: the person's own styles, as the web UI's `styles.csv` has them.
struct StylesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "styles",
        abstract: "Keep words that you add to prompts again and again; takes and writes A1111's styles.",
        discussion: """
            A style has a name, words for the prompt and words for the negative prompt. {prompt} in it says where your own words go; without \
            it they come first. Styles are presets of the page, too; what else a preset says (steps, size, model) counts as well, unless you \
            say otherwise.

              redraw styles import ~/stable-diffusion-webui/styles.csv
              redraw styles list
              redraw paint "a harbour" --style "Oil painting" --style Night
              redraw styles export styles.csv
            """,
        subcommands: [List.self, Import.self, Export.self, Remove.self],
        defaultSubcommand: List.self)

    struct List: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "list", abstract: "List your styles.")

        @OptionGroup var library: LibraryOptions

        func run() throws {
            let styles = try library.studio().styles { problem in
                Terminal.standardError.write(DisplayText.harmless("redraw: \(problem)") + "\n")
            }.styles
            if library.json { return try JSONOutput.print(styles) }
            guard !styles.isEmpty else {
                return library.notice("There are no styles yet; redraw styles import styles.csv takes the web UI's.")
            }
            for style in styles {
                var line = "\(style.name): \(style.prompt)"
                if !style.negative.isEmpty { line += " | negative: \(style.negative)" }
                let output = Terminal.standardOutput
                line = DisplayText.harmless(line.split(whereSeparator: \.isNewline).joined(separator: " "))
                output.write(DisplayText.fitted(line, output.columns) + "\n")
            }
        }
    }

    struct Import: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "import", abstract: "Take in the styles of a table; a style of yours with the same name stays as it is.")

        @Argument(help: "A file such as styles.csv, with the columns name, prompt and negative_prompt.", completion: .file())
        var file: String

        @Flag(name: .long, help: "Replace styles of yours that have the same names.")
        var overwrite = false

        @OptionGroup var library: LibraryOptions

        func run() throws {
            let report = try library.studio().importStyles(from: URL(asTyped: file), replacing: overwrite)
            if library.json { try JSONOutput.print(report) }
            var parts = ["\(CommandText.count(report.added.count, "style")) added"]
            if !report.replaced.isEmpty { parts.append("\(report.replaced.count) replaced") }
            library.notice(parts.joined(separator: ", ") + ".")
            guard !report.kept.isEmpty else { return }
            let names = report.kept.prefix(20).joined(separator: ", ") + (report.kept.count > 20 ? ", …" : "")
            Terminal.standardError.write(
                "styles: \(report.kept.count) of your own stay as they are (\(DisplayText.harmless(names))); --overwrite replaces them\n")
            throw ExitCode.failure
        }
    }

    struct Export: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write your styles as a table that the web UI reads.")

        @Argument(help: "The file, such as styles.csv; - for standard output.", completion: .file())
        var file = "-"

        @Flag(name: .long, help: "Write over a file that is there.")
        var overwrite = false

        @OptionGroup var library: LibraryPlace

        func run() throws {
            let studio = try library.studio()
            guard file != "-" else {
                let (output, text) = (Terminal.standardOutput, try studio.styles().text)
                // A file or a program gets the table to the byte; a screen has no use for its mark and its line ends.
                guard output.isTerminal else { return output.draw(text) }
                return output.write(String(text.dropFirst()).replacing("\r\n", with: "\n"))
            }
            let count = try studio.exportStyles(to: URL(asTyped: file), overwriting: overwrite)
            library.notice("Wrote \(CommandText.count(count, "style")) to \(file).")
        }
    }

    struct Remove: ParsableCommand {
        static let configuration = CommandConfiguration(commandName: "remove", abstract: "Remove a style, and the preset of the same name.")

        @Argument(help: "Its name.")
        var name: String

        @OptionGroup var library: LibraryPlace

        func run() throws {
            try library.studio().remove(preset: name)
            library.notice("The style \(name) is forgotten.")
        }
    }
}

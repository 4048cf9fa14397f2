import ArgumentParser
import Studio

/// `redraw`: the root of every subcommand.
package struct RedrawCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "redraw",
        abstract: "Look at a picture, correct what was seen in it, and redraw it from what you approved.",
        discussion: """
            A first walk through:

              redraw analyze photo.jpg                    tags, a prompt, a model, a size
              redraw review photo.jpg                     approve, reject, edit the tags
              redraw generate photo.jpg                   redraw it from the approved ones
              redraw repaint photo.jpg --mask hat.png --prompt "a red hat" --strength 0.9

            redraw serve --open shows all of it in the browser, with a brush for masks.

            Everything runs on this machine, on the processor. What you decide is kept in a library, ~/.local/share/redraw.
            """,
        version: "redraw \(Studio.version)",
        groupedSubcommands: [
            CommandGroup(
                name: "Tags and prompts", subcommands: [AnalyzeCommand.self, ReviewCommand.self, TagCommand.self, PromptCommand.self]),
            CommandGroup(
                name: "Making pictures",
                subcommands: [
                    GenerateCommand.self, RepaintCommand.self, PaintCommand.self, SheetCommand.self, StylesCommand.self, JobsCommand.self,
                    ServeCommand.self,
                ]),
            CommandGroup(
                name: "The library",
                subcommands: [
                    SearchCommand.self, SimilarCommand.self, ShowCommand.self, HistoryCommand.self, RateCommand.self, ForgetCommand.self,
                    ExportCommand.self, ImportCommand.self,
                ]),
            CommandGroup(
                name: "For other programs",
                subcommands: [CaptionsCommand.self, KeywordsCommand.self, InfoCommand.self, EmbedCommand.self]),
            CommandGroup(
                name: "Setting up",
                subcommands: [
                    ModelsCommand.self, VocabCommand.self, ConfigCommand.self, DoctorCommand.self, BenchCommand.self,
                ]),
        ]
    )

    package init() {}
}

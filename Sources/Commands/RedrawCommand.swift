import ArgumentParser
import Studio

/// `redraw`: the root of every subcommand.
package struct RedrawCommand: AsyncParsableCommand {
    package static let configuration = CommandConfiguration(
        commandName: "redraw",
        abstract: "Look at a picture, screen what was seen, and redraw the picture from what you approved.",
        discussion: """
            A first walk through:

              redraw analyze photo.jpg                       tags, a prompt, a model and a size
              redraw review photo.jpg                        approve, reject and edit them
              redraw generate photo.jpg --strength 0.6       redraw the picture from what you approved
              redraw repaint photo.jpg --mask hat.png --prompt "a red hat"

            redraw serve --open shows all of it in the browser, with a brush for masks.

            Everything runs on this machine, on the CPU. What you decide is kept in a library ($XDG_DATA_HOME/redraw).
            """,
        version: "redraw \(Studio.version)",
        subcommands: [
            AnalyzeCommand.self, ReviewCommand.self, TagCommand.self, PromptCommand.self, GenerateCommand.self, RepaintCommand.self,
            PaintCommand.self, SheetCommand.self, ServeCommand.self, EmbedCommand.self, SimilarCommand.self, JobsCommand.self,
            HistoryCommand.self,
            ShowCommand.self,
            CaptionsCommand.self, KeywordsCommand.self, StylesCommand.self, SearchCommand.self, RateCommand.self, ForgetCommand.self,
            ExportCommand.self,
            ImportCommand.self,
            ModelsCommand.self, VocabCommand.self, ConfigCommand.self, InfoCommand.self, DoctorCommand.self, BenchCommand.self,
        ]
    )

    package init() {}
}

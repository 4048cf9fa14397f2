import ArgumentParser
import Studio

/// `redraw models`: what is known, what is here.
struct ModelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "models",
        abstract: "List the known models, check the installed ones, get others.",
        discussion: """
              redraw models list
              redraw models check redraw-small
              redraw models pull owner/name
              redraw models identify download.safetensors
              redraw models add ~/ComfyUI/models
            """,
        subcommands: [List.self, Check.self, Identify.self, Pull.self, Add.self, Show.self, Remove.self],
        defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "list", abstract: "List the known models, the installed ones first.",
            discussion: """
                A size in brackets is about how much would be fetched, for a model that is not installed.
                """)

        @Flag(name: .long, help: "Print the result as JSON.")
        var json = false

        func run() async throws {
            let studio = Studio(installation: try Installation.current())
            let (known, problems) = studio.models()
            let models = known + studio.registeredModels()
            for problem in problems { Terminal.standardError.write("redraw: \(problem)\n") }
            guard !json else { return try JSONOutput.print(models) }
            let terminal = Terminal.standardOutput
            let (names, kinds) = (models.map(\.name.count).max() ?? 0, models.map(\.kind.count).max() ?? 0)
            for model in models.sorted(by: { ($0.installed ? 0 : 1, $0.name) < ($1.installed ? 0 : 1, $1.name) }) {
                let state = model.bytes.map(ModelText.size) ?? model.gigabytes.map { "(\(ModelText.size(gigabytes: $0)))" } ?? "–"
                let line =
                    "\(DisplayText.padded(model.name, names))  \(DisplayText.padded(model.kind, kinds))  \(DisplayText.padded(state, 8))  "
                let words = [model.title == model.name ? "" : model.title, model.license].filter { !$0.isEmpty }
                terminal.write(DisplayText.fitted(line + words.joined(separator: " – "), terminal.columns) + "\n")
            }
        }
    }

    struct Check: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "check", abstract: "Read models' files: whether they are as their manifests say, or whole and free of damage.")

        @Argument(help: "Names of models, files or folders (default: every installed one).")
        var names: [String] = []

        func run() async throws {
            let studio = Studio(installation: try Installation.current())
            let wanted = names.isEmpty ? studio.models().models.filter(\.installed).map(\.name) : names
            let progress = ProgressLine(enabled: true)
            var isSound = true
            for name in wanted {
                let problems = try await studio.checkModel(name) { progress.show(name, share: $0) }
                progress.clear()
                Terminal.standardOutput.write(
                    problems.isEmpty ? "\(name): as it should be\n" : problems.map { "\(name): \($0)\n" }.joined())
                if !problems.isEmpty { isSound = false }
            }
            if !isSound { throw ExitCode.failure }
        }
    }
}

import ArgumentParser
import Foundation
import Studio

extension PromptForm: ExpressibleByArgument {}

/// `redraw prompt`: the approved prompt.
struct PromptCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prompt",
        abstract: "Print the approved prompt, negative prompt, model and size, ready to paste.",
        discussion: """
            The prompt is composed from the approved tags and kept as a version of its own; versions are never changed. One that you \
            write with --set stands until you decide on a tag again, or ask for --compose.

              redraw prompt photo.jpg
              redraw prompt photo.jpg --set "a ginger cat on a sofa" --negative "blurry"
              redraw prompt photo.jpg --form sentence
              redraw prompt photo.jpg --recovered
              redraw prompt photo.jpg --versions
            """)

    @Argument(help: ArgumentHelp("A picture file, its number, or the start of its SHA-256.", valueName: "picture"))
    var picture: String

    @Option(name: .customLong("set"), help: ArgumentHelp("Keep this text as the next version.", valueName: "text"))
    var positive: String?

    @Option(
        name: .long,
        help: ArgumentHelp("Keep this negative prompt with the next version (default: the one that stands).", valueName: "text"))
    var negative: String?

    @Flag(name: .long, help: "Compose from the approved tags, even after --set.")
    var compose = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Compose from the approved tags in this form, even after --set (default: as the picture's model wants it).",
            valueName: "phrase|tags|sentence"))
    var form: PromptForm?

    @Flag(name: .long, help: "Take over the prompt that was found in the picture's file, as the next version.")
    var recovered = false

    @Flag(name: .long, help: "List all versions, the oldest first.")
    var versions = false

    @OptionGroup var library: LibraryOptions

    func validate() throws {
        let writes = positive != nil || negative != nil
        if [writes, compose || form != nil, recovered, versions].count(where: { $0 }) > 1 {
            throw ValidationError("Writing (--set, --negative), --compose or --form, --recovered and --versions exclude each other.")
        }
    }

    func run() throws {
        let studio = try library.studio()
        let picture = try studio.desk().picture(picture)
        let desk = try studio.desk(composingFor: picture, form: form)
        if versions {
            try list(desk.prompts(of: picture.id))
        } else if recovered {
            try show(desk.adoptRecovered(for: picture))
        } else if positive != nil || negative != nil {
            try show(desk.write(positive: positive, negative: negative, for: picture))
        } else {
            try show(desk.prompt(of: picture, recompose: compose || form != nil))
        }
    }

    private func show(_ prompt: PromptReport) throws {
        if library.json { return try JSONOutput.print(prompt) }
        Terminal.standardOutput.write(PromptCommand.text(prompt) + "\n")
        library.notice("Kept as version \(prompt.number) of this picture's prompt.")
    }

    private func list(_ prompts: [PromptReport]) throws {
        if library.json { return try JSONOutput.print(prompts) }
        for prompt in prompts {
            let parent = prompt.parent.map { " from version \($0)" } ?? ""
            Terminal.standardOutput.write(
                "Version \(prompt.number), \(prompt.source.rawValue)\(parent), \(CommandText.moment(prompt.created))\n"
                    + PromptCommand.text(prompt) + "\n\n")
        }
    }

    static func text(_ prompt: PromptReport) -> String {
        var lines = [prompt.positive, "Negative prompt: \(prompt.negative)"]
        var rest: [String] = []
        if let width = prompt.width, let height = prompt.height { rest.append("Size: \(width)x\(height)") }
        if let model = prompt.model { rest.append("Model: \(model)") }
        if !rest.isEmpty { lines.append(rest.joined(separator: ", ")) }
        return lines.map { DisplayText.harmless($0) }.joined(separator: "\n")
    }
}

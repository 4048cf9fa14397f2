import ArgumentParser
import Studio

/// What a picture should show, and where the words for it come from.
struct WordingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the picture should show (default: the approved prompt of the picture that is redrawn).", valueName: "text"))
    var prompt: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the picture should not show (default: the picture's own negative prompt; nothing for what is painted from words).",
            valueName: "text"))
    var negative: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Add one of your styles to the prompt, see redraw styles; give it several times for several (default: none).",
            valueName: "name")
    )
    var style: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The folder with the files that __name__ in a prompt stands for, one choice a line (default: wildcards in Redraw's data folder).",
            valueName: "dir"),
        completion: .directory)
    var wildcards: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take whatever you do not say here from a picture's own parameters, or from a text: A1111's, ComfyUI's and those of others (default: nothing).",
            valueName: "file"),
        completion: .file())
    var from: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Use a preset of your configuration file or of the page for every option you leave out, see redraw config (default: none).",
            valueName: "name"))
    var preset: String?

    func fill(_ wish: inout GenerationWish) {
        (wish.prompt, wish.negative, wish.wildcards) = (prompt, negative, wildcards)
        if !style.isEmpty { wish.styles = style }
    }
}

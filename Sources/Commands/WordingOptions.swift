import ArgumentParser
import Studio

/// The options about words that every command that makes pictures has.
struct WordingOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Lay the prompt of one of your styles over this one, see redraw styles; give it several times for several (default: none).",
            valueName: "name")
    )
    var style: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Where the files lie that __name__ in a prompt means, a choice a line (default: wildcards in Redraw's data folder).",
            valueName: "dir"),
        completion: .directory)
    var wildcards: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take what is not said here from a picture's own parameters, or from a text's: A1111's, ComfyUI's and those of others (default: nothing).",
            valueName: "file"),
        completion: .file())
    var from: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "How the settings are written into the picture: redraw, or a1111 for just what that tool has, with hashes of the model and of LoRAs (default: redraw).",
            valueName: "name"),
        completion: .list(GenerationWish.infotexts))
    var infotext: String?

    func fill(_ wish: inout GenerationWish) {
        if !style.isEmpty { wish.styles = style }
        wish.wildcards = wildcards
        wish.infotext = infotext
    }
}

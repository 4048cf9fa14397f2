import ArgumentParser
import Studio

/// What is done about transparency, for commands that start from a picture.
struct BackgroundOption: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "What stands where the picture is transparent: white, black, grey, a colour such as #ff8800, or keep, which gives the result the same transparency (default: white; what is repainted stays transparent outside of the mask).",
            valueName: "colour"))
    var background: String?

    /// Puts what the person said into a wish.
    func fill(_ wish: inout GenerationWish) { wish.background = background }
}

import ArgumentParser
import Studio

/// How large a picture becomes, and how one that is composed anew comes to its size.
struct GrowthOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "How large the picture is made, or picture for the size of the one that is redrawn; far from the size a model was trained at, things appear twice (default: of the sizes that the model draws well the nearest to the picture's proportions; a square for what is painted from words).",
            valueName: "WxH|picture"))
    var size: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Compose the picture small, as large as a square of this side, then enlarge and redraw it until it has its size, so that large pictures do not show things twice; 0 makes it at once. When redrawing it counts from strength 0.75 on, when repainting from 0.9 on and for what the mask covers (default: the model's own, but 0 in redrawing).",
            valueName: "pixels"))
    var firstSide: Int?

    @Option(
        name: .long,
        help:
            "How much is redrawn after each enlarging, as a strength: less keeps what was composed, more adds detail (default: the model's own, else 0.5)."
    )
    var refine: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make so many small pictures first, each with its own seed, and go on with the one nearest to the prompt: better composed, and a little slower (default: 1 where --seed is given, else the model's own, else 1).",
            valueName: "n"))
    var drafts: Int?

    func fill(_ wish: inout GenerationWish) {
        (wish.size, wish.firstSide, wish.refine, wish.drafts) = (size, firstSide, refine, drafts)
    }
}

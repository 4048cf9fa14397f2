import ArgumentParser
import Studio

/// How a picture that is composed anew comes to its size.
struct GrowthOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Make a first picture as large as a square of this side, then enlarge and redraw it until it has its size; 0: at once. In redrawing it counts from strength 0.75 on; in repainting from 0.9 on, and what the mask covers is as large (default: the model's own, but 0 in redrawing).",
            valueName: "pixels"))
    var firstSide: Int?

    @Option(name: .long, help: "Strength at which what was enlarged is redrawn (default: the model's own, else 0.5).")
    var refine: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Try so many first pictures for each picture, every one with a seed of its own, and grow the one that the encoder finds nearest to the prompt (default: 1 where --seed is given, else the model's own, else 1).",
            valueName: "n"))
    var drafts: Int?

    /// Puts what the person said into a wish.
    func fill(_ wish: inout GenerationWish) {
        (wish.firstSide, wish.refine, wish.drafts) = (firstSide, refine, drafts)
    }
}

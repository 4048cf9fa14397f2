import ArgumentParser
import Studio

/// How a picture that is composed anew comes to its size.
struct GrowthOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Paint a first picture as large as a square of this side, then enlarge and redraw it until it has its size; 0: at once. In repainting it counts from strength 0.9 on, and what the mask covers is as large (default: the model's own, else 0).",
            valueName: "pixels"))
    var firstSide: Int?

    @Option(name: .long, help: "Strength at which what was enlarged is redrawn (default: the model's own, else 0.5).")
    var refine: Double?

    /// Puts what the person said into a request.
    func shape(_ request: inout GenerationRequest) {
        if let firstSide { request.firstSide = firstSide == 0 ? nil : firstSide }
        request.refine = refine ?? request.refine
    }
}

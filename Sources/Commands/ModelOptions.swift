import ArgumentParser
import Studio

/// What draws, and which parts it takes from elsewhere.
struct ModelOptions: ParsableArguments {
    @Option(
        name: .customLong("model"),
        help: ArgumentHelp(
            "What draws: a model's name (see redraw models list), its folder, or a .safetensors file (default: redraw-small, or redraw-painter for new pictures and for masks at high strength).",
            valueName: "name|path"))
    var name: String?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Take the autoencoder, which sets fine detail and colours, from a file, a folder, one that you added or another model (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var vae: String?

    @Option(
        name: .customLong("text-encoder"),
        help: ArgumentHelp(
            "Have the text encoder of a file, a folder, one that you added or another model read the prompt; give it twice where SDXL's two lie apart (default: the model's; where it has none, that of an installed one of its family).",
            valueName: "name|path"))
    var textEncoders: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Read the prompt a layer of the text encoder earlier, as many models for drawings want it with 2; 1 is the last layer (default: the model's own).",
            valueName: "n"))
    var clipSkip: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What the model was trained to predict, epsilon (the noise), v (the velocity) or sample; name it where pictures come out as noise or grey (default: what its files say).",
            valueName: "name"),
        completion: .list(GenerationWish.predictions))
    var prediction: String?

    func fill(_ wish: inout GenerationWish) {
        (wish.model, wish.vae, wish.textEncoders) = (name, vae, textEncoders.isEmpty ? nil : textEncoders)
        (wish.clipSkip, wish.prediction) = (clipSkip, prediction)
    }
}

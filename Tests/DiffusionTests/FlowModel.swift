import Checkpoints
import Foundation
import Tensors

@testable import Diffusion

/// The door of the flow family: all that a family without a UNet adds beside its place in the list.
struct FlowModel: OpenedModel {
    static let parts = ["transformer"]
    static let title: String? = "Flow"

    static func isHere(_ place: ModelPlace) -> Bool { place.file?.has("flow.palette") ?? place.hasPart("transformer") }

    let family: any ModelFamily = FlowFamily()
    let notes: [String]
    let weightMemory: WeightMemory
    private let weights: Weights

    init(_ place: ModelPlace, options: PipelineOptions) throws {
        if let file = place.file {
            weights = try Weights(files: [file])
        } else {
            weights = try Weights(folder: place.url.appendingPathComponent("transformer"), stem: "diffusion_pytorch_model")
        }
        weightMemory = WeightMemory(text: 4 * (try weights.shape(of: "flow.palette").count))
        notes = options.notes
    }

    func meter() -> (any PromptMeter)? { PaletteMeter() }

    func load(sentences: () throws -> any PromptEncoder) throws -> Pipeline {
        let palette = try weights.tensor("flow.palette", [3, 3])
        return Pipeline(family: family, denoiser: FlowDenoiser(), codec: FlowCodec(), text: PaletteWords(palette: palette))
    }
}

struct PaletteMeter: PromptMeter {
    func length(of words: String) -> PromptLength { PromptLength(tokens: words.count, limit: 1) }
}

/// Reads the numbers of a palette's colours.
struct PaletteWords: PromptEncoder {
    /// [colours, 3]
    let palette: Tensor

    func states(for prompt: String) throws -> Tensor {
        let row = Int(prompt) ?? 0
        return Tensor(palette.withUnsafeValues { Array($0[3 * row..<3 * row + 3]) }, shape: [1, 1, 3])
    }

    func tokenCount(_ prompt: String) throws -> Int { 3 }
}

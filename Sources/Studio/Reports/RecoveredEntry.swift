import Analysis

/// A prompt that stands in a picture's file or beside it, in the shape that scripts read and that the library keeps with an analysis.
package struct RecoveredEntry: Codable, Sendable, Hashable {
    let prompt: RecoveredPrompt

    init(_ prompt: RecoveredPrompt) { self.prompt = prompt }

    package init(from decoder: any Decoder) throws { prompt = try RecoveredPrompt(from: decoder) }

    package func encode(to encoder: any Encoder) throws { try prompt.encode(to: encoder) }

    /// What the tool is called that writes it so; nil for plain text.
    package var tool: String? {
        switch prompt.tool {
        case .redraw: "Redraw"
        case .a1111: "A1111"
        case .comfyui: "ComfyUI"
        case .novelai: "NovelAI"
        case .invokeai: "InvokeAI"
        case .fooocus: "Fooocus"
        case .swarmui: "SwarmUI"
        case .drawThings: "Draw Things"
        case .text: nil
        }
    }
    /// Where it stands, for people: `PNG entry "parameters"`, `EXIF comment`, `photo.txt`.
    package var place: String { prompt.place }
    package var positive: String { prompt.positive }
    package var negative: String { prompt.negative }
    /// As the tool names it.
    package var model: String? { prompt.model }
    /// Pixels that were generated.
    package var width: Int? { prompt.width }
    package var height: Int? { prompt.height }
    package var seed: UInt64? { prompt.seed }
    package var steps: Int? { prompt.steps }
    package var sampler: String? { prompt.sampler }
    package var guidance: Double? { prompt.guidance }
    package var strength: Double? { prompt.strength }
    /// Everything else that was stated, as it was written.
    package var settings: [String: String] { prompt.settings }
}

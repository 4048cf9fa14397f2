import Encoders
import Tensors

/// The default text tower, as the small generator was trained to see it: its last hidden states, start and end of the text included, and the
/// text's embedding.
extension SentenceTextTower: PromptEncoder {
    public func states(for prompt: String) throws -> Tensor {
        try states(prompt).hidden
    }

    /// Weights of stretches count for the token states; the embedding is of the text without them.
    public func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        let isLiteral = reading.profile == .diffusers
        let plain = isLiteral ? prompt : PromptWeights.parse(prompt).map(\.text).joined()
        let states = try isLiteral ? states(for: prompt) : weightedStates(for: prompt)
        return Conditioning(states: states, pooled: Tensor(try embed([plain])[0].values, shape: [1, dimension]))
    }
}

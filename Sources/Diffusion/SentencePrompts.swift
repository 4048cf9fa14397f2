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
        let parts = reading.profile == .diffusers ? [WeightedText(prompt, 1)] : PromptWeights.parse(prompt)
        let states = try states(for: parts.map(\.text).joined())
        let pooled = Embedding(direction: states.meanPooled(lengths: [states.shape[1]]).values)
        return Conditioning(states: try weighted(states, by: parts), pooled: Tensor(pooled.values, shape: [1, dimension]))
    }
}

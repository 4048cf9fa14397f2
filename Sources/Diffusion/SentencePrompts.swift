import Encoders
import Tensors

/// The default text tower, as the small generator was trained to see it: its last hidden states, start and end of the text included, and the
/// text's embedding.
extension SentenceTextTower: PromptEncoder {
    package func states(for prompt: String) throws -> Tensor {
        try states(prompt).hidden
    }

    /// Weights of stretches count for the token states; the embedding is of the text without them. Each piece between the words `BREAK` is
    /// encoded by itself, and their states stand one behind the other.
    package func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        let parts = reading.profile == .diffusers ? [WeightedText(prompt, 1)] : PromptWeights.parts(prompt)
        var pieces: [Tensor] = []
        for piece in parts.split(separator: nil, omittingEmptySubsequences: true).map({ $0.compactMap { $0 } }) {
            pieces.append(try weighted(try states(for: piece.map(\.text).joined()), by: piece))
        }
        let words = parts.map { $0?.text ?? ", " }.joined()
        let whole = try states(for: words)
        let pooled = Embedding(direction: whole.meanPooled(lengths: [whole.shape[1]]).values)
        let states = pieces.isEmpty ? whole : pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 1)
        return Conditioning(states: states, pooled: Tensor(pooled.values, shape: [1, dimension]))
    }
}

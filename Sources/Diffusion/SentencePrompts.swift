import Encoders
import Tensors

/// The default text tower, as the small generator was trained to see it: its last hidden states, start and end of the text included.
extension SentenceTextTower: PromptEncoder {
    public func states(for prompt: String) throws -> Tensor {
        try states(prompt).hidden
    }
}

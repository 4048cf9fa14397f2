import Tensors

/// Classifier-free guidance (Ho and Salimans 2022): what the UNet says with the prompt, pushed away from what it says without. A prompt may
/// be composed of several (Liu et al. 2022), each pushing with its own weight.
package struct Guidance: Sendable {
    /// What the model is told of the prompt; of its first part where it has several.
    package let conditional: Conditioning
    /// What it is told of the negative prompt; nil where the prompt alone counts.
    package let unconditional: Conditioning?
    /// Weight of the difference between the two.
    package let scale: Float
    /// Of each part of the prompt.
    private let weights: [Float]
    /// What one forward pass is told: for each latent of the batch its own text.
    let context: TextContext
    /// What is told instead from a step on, in order.
    private var changes: [(step: Int, guidance: Guidance)] = []

    /// - Parameters:
    ///   - unconditional: may have another number of tokens. Without it, or with a scale of 1 or less, one latent is run a step, not two.
    package init(conditional: Conditioning, unconditional: Conditioning? = nil, scale: Float = 1) {
        self.init(parts: [(conditional, 1)], unconditional: unconditional, scale: scale)
    }

    /// - Parameters:
    ///   - parts: of the prompt, with their weights; at least one.
    ///   - added: what the model's family adds to the texts of a batch.
    init(
        parts: [(text: Conditioning, weight: Float)], unconditional: Conditioning?, scale: Float,
        added: ([Conditioning]) -> (any AddedConditioning)? = { _ in nil }
    ) {
        let guided = scale > 1 ? unconditional : nil
        conditional = parts[0].text
        self.unconditional = guided
        self.scale = scale
        weights = parts.map(\.weight)
        let texts = [guided].compactMap { $0 } + parts.map(\.text)
        var context = Self.joined(texts.map(\.states))
        context.added = added(texts)
        self.context = context
    }

    /// This guidance, and others from certain steps of the run on, counted from 0.
    func changing(_ changes: [(step: Int, guidance: Guidance)]) -> Guidance {
        var result = self
        result.changes = changes
        return result
    }

    /// What is told at a step of the run.
    func at(step: Int) -> Guidance {
        changes.last { $0.step <= step }?.guidance ?? self
    }

    /// How many changes there were up to a step of the run.
    func stretch(at step: Int) -> Int { changes.count { $0.step <= step } }

    /// How many latents go through the UNet in a step.
    package var batch: Int { weights.count + (unconditional == nil ? 0 : 1) }

    /// The UNet's input for one latent: itself, once for each text.
    func input(_ latent: Tensor) -> Tensor {
        batch == 1 ? latent : latent.repeated(batch)
    }

    /// What the UNet's output for `input(_:)` comes to: [1, height, width, channels].
    func combined(_ output: Tensor) -> Tensor {
        guard batch > 1 else { return output }
        let total = weights.reduce(0, +)
        guard unconditional != nil else {
            // Without a negative prompt the parts' mean, by their weights.
            var sum = output.sliced(0..<1) * (weights[0] / total)
            for (index, weight) in weights.enumerated().dropFirst() {
                sum = sum.scaled(by: 1, adding: output.sliced(index..<index + 1), scaledBy: weight / total)
            }
            return sum
        }
        var result = output.sliced(0..<1).scaled(by: 1 - scale * total, adding: output.sliced(1..<2), scaledBy: scale * weights[0])
        for (index, weight) in weights.enumerated().dropFirst() {
            result = result.scaled(by: 1, adding: output.sliced(index + 1..<index + 2), scaledBy: scale * weight)
        }
        return result
    }

    /// All texts in one batch; shorter ones are filled up with zeros that no query looks at, so that the result is that of a pass for each.
    private static func joined(_ states: [Tensor]) -> TextContext {
        guard states.count > 1 else { return TextContext(states: states[0], mask: .none) }
        let lengths = states.map { $0.shape[1] }
        let longest = lengths.max() ?? 0
        let batch = Tensor.concatenated(states.map { $0.padded(toTokens: longest) }, axis: 0)
        return TextContext(states: batch, mask: Set(lengths).count == 1 ? .none : .lengths(lengths))
    }
}

extension Tensor {
    /// [1, tokens, width] with rows of zeros behind it.
    fileprivate func padded(toTokens count: Int) -> Tensor {
        let missing = count - shape[1]
        return missing == 0 ? self : Tensor.concatenated([self, .zeros([shape[0], missing, shape[2]])], axis: 1)
    }
}

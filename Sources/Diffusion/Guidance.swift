import Tensors

/// Classifier-free guidance (Ho and Salimans 2022): what the UNet says with the prompt, pushed away from what it says without.
public struct Guidance: Sendable {
    /// What the model is told of the prompt.
    public let conditional: Conditioning
    /// What it is told of the negative prompt; nil where the prompt alone counts.
    public let unconditional: Conditioning?
    /// Weight of the difference between the two.
    public let scale: Float
    /// What one forward pass is told: for each latent of the batch its own text.
    let context: TextContext

    /// - Parameters:
    ///   - unconditional: may have another number of tokens. Without it, or with a scale of 1 or less, one latent is run a step, not two.
    ///   - sizes: original height and width, top, left, target height and width, for models that are told them.
    public init(conditional: Conditioning, unconditional: Conditioning? = nil, scale: Float = 1, sizes: [Float] = []) {
        let guided = scale > 1 ? unconditional : nil
        self.conditional = conditional
        self.unconditional = guided
        self.scale = scale
        var context =
            guided.map { Self.joined(unconditional: $0.states, conditional: conditional.states) }
            ?? TextContext(states: conditional.states, mask: .none)
        if let pooled = conditional.pooled {
            context.pooled = guided?.pooled.map { Tensor.concatenated([$0, pooled], axis: 0) } ?? pooled
        }
        context.sizes = sizes
        context.guidanceScale = scale
        self.context = context
    }

    /// How many latents go through the UNet in a step.
    public var batch: Int { unconditional == nil ? 1 : 2 }

    /// The UNet's input for one latent: itself, once for each text.
    func input(_ latent: Tensor) -> Tensor {
        unconditional == nil ? latent : latent.repeated(2)
    }

    /// What the UNet's output for `input(_:)` comes to: [1, height, width, channels].
    func combined(_ output: Tensor) -> Tensor {
        guard unconditional != nil else { return output }
        let (without, with) = (output.sliced(0..<1), output.sliced(1..<2))
        return without.scaled(by: 1 - scale, adding: with, scaledBy: scale)
    }

    /// Both texts in one batch; the shorter is filled up with zeros that no query looks at, so that the result is that of two passes.
    private static func joined(unconditional: Tensor, conditional: Tensor) -> TextContext {
        let lengths = [unconditional.shape[1], conditional.shape[1]]
        let longest = max(lengths[0], lengths[1])
        let states = Tensor.concatenated([unconditional, conditional].map { $0.padded(toTokens: longest) }, axis: 0)
        return TextContext(states: states, mask: lengths[0] == lengths[1] ? .none : .lengths(lengths))
    }
}

extension Tensor {
    /// [1, tokens, width] with rows of zeros behind it.
    fileprivate func padded(toTokens count: Int) -> Tensor {
        let missing = count - shape[1]
        return missing == 0 ? self : Tensor.concatenated([self, .zeros([shape[0], missing, shape[2]])], axis: 1)
    }
}

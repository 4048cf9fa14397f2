import Checkpoints
import Tensors

/// diffusers' `Attention`: projections `to_q`, `to_k`, `to_v`, heads, projection `to_out.0`. With a context, queries look at that instead.
package struct Attention: Sendable {
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let heads: Int

    /// - Parameters:
    ///   - width: of the queries' tokens and of the result.
    ///   - contextWidth: of the tokens looked at; `width` for attention of a sequence to itself.
    ///   - innerWidth: of all heads together; `width` unless given.
    ///   - bias: whether `to_q`, `to_k` and `to_v` have biases (`to_out.0` always has).
    package init(
        _ weights: Weights, width: Int, contextWidth: Int? = nil, innerWidth: Int? = nil, heads: Int, bias: Bool = false
    ) throws(CheckpointError) {
        let inner = innerWidth ?? width
        query = try Linear(weights["to_q"], input: width, output: inner, bias: bias)
        key = try Linear(weights["to_k"], input: contextWidth ?? width, output: inner, bias: bias)
        value = try Linear(weights["to_v"], input: contextWidth ?? width, output: inner, bias: bias)
        output = try Linear(weights["to_out"][0], input: inner, output: width)
        self.heads = heads
    }

    /// - Parameters:
    ///   - x: `[batch, tokens, width]`
    ///   - context: `[batch or 1, context tokens, contextWidth]`; `x` itself unless given.
    ///   - residual: of the shape of `x`; added to the result.
    /// - Returns: `[batch, tokens, width]`
    package func callAsFunction(
        _ x: Tensor, context: Tensor? = nil, mask: AttentionMask = .none, adding residual: Tensor? = nil
    ) -> Tensor {
        let seen = context ?? x
        let looked = attention(query(x), key(seen), value(seen), heads: heads, mask: mask, arithmetic: query.arithmetic)
        return output(looked, adding: residual)
    }
}

/// diffusers' `FeedForward` with `GEGLU`: `net.0.proj` to twice the inner width, gate, `net.2` back.
package struct FeedForward: Sendable {
    private let enter: Linear
    private let leave: Linear

    /// - Parameter multiple: how much wider the inside is.
    package init(_ weights: Weights, width: Int, multiple: Int = 4) throws(CheckpointError) {
        enter = try Linear(weights["net"][0]["proj"], input: width, output: 2 * multiple * width)
        leave = try Linear(weights["net"][2], input: multiple * width, output: width)
    }

    /// - Parameter x: `[…, width]`
    /// - Returns: `[…, width]`
    package func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil) -> Tensor {
        leave(enter.gated(x), adding: residual)
    }
}

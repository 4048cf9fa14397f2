import Checkpoints
import Tensors

/// torch's `Linear`: x weight^T + bias.
package struct Linear: Sendable {
    /// `[output, input]`, packed.
    private let weight: PackedMatrix
    /// `[output]`
    private let bias: Tensor?

    package let input: Int
    package let output: Int

    /// Reads `weight` `[output, input]` (or `[output, input, 1, 1]`, as checkpoints have it whose layer once was a 1x1 convolution) and,
    /// where `bias`, `bias` `[output]`.
    package init(_ weights: Weights, input: Int, output: Int, bias: Bool = true) throws(CheckpointError) {
        let asConvolution = try weights.shape(of: "weight").rank == 4
        weight = try weights.matrix("weight", asConvolution ? [output, input, 1, 1] : [output, input])
        self.bias = bias ? try weights.tensor("bias", [output]) : nil
        (self.input, self.output) = (input, output)
    }

    /// A layer of tensors that were read elsewhere, such as a part of a fused projection.
    ///
    /// - Parameter holding: of the weights that they are from.
    package init(weight: Tensor, bias: Tensor?, holding: WeightHolding = WeightHolding()) {
        self.weight = PackedMatrix(weight, format: holding.format)
        self.bias = bias
        (input, output) = (self.weight.inputs, self.weight.outputs)
    }

    /// In which numbers it multiplies.
    package var arithmetic: Arithmetic { weight.arithmetic }

    /// - Parameters:
    ///   - x: `[…, input]`
    ///   - residual: `[…, output]`, added after the activation.
    /// - Returns: `[…, output]`
    package func callAsFunction(_ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil) -> Tensor {
        matmul(x, weight, bias: bias, activation: activation, adding: residual)
    }

    /// The first half of what the layer makes of `[…, input]` times the GELU of the second: `[…, output / 2]`.
    package func gated(_ x: Tensor) -> Tensor { gatedProduct(x, weight, bias: bias) }
}

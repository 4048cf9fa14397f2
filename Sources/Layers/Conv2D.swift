import Checkpoints
import Tensors

/// torch's `Conv2d` over channels-last maps: dense, or depthwise where `groups` is the number of channels.
package struct Conv2D: Sendable {
    private let weight: PackedConvolution
    /// `[output]`
    private let bias: Tensor?
    private let stride: Int
    private let padding: Padding

    package let input: Int
    package let output: Int

    /// Reads `weight` `[output, input / groups, kernel, kernel]` and, where `bias`, `bias` `[output]`.
    package init(
        _ weights: Weights, input: Int, output: Int, kernel: Int, stride: Int = 1, padding: Padding = 0, groups: Int = 1, bias: Bool = true
    ) throws(CheckpointError) {
        weight = try weights.convolution("weight", [output, input / groups, kernel, kernel], groups: groups)
        self.bias = bias ? try weights.tensor("bias", [output]) : nil
        self.stride = stride
        self.padding = padding
        (self.input, self.output) = (weight.inputs, weight.outputs)
    }

    /// Reads a convolution without bias and the batch norm behind it, and makes one convolution of both:
    /// weight * scale and norm.bias - mean * scale, with scale = norm.weight / sqrt(variance + epsilon).
    package init(
        _ weights: Weights, input: Int, output: Int, kernel: Int, stride: Int = 1, padding: Padding = 0, groups: Int = 1,
        foldingBatchNorm norm: Weights, epsilon: Float
    ) throws(CheckpointError) {
        let weight = try weights.tensor("weight", [output, input / groups, kernel, kernel])
        let gamma = try norm.tensor("weight", [output]).values
        let beta = try norm.tensor("bias", [output]).values
        let mean = try norm.tensor("running_mean", [output]).values
        let variance = try norm.tensor("running_var", [output]).values
        norm.ignore("num_batches_tracked")
        let scale = zip(gamma, variance).map { $0 / ($1 + epsilon).squareRoot() }
        let row = weight.count / max(output, 1)
        let folded = Tensor(shape: weight.shape) { target in
            weight.withUnsafeValues { values in
                for index in values.indices {
                    target[index] = values[index] * scale[index / row]
                }
            }
        }
        let bias = Tensor((0..<output).map { beta[$0] - mean[$0] * scale[$0] }, shape: [output])
        self.init(weight: folded, bias: bias, stride: stride, padding: padding, groups: groups, holding: weights.holding)
    }

    /// - Parameters:
    ///   - weight: `[output, input / groups, height, width]`
    ///   - holding: of the weights that it is from.
    package init(
        weight: Tensor, bias: Tensor?, stride: Int = 1, padding: Padding = 0, groups: Int = 1, holding: WeightHolding = WeightHolding()
    ) {
        self.weight = PackedConvolution(weight, groups: groups, format: holding.format)
        self.bias = bias
        self.stride = stride
        self.padding = padding
        (input, output) = (self.weight.inputs, self.weight.outputs)
    }

    /// - Parameters:
    ///   - x: `[batch, height, width, input]`
    ///   - residual: of the result's shape, added after the activation; dense convolutions only.
    /// - Returns: `[batch, height', width', output]`
    package func callAsFunction(_ x: Tensor, activation: Activation = .none, adding residual: Tensor? = nil) -> Tensor {
        convolution(x, weight, bias: bias, stride: stride, padding: padding, activation: activation, adding: residual)
    }

    /// The convolution of activation(norm(x)), which does not come to stand in memory where the map is large.
    ///
    /// - Parameters:
    ///   - shift: `[output]`, added to the bias.
    ///   - residual: of the result's shape, added.
    /// - Returns: `[batch, height', width', output]`
    package func callAsFunction(
        _ x: Tensor, behind norm: GroupNorm, _ normActivation: Activation, shiftedBy shift: Tensor? = nil,
        adding residual: consuming Tensor? = nil
    ) -> Tensor {
        convolution(
            x, weight, bias: Self.sum(bias, shift), stride: stride, padding: padding, adding: residual,
            prepared: norm.preparation(of: x, activation: normActivation))
    }

    /// The convolution of the map with every pixel four times (torch's nearest interpolation by 2), likewise.
    package func callAsFunction(doubling x: Tensor) -> Tensor {
        convolution(x, weight, bias: bias, stride: stride, padding: padding, prepared: .doubled)
    }

    private static func sum(_ bias: Tensor?, _ shift: Tensor?) -> Tensor? {
        guard let bias, let shift else { return bias ?? shift }
        return bias + shift
    }
}

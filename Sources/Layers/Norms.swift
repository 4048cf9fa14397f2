import Checkpoints
import Tensors

/// torch's `GroupNorm` over channels-last maps.
package struct GroupNorm: Sendable {
    /// `[channels]` each
    private let weight, bias: Tensor
    private let groups: Int
    private let epsilon: Float

    package init(_ weights: Weights, groups: Int, channels: Int, epsilon: Float = 1e-5) throws(CheckpointError) {
        weight = try weights.tensor("weight", [channels])
        bias = try weights.tensor("bias", [channels])
        self.groups = groups
        self.epsilon = epsilon
    }

    /// - Parameter x: `[batch, …, channels]`
    package func callAsFunction(_ x: Tensor, activation: Activation = .none) -> Tensor {
        groupNorm(x, groups: groups, weight: weight, bias: bias, epsilon: epsilon, activation: activation)
    }

    /// The same as what a convolution does to its map first.
    func preparation(of x: Tensor, activation: Activation) -> MapPreparation {
        .scaled(groupScales(x, groups: groups, weight: weight, bias: bias, epsilon: epsilon), activation)
    }
}

/// torch's `LayerNorm` over the last dimension.
package struct LayerNorm: Sendable {
    /// `[width]` each
    private let weight, bias: Tensor
    private let epsilon: Float

    package init(_ weights: Weights, width: Int, epsilon: Float = 1e-5) throws(CheckpointError) {
        weight = try weights.tensor("weight", [width])
        bias = try weights.tensor("bias", [width])
        self.epsilon = epsilon
    }

    /// - Parameter x: `[…, width]`
    package func callAsFunction(_ x: Tensor) -> Tensor {
        layerNorm(x, weight: weight, bias: bias, epsilon: epsilon)
    }
}

import Checkpoints
import Layers
import Tensors

/// MBConv (Sandler 2018) as EfficientNet-Lite has it, without squeeze and excitation: expand, depthwise, project.
struct InvertedBottleneck: Sendable {
    private let expand: Conv2D?
    private let depthwise: SameConv2D
    private let project: Conv2D
    private let hasShortcut: Bool

    init(_ weights: Weights, _ block: EncoderConfiguration.ImageTower.Block) throws(CheckpointError) {
        let inner = block.input * block.expansion
        expand = block.expansion == 1 ? nil : try Conv2D(weights["expand"], input: block.input, output: inner, kernel: 1)
        depthwise = try SameConv2D(
            weights["depthwise"], input: inner, output: inner, kernel: block.kernel, stride: block.stride, groups: inner)
        project = try Conv2D(weights["project"], input: inner, output: block.output, kernel: 1)
        hasShortcut = block.stride == 1 && block.input == block.output
    }

    /// - Parameter x: `[1, height, width, input]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let wide = expand?(x, activation: .relu6) ?? x
        return project(depthwise(wide, activation: .relu6), adding: hasShortcut ? x : nil)
    }
}

/// A convolution padded as TensorFlow's SAME: the result has ceil(size / stride) pixels a side, the odd pixel of padding goes to the right and
/// the bottom. How much that is depends on the size, so there is a convolution for maps of even sides and one for odd.
struct SameConv2D: Sendable {
    private let even, odd: Conv2D

    init(
        _ weights: Weights, input: Int, output: Int, kernel: Int, stride: Int, groups: Int = 1
    ) throws(CheckpointError) {
        func convolution(side: Int) throws(CheckpointError) -> Conv2D {
            let total = max(((side + stride - 1) / stride - 1) * stride + kernel - side, 0)
            let padding = Padding(top: total / 2, left: total / 2, bottom: total - total / 2, right: total - total / 2)
            return try Conv2D(weights, input: input, output: output, kernel: kernel, stride: stride, padding: padding, groups: groups)
        }
        // Strides are 1 and 2, so the padding depends on whether the side is even, and any large side of that kind tells it.
        odd = try convolution(side: 1001)
        even = stride == 1 ? odd : try convolution(side: 1000)
    }

    func callAsFunction(_ x: Tensor, activation: Activation) -> Tensor {
        (x.shape[1] % 2 == 0 ? even : odd)(x, activation: activation)
    }
}

import Checkpoints
import Layers
import Tensors
import TestSupport
import Testing

/// Goldens of torch and diffusers, made by Fixtures/make_goldens.py.
private struct Golden {
    let scope: Weights

    init(_ name: String) throws {
        scope = try Weights(url: fixture("layers.safetensors", room: "Layers"))[name]
    }

    var weights: Weights { scope["weights"] }

    func tensor(_ name: String) throws -> Tensor {
        try scope.tensor(name, scope.shape(of: name))
    }

    /// Both sides sum the same products in single precision in another order: the error is a few units in the last place (6e-8) times
    /// the square root of a few hundred terms, relative to the largest value of the result.
    func expect(_ actual: Tensor, tolerance: Float = 3e-6, _ location: SourceLocation = #_sourceLocation) throws {
        let expected = try tensor("output")
        #expect(actual.shape == expected.shape, sourceLocation: location)
        let agreement = Agreement(actual.values, expected.values)
        #expect(agreement.relative <= tolerance, "\(scope.path): \(agreement)", sourceLocation: location)
        try scope.requireAllRead()
    }
}

@Test(arguments: [
    ("linear", Activation.none), ("linear_gelu", .gelu), ("linear_gelu_tanh", .geluTanh), ("linear_silu", .silu),
    ("linear_quick_gelu", .quickGELU),
])
func linearAgreesWithTorch(name: String, activation: Activation) throws {
    let golden = try Golden(name)
    let layer = try Linear(golden.weights, input: 24, output: 40)
    try golden.expect(layer(golden.tensor("input"), activation: activation))
}

private struct ConvolutionCase: Sendable, CustomTestStringConvertible {
    var name: String
    var input: Int
    var output: Int
    var kernel: Int
    var stride = 1
    var padding: Padding = 0
    var groups = 1
    var bias = true

    var testDescription: String { name }
}

@Test(arguments: [
    ConvolutionCase(name: "conv1x1", input: 12, output: 20, kernel: 1),
    ConvolutionCase(name: "conv3x3", input: 12, output: 20, kernel: 3, padding: 1),
    ConvolutionCase(name: "conv3x3_square", input: 32, output: 24, kernel: 3, padding: 1),
    ConvolutionCase(name: "conv3x3_stride2", input: 12, output: 20, kernel: 3, stride: 2, padding: 1),
    ConvolutionCase(
        name: "conv3x3_uneven", input: 12, output: 12, kernel: 3, stride: 2, padding: Padding(top: 0, left: 0, bottom: 1, right: 1)),
    ConvolutionCase(name: "conv4x4_patch", input: 3, output: 16, kernel: 4, stride: 4, bias: false),
    ConvolutionCase(name: "conv_rgb_stem", input: 3, output: 16, kernel: 3, stride: 2, padding: 1),
    ConvolutionCase(name: "depthwise3x3", input: 40, output: 40, kernel: 3, padding: 1, groups: 40),
    ConvolutionCase(name: "depthwise3x3_stride2", input: 20, output: 20, kernel: 3, stride: 2, padding: 1, groups: 20),
    ConvolutionCase(name: "depthwise5x5", input: 24, output: 24, kernel: 5, padding: 2, groups: 24),
    ConvolutionCase(name: "depthwise5x5_stride2", input: 24, output: 24, kernel: 5, stride: 2, padding: 2, groups: 24),
])
private func convolutionAgreesWithTorch(_ example: ConvolutionCase) throws {
    let golden = try Golden(example.name)
    let layer = try Conv2D(
        golden.weights, input: example.input, output: example.output, kernel: example.kernel, stride: example.stride,
        padding: example.padding, groups: example.groups, bias: example.bias)
    // Winograd's transforms amplify rounding: its error is about 5e-6 of the largest value.
    try golden.expect(layer(golden.tensor("input")), tolerance: 1e-5)
}

@Test func foldedBatchNormAgreesWithTorch() throws {
    let golden = try Golden("batch_norm")
    let layer = try Conv2D(
        golden.weights[0], input: 12, output: 20, kernel: 3, padding: 1, foldingBatchNorm: golden.weights[1], epsilon: 1e-3)
    try golden.expect(layer(golden.tensor("input"), activation: .relu6), tolerance: 1e-5)
}

@Test(arguments: [("group_norm", Activation.none), ("group_norm_silu", .silu)])
func groupNormAgreesWithTorch(name: String, activation: Activation) throws {
    let golden = try Golden(name)
    let layer = try GroupNorm(golden.weights, groups: 8, channels: 32, epsilon: 1e-6)
    // The reference itself loses digits where a mean is ten deviations large.
    try golden.expect(layer(golden.tensor("input"), activation: activation), tolerance: 1e-5)
}

@Test func layerNormAgreesWithTorch() throws {
    let golden = try Golden("layer_norm")
    let layer = try LayerNorm(golden.weights, width: 40, epsilon: 1e-12)
    try golden.expect(layer(golden.tensor("input")))
}

@Test func embeddingAgreesWithTorch() throws {
    let golden = try Golden("embedding")
    let layer = try Embedding(golden.weights, count: 50, width: 16)
    try golden.expect(layer(golden.tensor("input").values.map { Int($0) }), tolerance: 0)
}

@Test(arguments: [("timestep", true, Float(0)), ("timestep_shifted", false, 1)])
func timestepEmbeddingAgreesWithDiffusers(name: String, flip: Bool, shift: Float) throws {
    let golden = try Golden(name)
    let steps = try golden.tensor("input").values
    let waves = sinusoidalEmbedding(steps, channels: 32, flipSineToCosine: flip, frequencyShift: shift)
    // A frequency that differs in its last place turns an angle near 1000 by 6e-5.
    #expect(Agreement(waves.values, try golden.tensor("waves").values).absolute <= 1e-4)
    let layer = try TimestepEmbedding(golden.weights, channels: 32, width: 64, flipSineToCosine: flip, frequencyShift: shift)
    try golden.expect(layer(steps), tolerance: 1e-4)
}

@Test func feedForwardAgreesWithDiffusers() throws {
    let golden = try Golden("feed_forward")
    let layer = try FeedForward(golden.weights, width: 24)
    try golden.expect(layer(golden.tensor("input")))
}

@Test func attentionAgreesWithDiffusers() throws {
    let golden = try Golden("self_attention")
    let x = try golden.tensor("input")
    let layer = try Attention(golden.weights, width: 40, heads: 4)
    try golden.expect(layer(x))
    let expected = try golden.tensor("output") + x
    #expect(Agreement(layer(x, adding: x).values, expected.values).relative <= 3e-6)
}

@Test(arguments: [("cross_attention", AttentionMask.none), ("masked_attention", .lengths([9, 5]))])
func attentionToContextAgreesWithDiffusers(name: String, mask: AttentionMask) throws {
    let golden = try Golden(name)
    let layer = try Attention(golden.weights, width: 40, contextWidth: 24, heads: 4)
    try golden.expect(layer(golden.tensor("input"), context: golden.tensor("context"), mask: mask))
}

@Test func causalAttentionAgreesWithTorch() throws {
    let golden = try Golden("causal")
    let result = try attention(golden.tensor("query"), golden.tensor("key"), golden.tensor("value"), heads: 2, mask: .causal)
    try golden.expect(result)
}

@Test func aLayerOfTheWrongShapeNamesItsTensor() throws {
    let golden = try Golden("linear")
    let error = #expect(throws: CheckpointError.self) { try Linear(golden.weights, input: 40, output: 24) }
    #expect(error?.description.contains("linear.weights.weight has shape [40, 24], expected [24, 40]") == true)
}

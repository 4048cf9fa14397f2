import Tensors
import Testing

@testable import Studio

/// What `Benchmarks/convolution_table.py` is told of convolutions.
@Suite struct ConvolutionTimingTests {
    @Test func everyWayIsTimed() async throws {
        let shapes = [(16, 24, 1, 5, 9), (32, 16, 2, 8, 8)].map {
            ConvolutionShape(inputs: $0.0, outputs: $0.1, batch: $0.2, height: $0.3, width: $0.4)
        }
        let report = try await Studio.timeConvolutions(
            shapes.map { ConvolutionLayer("a test", $0, keepsTransform: true) }, rounds: 2)
        let numbers = [Arithmetic.f32, .bf16].filter(\.isNative)
        #expect(report.rounds == 2 && report.convolutions.count == 2 * numbers.count)
        for (index, timed) in report.convolutions.enumerated() {
            let (arithmetic, shape) = (numbers[index / 2], shapes[index % 2])
            #expect(timed.network == "a test" && timed.precision == arithmetic.rawValue)
            #expect(timed.inputs == shape.inputs && timed.outputs == shape.outputs && timed.batch == shape.batch)
            #expect(timed.height == shape.height && timed.width == shape.width && timed.tiles == [6, 8][index % 2])
            let weight = Tensor.filled(0.01, [shape.outputs, shape.inputs, 3, 3])
            let ways = PackedConvolution(weight, format: arithmetic == .f32 ? .f32 : .bf16).ways()
            #expect(Set(timed.milliseconds.keys) == Set(ways.map(\.rawValue)) && timed.milliseconds.values.allSatisfy { $0 > 0 })
            #expect(timed.milliseconds[timed.taken] != nil)
        }
    }

    /// A row of the table is of a shape, and of one that has another way.
    @Test func eachShapeIsTimedOnce() {
        let shapes = ConvolutionLayer.ofKnownNetworks.map(\.shape)
        #expect(Set(shapes.map { "\($0.inputs) \($0.outputs) \($0.tiles(4))" }).count == shapes.count)
        #expect(shapes.count > 40 && shapes.allSatisfy { min($0.inputs, $0.outputs) >= 16 })
    }
}

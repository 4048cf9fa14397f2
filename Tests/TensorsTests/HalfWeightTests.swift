import TestSupport
import Testing

@testable import Tensors

/// Weights that are held in two bytes give exactly what the same weights give as floats: they are spread out before they are used.
@Suite struct HalfWeightTests {
    /// Values that both formats hold exactly: seven bits behind the point.
    private func exact(_ shape: Shape, _ generator: inout SeededGenerator) -> Tensor {
        Tensor(generator.floats(shape.count).map { ($0 * 64).rounded() / 128 }, shape: shape)
    }

    @Test(arguments: [HalfFormat.f16, .bf16]) func productsAreThoseOfFloats(_ format: HalfFormat) {
        var generator = SeededGenerator.announced()
        for _ in 0..<40 {
            let (rows, inputs, outputs) = (
                Int.random(in: 1...300, using: &generator), Int.random(in: 1...200, using: &generator),
                Int.random(in: 1...150, using: &generator)
            )
            let weight = exact([outputs, inputs], &generator)
            let x = Tensor(generator.floats(rows * inputs), shape: [rows, inputs])
            let bias = Tensor(generator.floats(outputs), shape: [outputs])
            let residual = Tensor(generator.floats(rows * outputs), shape: [rows, outputs])
            let floats = matmul(x, PackedMatrix(weight), bias: bias, activation: .relu, adding: residual)
            let halves = matmul(x, PackedMatrix(weight, format: .halves(format)), bias: bias, activation: .relu, adding: residual)
            #expect(floats == halves, "\(rows) \(inputs) \(outputs)")
        }
    }

    @Test(arguments: [HalfFormat.f16, .bf16]) func convolutionsAreThoseOfFloats(_ format: HalfFormat) {
        var generator = SeededGenerator.announced()
        // Small maps read their windows, large ones go through the fast algorithm, with its weights kept and made anew.
        for (side, inputs, outputs, kernel) in [
            (5, 20, 40, 3), (40, 20, 40, 3), (9, 33, 70, 1), (40, 64, 48, 3), (20, 64, 130, 3), (6, 3, 5, 3),
        ] {
            let weight = exact([outputs, inputs, kernel, kernel], &generator)
            let x = Tensor(generator.floats(side * side * inputs), shape: [1, side, side, inputs])
            let floats = convolution(x, PackedConvolution(weight), padding: Padding(kernel / 2))
            for keeps in [true, false] {
                let packed = PackedConvolution(weight, format: .halves(format), keepsTransform: keeps)
                for _ in 0..<2 {
                    #expect(convolution(x, packed, padding: Padding(kernel / 2)) == floats, "\(side) \(inputs) \(outputs) \(kernel)")
                }
            }
        }
    }

    /// What does not fit is rounded to the nearest, ties to even.
    @Test func bfloatsAreRounded() {
        // 1; halfway to the next, down to even; halfway, up to even; a little more than halfway.
        let values: [Float] = [1, 1.00390625, 1.01171875, 1.0039215, -3.0e38, .infinity, .nan, 0, -0.0]
        var bits = [UInt16](repeating: 0, count: values.count)
        var back = [Float](repeating: 0, count: values.count)
        bits.withUnsafeMutableBytes { bits in
            HalfFormat.bf16.write(values, to: bits.baseAddress!, count: values.count)
            HalfFormat.bf16.read(bits.baseAddress!, to: &back, count: values.count)
        }
        let expected: [Float] = [1, 1, 1.015625, 1.0078125]
        let first: [Float] = Array(back[0..<4])
        #expect(first == expected)
        let ratio: Float = back[4] / values[4]
        #expect((0.996...1.004).contains(ratio))
        let infinite: Bool = back[5].isInfinite
        let undefined: Bool = back[6].isNaN
        let zeros: [UInt32] = back[7...].map { (value: Float) -> UInt32 in value.bitPattern }
        #expect(infinite)
        #expect(undefined)
        #expect(zeros == [UInt32(0), UInt32(0x8000_0000)])
    }
}

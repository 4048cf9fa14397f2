import CKernels
import TestSupport
import Testing

@testable import Tensors

/// Weights of convolutions that are held in bytes and multiplied as pairs of bfloat16.
@Suite struct BytePairTests {
    private func float(_ half: UInt32) -> Float { Float(bitPattern: half << 16) }

    /// Whole groups of 32 pairs and what is left of them, under one tap and under several; numbers of any size side by side.
    @Test func bytesStandForWhatTheyWereMadeOf() {
        var generator = SeededGenerator.announced()
        for round in 0..<60 {
            let (taps, depth) = ([1, 9, 4][round % 3], round % 5 == 0 ? 1 : Int.random(in: 1...140, using: &generator))
            let size = Float.random(in: 1e-6...100, using: &generator)
            let panel = generator.floats(taps * depth * 64).map { ($0 * size).bitPattern >> 16 }
            var words = (0..<taps * depth * 32).map { panel[2 * $0] | panel[2 * $0 + 1] << 16 }
            // A column of zeros has no scale.
            for index in stride(from: 5, to: words.count, by: 32) { words[index] = 0 }
            let groups = taps * ((depth + 31) / 32)
            let made = runnableLevels.map { level in
                var (bytes, scales) = ([UInt16](repeating: 1, count: words.count), [Float](repeating: .nan, count: groups * 32))
                var back = [UInt32](repeating: 1, count: words.count)
                rd_pairs_to_bytes(words, taps, depth, &bytes, &scales, level)
                rd_bytes_to_pairs(bytes, scales, taps, depth, &back, level)
                return (scales, back)
            }
            for (scales, back) in made { #expect(scales == made[0].0 && back == made[0].1, "\(taps) \(depth)") }
            let (scales, back) = made[0]
            var worst: Float = 0
            for (index, (one, other)) in zip(words, back).enumerated() {
                let (row, column) = (index / 32, index % 32)
                let group = row / depth * ((depth + 31) / 32) + row % depth / 32
                let scale = scales[group * 32 + column]
                for shift in [UInt32(0), 16] {
                    let (value, held) = (float(one >> shift & 0xFFFF), float(other >> shift & 0xFFFF))
                    // Half a step, and what the largest value loses by bfloat16.
                    worst = max(worst, scale == 0 ? abs(held) : abs(value - held) / scale)
                }
            }
            #expect(worst <= 0.5 + 127 / 256, "\(taps) \(depth): \(worst) steps")
        }
    }

    private func error(_ actual: Tensor, _ expected: Tensor) -> Float {
        let sum = zip(actual.values, expected.values).reduce((Float(0), Float(0))) { sum, pair in
            (sum.0 + (pair.0 - pair.1) * (pair.0 - pair.1), sum.1 + pair.1 * pair.1)
        }
        return (sum.0 / max(sum.1, 1e-20)).squareRoot()
    }

    /// Through the fast algorithm and by windows that are read, with whole and half panels of outputs, from floats and from halves.
    @Test(.enabled(if: Processor.multipliesBfloats)) func convolutionsAreThoseOfBfloatsButForTheSteps() {
        var generator = SeededGenerator.announced()
        for round in 0..<24 {
            let (inputs, outputs) = (Int.random(in: 64...150, using: &generator), Int.random(in: 64...130, using: &generator))
            let kernel = [3, 3, 1, 2][round % 4]
            let stride = round % 4 == 1 ? 2 : 1
            let weight = Tensor(generator.floats(outputs * inputs * kernel * kernel), shape: [outputs, inputs, kernel, kernel])
            let (height, width) = (Int.random(in: 3...24, using: &generator), Int.random(in: 3...24, using: &generator))
            let x = Tensor(generator.floats(2 * height * width * inputs), shape: [2, height, width, inputs])
            let bias = Tensor(generator.floats(outputs), shape: [outputs])
            func made(_ weight: PackedConvolution) -> Tensor {
                convolution(x, weight, bias: bias, stride: stride, padding: Padding(kernel / 2), activation: .silu)
            }
            let floats = made(PackedConvolution(weight))
            let pairs = made(PackedConvolution(weight, format: .int8))
            let bytes = made(PackedConvolution(weight, format: .int8, inBytes: true))
            #expect(bytes != pairs && error(bytes, floats) < 0.012, "\(inputs) \(outputs) \(kernel): \(error(bytes, floats))")
        }
    }

    /// What is thin stays as it is.
    @Test func thinConvolutionsStayInPairs() {
        var generator = SeededGenerator.announced()
        for (inputs, outputs) in [(4, 320), (320, 4), (63, 64)] {
            let weight = Tensor(generator.floats(outputs * inputs * 9), shape: [outputs, inputs, 3, 3])
            let x = Tensor(generator.floats(9 * 9 * inputs), shape: [1, 9, 9, inputs])
            let (held, pairs) = (PackedConvolution(weight, format: .bf16, inBytes: true), PackedConvolution(weight, format: .bf16))
            #expect(convolution(x, held, padding: 1) == convolution(x, pairs, padding: 1))
            #expect(PackedConvolution.memoryInBytes(weight.shape) == 2 * weight.count)
        }
        guard Processor.multipliesBfloats else { return }
        #expect(PackedConvolution.memoryInBytes([640, 320, 3, 3]) == 640 * 320 * 9 * 17 / 16)
    }
}

import TestSupport
import Testing

@testable import Tensors

/// Operations in bfloat16 against the same ones in single precision. Both factors of a product lose what is behind their eighth bit, at
/// most 2^-8 of themselves: a result differs by about 0.0025 of the root mean square of results.
@Suite struct PairOperationTests {
    /// The root mean square of the differences over that of the expected, or over `least` where that is more: single results may well
    /// be the small difference of large sums.
    private func error(_ actual: Tensor, _ expected: Tensor, least: Float = 0) -> Float {
        guard actual.shape == expected.shape else { return .infinity }
        var (difference, magnitude): (Float, Float) = (0, least * least * Float(expected.count))
        for (left, right) in zip(actual.values, expected.values) {
            difference += (left - right) * (left - right)
            magnitude += right * right
        }
        let error = (difference / max(magnitude, 1e-20)).squareRoot()
        return error.isNaN ? .infinity : error
    }

    /// A product whose halves gate each other is, to the last bit, the product and then the gate.
    @Test(arguments: [WeightFormat.f32, .bf16, .int8]) func gatedProducts(format: WeightFormat) {
        var generator = SeededGenerator.announced()
        for round in 0..<24 {
            let rows = round % 6 == 0 ? 1 : Int.random(in: 1...900, using: &generator)
            let inputs = Int.random(in: 20...700, using: &generator)
            // Whole panels, and halves that begin within one.
            let width = round % 4 == 0 ? Int.random(in: 1...90, using: &generator) : 32 * Int.random(in: 1...9, using: &generator)
            let weight = PackedMatrix(Tensor(generator.floats(2 * width * inputs), shape: [2 * width, inputs]), format: format)
            let x = Tensor(generator.floats(rows * inputs), shape: [rows, inputs])
            let bias = round % 3 == 0 ? nil : Tensor(generator.floats(2 * width), shape: [2 * width])
            #expect(gatedProduct(x, weight, bias: bias) == matmul(x, weight, bias: bias).gatedGELU(), "\(rows) \(inputs) \(width)")
        }
    }

    @Test func products() { compareProducts(in: .bf16, below: 0.01) }

    /// Steps of 1/127 of a row's and of an output's largest number: about 0.006 of the results for numbers that are evenly spread.
    @Test func productsOfBytes() { compareProducts(in: .int8, below: 0.02) }

    private func compareProducts(in format: WeightFormat, below most: Float, test: String = #function) {
        var generator = SeededGenerator.announced(test)
        for round in 0..<40 {
            let rows = round % 4 == 0 ? 1 : Int.random(in: 1...700, using: &generator)
            let (inputs, outputs) = (Int.random(in: 20...400, using: &generator), Int.random(in: 1...200, using: &generator))
            let weight = Tensor(generator.floats(outputs * inputs), shape: [outputs, inputs])
            let x = Tensor(generator.floats(rows * inputs), shape: [rows, inputs])
            let bias = Tensor(generator.floats(outputs), shape: [outputs])
            let residual = Tensor(generator.floats(rows * outputs), shape: [rows, outputs])
            let activation = Activation.allCases.randomElement(using: &generator)!
            let made = matmul(x, PackedMatrix(weight, format: format), bias: bias, activation: activation, adding: residual)
            let floats = matmul(x, PackedMatrix(weight), bias: bias, activation: activation, adding: residual)
            #expect(error(made, floats, least: Float(inputs).squareRoot() / 3) < most, "\(rows) \(inputs) \(outputs) \(activation)")
        }
    }

    /// Windows that are read and those that go through the fast algorithm, strides, uneven padding, odd numbers of channels.
    @Test func convolutions() {
        var generator = SeededGenerator.announced()
        for (side, inputs, outputs, kernel, stride, padding) in [
            (5, 20, 40, 3, 1, Padding(1)), (40, 20, 40, 3, 1, 1), (9, 33, 70, 1, 1, 0), (40, 64, 48, 3, 1, 1), (19, 65, 130, 3, 1, 1),
            (6, 3, 5, 3, 1, 1), (21, 31, 33, 3, 2, 1), (20, 40, 40, 3, 2, Padding(top: 0, left: 0, bottom: 1, right: 1)),
            (32, 3, 24, 8, 8, 0), (90, 17, 16, 3, 1, 1),
        ] {
            let weight = Tensor(generator.floats(outputs * inputs * kernel * kernel), shape: [outputs, inputs, kernel, kernel])
            let x = Tensor(generator.floats(2 * side * (side + 1) * inputs), shape: [2, side, side + 1, inputs])
            let bias = Tensor(generator.floats(outputs), shape: [outputs])
            func run(_ format: WeightFormat, _ residual: Tensor?) -> Tensor {
                convolution(
                    x, PackedConvolution(weight, format: format), bias: bias, stride: stride, padding: padding, activation: .silu,
                    adding: residual)
            }
            let floats = run(.f32, nil)
            #expect(error(run(.bf16, nil), floats) < 0.008, "\(side) \(inputs) \(outputs) \(kernel) \(stride)")
            let residual = Tensor(generator.floats(floats.count), shape: floats.shape)
            #expect(error(run(.bf16, residual), run(.f32, residual)) < 0.008, "\(side) \(inputs) \(outputs) \(kernel) \(stride)")
        }
    }

    /// The widths of heads that models have, and odd ones; few keys and more than a block of them.
    @Test func attentions() {
        var generator = SeededGenerator.announced()
        for (queries, keys, width, heads) in [
            (1, 1, 8, 2), (50, 50, 64, 3), (100, 77, 40, 2), (130, 77, 80, 1), (20, 513, 160, 1), (77, 77, 64, 2), (300, 1100, 40, 1),
            (13, 600, 128, 1), (33, 9, 7, 3),
        ] {
            for masked in 0..<4 {
                let batch = 2
                let q = Tensor(generator.floats(batch * queries * heads * width).map { 3 * $0 }, shape: [batch, queries, heads * width])
                let k = Tensor(generator.floats(batch * keys * heads * width).map { 3 * $0 }, shape: [batch, keys, heads * width])
                let v = Tensor(generator.floats(batch * keys * heads * width), shape: [batch, keys, heads * width])
                let mask: AttentionMask
                switch masked {
                case 1: mask = .causal
                case 2: mask = .lengths([max(1, keys / 3), keys])
                case 3:
                    let bias = Tensor(generator.floats(heads * queries * keys).map { 2 * $0 }, shape: [heads, queries, keys])
                    let maps = Tensor(generator.floats(queries * keys).map { 2 * $0 }, shape: [1, queries, keys])
                    mask = .biased(AttentionBias(heads: bias, maps: maps, mapOfSequence: [nil, 0]))
                default: mask = .none
                }
                let pairs = attention(q, k, v, heads: heads, mask: mask, arithmetic: .bf16)
                let floats = attention(q, k, v, heads: heads, mask: mask)
                #expect(error(pairs, floats) < 0.012, "\(queries) \(keys) \(width) \(heads) \(masked)")
            }
        }
    }

    /// The way with pairs itself, by the instructions that this processor has: `attention` takes it only where they are quick. Blocks of
    /// queries and of keys that are not full, keys that all sequences share, values of another width than the keys.
    @Test func pairedAttentionsOfAnyShape() {
        var generator = SeededGenerator.announced()
        for round in 0..<36 {
            let width = [40, 64, 80, 128, 160, Int.random(in: 8...170, using: &generator)][round % 6]
            let outWidth = round % 4 == 3 ? Int.random(in: 30...90, using: &generator) : width
            let keys = round % 5 == 0 ? 77 : Int.random(in: round % 7 == 3 ? 513...1100 : 1...200, using: &generator)
            let queries = round % 9 == 8 ? 1 : Int.random(in: 1...210, using: &generator)
            let (heads, batch) = (Int.random(in: 1...3, using: &generator), Int.random(in: 1...2, using: &generator))
            let keyBatch = Bool.random(using: &generator) ? batch : 1
            let q = Tensor(generator.floats(batch * queries * heads * width).map { 3 * $0 }, shape: [batch, queries, heads * width])
            let k = Tensor(generator.floats(keyBatch * keys * heads * width).map { 3 * $0 }, shape: [keyBatch, keys, heads * width])
            let v = Tensor(generator.floats(keyBatch * keys * heads * outWidth), shape: [keyBatch, keys, heads * outWidth])
            let masks: [AttentionMask] = [
                .none, .causal, .lengths((0..<batch).map { _ in Int.random(in: 1...keys, using: &generator) }),
                .biased(AttentionBias(heads: Tensor(generator.floats(heads * queries * keys), shape: [heads, queries, keys]))),
            ]
            for (number, mask) in masks.enumerated() {
                let plan = AttentionPlan(
                    batch: batch, heads: heads, queries: queries, keys: keys, sharedKeys: keyBatch == 1, width: width, outWidth: outWidth,
                    scale: 1 / Float(width).squareRoot(), mask: mask)
                let floats = attention(q, k, v, heads: heads, mask: mask)
                let pairs = Tensor(shape: floats.shape) { target in
                    plan.runPaired(q.pointer, k.pointer, v.pointer, target.baseAddress!)
                }
                // What a few queries' weights lose does not even out as that of many does.
                #expect(
                    error(pairs, floats, least: 0.2) < (queries < 8 ? 0.02 : 0.012),
                    "\(batch) \(heads) \(queries) \(keys) \(keyBatch) \(width) \(outWidth) \(number)")
            }
        }
    }
}

import CKernels
import Tensors
import TestSupport
import Testing

/// The levels above the scalar twin that this processor can run.
private let vectorLevels = Array(runnableLevels.dropFirst())

extension Activation {
    /// Its number in the kernels: the cases stand in the order of the C enumeration.
    fileprivate var code: Int32 { Int32(Activation.allCases.firstIndex(of: self)!) }
}

/// Runs a kernel at the scalar level and at each other, over the same input, and compares what it leaves behind.
private func compare(
    _ output: Int, tolerance: Float, _ what: String, _ run: (UnsafeMutablePointer<Float>, Int32) -> Void
) {
    func result(_ level: Int32) -> [Float] {
        [Float](unsafeUninitializedCapacity: output) { target, count in
            target.initialize(repeating: 0)
            run(target.baseAddress!, level)
            count = output
        }
    }
    let expected = result(0)
    for level in vectorLevels {
        let agreement = Agreement(result(level), expected)
        #expect(agreement.relative <= tolerance, "\(what) at level \(level): \(agreement)")
    }
}

@Test func halvesConvertAsTheCompilersOwnType() {
    for level in runnableLevels {
        let patterns = (0...UInt16.max).map { $0 }
        var floats = [Float](repeating: 0, count: patterns.count)
        rd_f16_to_f32(patterns, &floats, patterns.count, level)
        let widened = patterns.filter { pattern in
            let (expected, made) = (Float(Float16(bitPattern: pattern)), floats[Int(pattern)])
            return made.bitPattern != expected.bitPattern && !(expected.isNaN && made.isNaN)
        }
        #expect(widened.isEmpty, "\(widened.count) at level \(level), the first of pattern \(widened.first ?? 0)")
        var generator = SeededGenerator(seed: 5)
        let values = (0..<20000).map { _ in Float(bitPattern: UInt32.random(in: 0...UInt32.max, using: &generator)) } + floats
        var halves = [UInt16](repeating: 0, count: values.count)
        rd_f32_to_f16(values, &halves, values.count, level)
        let narrowed = zip(values, halves).filter { value, half in
            let expected = Float16(value)
            return half != expected.bitPattern && !(expected.isNaN && Float16(bitPattern: half).isNaN)
        }
        #expect(narrowed.isEmpty, "\(narrowed.count) at level \(level), the first of \(narrowed.first?.0 ?? 0)")
    }
}

@Test func conversionsAgreeWithTheirTwins() {
    var generator = SeededGenerator.announced()
    for _ in 0..<50 {
        let count = Int.random(in: 1...200, using: &generator)
        let words = (0..<count).map { _ in UInt16.random(in: 0..<0x7F80, using: &generator) }
        let bytes = (0..<count).map { _ in Int8.random(in: -128...127, using: &generator) }
        let scale = Float.random(in: 0...1, using: &generator)
        compare(count, tolerance: 0, "bf16") { rd_bf16_to_f32(words, $0, count, $1) }
        compare(count, tolerance: 0, "i8") { rd_i8_to_f32(bytes, scale, $0, count, $1) }
    }
}

@Test func activationsAreWithinAFewUnitsOfTheirDefinitions() {
    var generator = SeededGenerator.announced()
    let x = (0..<4000).map { _ in Float.random(in: -20...20, using: &generator) } + [0, -0.0, 1e-20, -1e-20, 88, -88, 1000, -1000]
    func sigmoid(_ x: Double) -> Double { 1 / (1 + exponential(-x)) }
    let definitions: [Activation: (Double) -> Double] = [
        .none: { $0 }, .relu: { max($0, 0) }, .relu6: { min(max($0, 0), 6) }, .silu: { $0 * sigmoid($0) }, .sigmoid: sigmoid,
        .quickGELU: { $0 * sigmoid(1.702 * $0) }, .tanh: { 2 * sigmoid(2 * $0) - 1 },
        .geluTanh: { $0 * sigmoid(2 * (2 / Double.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0)) },
        .gelu: { $0 * 0.5 * complementaryError(-$0 / 2.0.squareRoot()) },
    ]
    for activation in Activation.allCases {
        for level in runnableLevels {
            var result = [Float](repeating: 0, count: x.count)
            rd_activate(x, &result, x.count, activation.code, level)
            for (x, actual) in zip(x, result) {
                let expected = definitions[activation]!(Double(x))
                // Relative to the argument: near zero every one of these is about a multiple of it.
                #expect(abs(Double(actual) - expected) <= 4e-7 * max(abs(Double(x)), 1), "\(activation)(\(x)) at level \(level)")
            }
        }
    }
}

@Test func rowKernelsAgreeWithTheirTwins() {
    var generator = SeededGenerator.announced()
    for _ in 0..<60 {
        let rows = Int.random(in: 1...7, using: &generator)
        let width = Int.random(in: 1...70, using: &generator)
        let x = generator.floats(rows * width).map { $0 * 4 }
        let (a, b) = (generator.floats(width), generator.floats(width))
        let residual = generator.floats(rows * width)
        let activation = Activation.allCases.randomElement(using: &generator)!
        func fill(_ to: UnsafeMutablePointer<Float>) { to.update(from: x, count: x.count) }
        // Vector code fuses multiplications with additions and sums in another order: a few units in the last place.
        compare(x.count, tolerance: 1e-6, "finish") {
            fill($0)
            rd_finish_rows($0, rows, width, width, a, residual, activation.code, $1)
        }
        compare(x.count, tolerance: 1e-6, "softmax") {
            fill($0)
            rd_softmax_rows($0, rows, width, width, 0.7, a, $1)
        }
        compare(x.count, tolerance: 3e-6, "layer norm") { rd_layer_norm_rows(x, $0, rows, width, a, b, 1e-3, $1) }
        compare(x.count, tolerance: 1e-6, "scale and shift") { rd_scale_shift_rows(x, $0, rows, width, a, b, activation.code, $1) }
        compare(2 * width, tolerance: 1e-6, "moments") { rd_channel_moments(x, rows, width, a, $0, $0 + width, $1) }
        if width % 2 == 0 {
            compare(rows * width / 2, tolerance: 1e-6, "gated") { rd_gated_gelu(x, $0, rows, width / 2, $1) }
        }
    }
}

@Test func winogradTransformsAgreeWithTheirTwins() {
    var generator = SeededGenerator.announced()
    for _ in 0..<30 {
        let channels = Int.random(in: 1...40, using: &generator)
        let (height, width) = (Int.random(in: 1...9, using: &generator), Int.random(in: 1...9, using: &generator))
        let (top, left) = (Int.random(in: -2...5, using: &generator), Int.random(in: -2...5, using: &generator))
        let x = generator.floats(height * width * channels)
        compare(36 * channels, tolerance: 1e-6, "input") {
            rd_winograd_input(x, height, width, channels, top, left, $0, channels, $1)
        }
        let products = generator.floats(36 * channels)
        let bias = generator.floats(channels)
        let (rows, columns) = (Int.random(in: 1...4, using: &generator), Int.random(in: 1...4, using: &generator))
        compare(16 * channels, tolerance: 1e-6, "output") {
            rd_winograd_output(products, channels, channels, bias, Int32(rd_activation_relu), $0, channels, 4 * channels, rows, columns, $1)
        }
        let run = 8 * Int.random(in: 1...6, using: &generator)
        let taps = generator.floats(9 * run)
        compare(36 * run, tolerance: 1e-6, "weights") { rd_winograd_weights(taps, run, $0, run, $1) }
    }
}

@Test func elementwiseKernelsAgreeWithTheirTwins() {
    var generator = SeededGenerator.announced()
    for _ in 0..<30 {
        let count = Int.random(in: 1...100, using: &generator)
        let (a, b) = (generator.floats(count), generator.floats(count))
        compare(count, tolerance: 2e-7, "weighted sum") { rd_weighted_sum(a, 0.3, b, -0.7, $0, count, $1) }
        compare(count, tolerance: 0, "product") { rd_product(a, b, $0, count, $1) }
        compare(count, tolerance: 2e-7, "affine") { rd_affine(a, 1.7, 0.4, $0, count, $1) }
        let channels = Int.random(in: 1...40, using: &generator)
        var shape = rd_depthwise_shape()
        (shape.height, shape.width, shape.channels) = (7, 11, channels)
        (shape.kernel_height, shape.kernel_width, shape.stride) = (3, 3, Int.random(in: 1...2, using: &generator))
        (shape.top, shape.left) = (1, 1)
        shape.output_width = 10 / shape.stride + 1
        let rows = 6 / shape.stride + 1
        let x = generator.floats(7 * 11 * channels)
        let weight = generator.floats(9 * channels)
        compare(rows * shape.output_width * channels, tolerance: 1e-6, "depthwise") {
            rd_depthwise_rows(x, &shape, weight, nil, Int32(rd_activation_silu), 0, rows, $0, $1)
        }
    }
}

/// Both panel widths at every level: the wide one is meant for AVX-512 and runs, slower, everywhere.
@Test func panelProductsAgreeWithPlainSums() {
    var generator = SeededGenerator.announced()
    for round in 0..<66 {
        let rows = Int.random(in: 1...40, using: &generator)
        let outputs = Int.random(in: 1...70, using: &generator)
        // The last rounds are deep enough for several runs, of taps and within a tap.
        let isDeep = round >= 60
        let taps = isDeep ? (round % 2 == 0 ? 1 : 5) : Int.random(in: 1...4, using: &generator)
        let depth = isDeep ? Int.random(in: 600...3300, using: &generator) : Int.random(in: 1...30, using: &generator)
        let x = generator.floats(rows * taps * depth)
        // [outputs, depth, taps], as torch stores a convolution.
        let weight = generator.floats(outputs * taps * depth)
        let bias = generator.floats(outputs)
        var expected: [Float] = []
        for row in 0..<rows {
            for output in 0..<outputs {
                var sum = Double(bias[output])
                for tap in 0..<taps {
                    for k in 0..<depth {
                        sum += Double(x[(row * taps + tap) * depth + k]) * Double(weight[(output * depth + k) * taps + tap])
                    }
                }
                expected.append(Float(max(sum, 0)))
            }
        }
        for width in [16, 32] {
            let panels = (outputs + width - 1) / width
            let group = rd_panel_group(width)
            var packed = [Float](repeating: .nan, count: panels * width * taps * depth)
            rd_pack_panels(weight, outputs, taps, depth, taps * depth, 1, taps, width, 0, panels, &packed)
            x.withUnsafeBufferPointer { x in
                var table = [UnsafePointer<Float>?](repeating: nil, count: (rows + group) * taps)
                for row in 0..<rows {
                    for tap in 0..<taps {
                        table[row / group * group * taps + tap * group + row % group] = x.baseAddress! + (row * taps + tap) * depth
                    }
                }
                for level in runnableLevels {
                    var result = [Float](repeating: .nan, count: rows * outputs)
                    rd_panel_rows(
                        table, rows, taps, depth, packed, width, 0, outputs, bias, Int32(rd_activation_relu), &result, outputs, level)
                    let agreement = Agreement(result, expected)
                    // Sums of thousands of values are large: their rounding is measured against the largest.
                    let error = isDeep ? agreement.relative : agreement.absolute
                    #expect(error <= 1e-5, "\(rows)x\(outputs)x\(taps)x\(depth), panels of \(width), level \(level): \(agreement)")
                }
            }
        }
    }
}

@Test func softmaxSurvivesExtremes() {
    let x = Tensor([1000, 999, -1000, -.infinity, -.infinity, -.infinity], shape: [2, 3]).softmax().values
    #expect(abs(x[0] - 0.7310586) < 1e-6 && abs(x[1] - 0.26894143) < 1e-6 && x[2] < 1e-30)
    #expect(x[3...] == [0, 0, 0])
}

/// e^x and erfc in double precision, without Foundation's names clashing with ours.
private func exponential(_ x: Double) -> Double {
    guard abs(x) < 700 else { return x < 0 ? 0 : .infinity }
    var (term, sum) = (1.0, 1.0)
    let reduced = x / 1024
    for n in 1..<20 {
        term *= reduced / Double(n)
        sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
}

/// erfc by Simpson's rule over 2 / sqrt(pi) e^(-t^2) from 0 to x.
private func complementaryError(_ x: Double) -> Double {
    let bound = min(abs(x), 8)
    let steps = 400
    var sum = 0.0
    for step in 0...steps {
        let t = bound * Double(step) / Double(steps)
        sum += exponential(-t * t) * (step == 0 || step == steps ? 1 : step % 2 == 1 ? 4 : 2)
    }
    let erf = 2 / Double.pi.squareRoot() * sum * bound / Double(steps) / 3
    return x < 0 ? 1 + erf : 1 - erf
}

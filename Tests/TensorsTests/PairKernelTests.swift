import CKernels
import TestSupport
import Testing

/// The largest difference between two results, each measured against what its own sum is made of.
private func largestError(_ actual: [Float], _ expected: [Double], _ magnitudes: [Double]) -> Double {
    zip(actual.indices, actual).map { index, value in
        let error = abs(Double(value) - expected[index]) / max(magnitudes[index], 1e-30)
        return error.isNaN ? .infinity : error
    }.max() ?? 0
}

private func bfloat(_ value: Float) -> Float {
    let bits = value.bitPattern
    return Float(bitPattern: (bits &+ 0x7FFF &+ ((bits >> 16) & 1)) & 0xFFFF_0000)
}

/// The twin at the scalar level and the processor's own instruction, against sums in double precision of the rounded factors: products of
/// two bfloat16 are exact in single precision, so only the sums round.
@Test func pairProductsAreExactButForTheirSums() {
    var generator = SeededGenerator.announced()
    for round in 0..<70 {
        // One row, one column, odd and tiny depths, and the last ones deep enough for several runs.
        let rows = round % 7 == 0 ? 1 : Int.random(in: 1...40, using: &generator)
        let outputs = round % 5 == 0 ? 1 : Int.random(in: 1...70, using: &generator)
        let isDeep = round >= 64
        let taps = isDeep ? (round % 2 == 0 ? 1 : 5) : Int.random(in: 1...4, using: &generator)
        let depth = isDeep ? Int.random(in: 1200...6500, using: &generator) : Int.random(in: 1...70, using: &generator)
        let pairs = (depth + 1) / 2
        let x = generator.floats(rows * taps * depth)
        let weight = generator.floats(outputs * taps * depth)
        let bias = generator.floats(outputs)
        let before = generator.floats(rows * outputs)
        let adds = round % 3 == 0
        var expected: [Double] = []
        var magnitudes: [Double] = []
        for row in 0..<rows {
            for output in 0..<outputs {
                var sum = Double(adds ? before[row * outputs + output] : bias[output])
                var magnitude = abs(sum)
                for tap in 0..<taps {
                    for k in 0..<depth {
                        let product =
                            Double(bfloat(x[(row * taps + tap) * depth + k])) * Double(bfloat(weight[(output * depth + k) * taps + tap]))
                        sum += product
                        magnitude += abs(product)
                    }
                }
                expected.append(max(sum, 0))
                magnitudes.append(magnitude)
            }
        }
        let panels = (outputs + 31) / 32
        for level in runnableLevels {
            var packed = [UInt32](repeating: .max, count: panels * 32 * taps * pairs)
            rd_pack_pairs(weight, outputs, taps, depth, taps * depth, 1, taps, 0, panels, &packed, level)
            var paired = [UInt16](repeating: .max, count: rows * taps * pairs * 2)
            rd_bfloat_rows(x, rows * taps, depth, depth, &paired, level)
            let flags = Int32(rd_pair_prefetches) | (adds ? Int32(rd_pair_adds) : 0)
            for group in [1, 5, 12] {
                var result = adds ? before : [Float](repeating: .nan, count: rows * outputs)
                var inTiles = result
                paired.withUnsafeBytes { paired in
                    let from = paired.baseAddress!.assumingMemoryBound(to: Float.self)
                    var table = [UnsafePointer<Float>?](repeating: nil, count: (rows + group) * taps)
                    for row in 0..<rows {
                        for tap in 0..<taps {
                            table[row / group * group * taps + tap * group + row % group] = from + (row * taps + tap) * pairs
                        }
                    }
                    rd_pair_rows(
                        table, rows, taps, pairs, group, packed, 0, outputs, bias, Int32(rd_activation_relu), flags, &result, outputs,
                        level)
                    rd_tile_rows_twin(
                        table, rows, taps, pairs, group, packed, 0, outputs, bias, Int32(rd_activation_relu), flags, &inTiles, outputs)
                }
                // Each of n additions rounds by at most 2^-24 of the sum so far: far below n times that, as roundings cancel.
                let error = largestError(result, expected, magnitudes)
                #expect(error <= 2e-6, "\(rows)x\(outputs)x\(taps)x\(depth) in groups of \(group), level \(level): \(error)")
                let tileError = largestError(inTiles, expected, magnitudes)
                #expect(tileError <= 2e-6, "\(rows)x\(outputs)x\(taps)x\(depth) in tiles, groups of \(group): \(tileError)")
            }
        }
    }
}

@Test func packingAMatrixByColumnsIsPackingItsTransposed() {
    var generator = SeededGenerator.announced()
    for _ in 0..<20 {
        let (outputs, depth) = (Int.random(in: 1...70, using: &generator), Int.random(in: 1...50, using: &generator))
        let weight = generator.floats(outputs * depth)
        var transposed = [Float](repeating: 0, count: weight.count)
        for output in 0..<outputs { for k in 0..<depth { transposed[k * outputs + output] = weight[output * depth + k] } }
        let (panels, pairs) = ((outputs + 31) / 32, (depth + 1) / 2)
        for level in runnableLevels {
            var rows = [UInt32](repeating: 1, count: panels * 32 * pairs)
            var columns = [UInt32](repeating: 2, count: panels * 32 * pairs)
            rd_pack_pairs(weight, outputs, 1, depth, depth, 0, 1, 0, panels, &rows, level)
            rd_pack_pairs(transposed, outputs, 1, depth, 1, 0, outputs, 0, panels, &columns, level)
            #expect(rows == columns)
        }
    }
}

@Test func pairSoftmaxOverBlocksIsThatOfTheWhole() {
    var generator = SeededGenerator.announced()
    for _ in 0..<40 {
        let rows = Int.random(in: 1...9, using: &generator)
        let keys = Int.random(in: 1...200, using: &generator)
        let block = Int.random(in: 1...80, using: &generator)
        let growth = Int.random(in: 0...1, using: &generator)
        let seen = growth == 1 ? Int.random(in: 1...keys, using: &generator) : keys
        let scores = generator.floats(rows * keys).map { $0 * 20 }
        let scale: Float = 0.7
        for level in runnableLevels {
            var maxima = [Float](repeating: -.infinity, count: rows)
            var sums = [Float](repeating: 0, count: rows)
            var factors = [Float](repeating: 0, count: rows)
            var weights = [Float](repeating: 0, count: rows * keys)
            for start in stride(from: 0, to: keys, by: block) {
                let count = min(block, keys - start)
                let wide = (count + 1) / 2 * 2
                var halves = [UInt16](repeating: .max, count: rows * wide)
                scores.withUnsafeBufferPointer {
                    rd_softmax_pairs(
                        $0.baseAddress! + start, rows, count, keys, scale, seen - start, growth, &maxima, &sums, &factors, &halves, wide,
                        level)
                }
                for row in 0..<rows {
                    for key in 0..<start { weights[row * keys + key] *= factors[row] }
                    for key in 0..<count {
                        weights[row * keys + start + key] = Float(bitPattern: UInt32(halves[row * wide + key]) << 16)
                    }
                    if wide > count { #expect(halves[row * wide + count] == 0) }
                }
            }
            for row in 0..<rows {
                let used = min(keys, seen + growth * row)
                let line = scores[row * keys..<row * keys + used].map { Double($0 * scale) }
                let largest = line.max()!
                let exponentials = line.map { exponential($0 - largest) }
                let sum = exponentials.reduce(0, +)
                #expect(abs(Double(sums[row]) / sum - 1) < 1e-5, "level \(level)")
                for key in 0..<keys {
                    let expected = key < used ? exponentials[key] : 0
                    // Half a unit of the last of eight bits: 2^-8 at most.
                    #expect(abs(Double(weights[row * keys + key]) - expected) <= 0.00394 * expected + 1e-12, "level \(level)")
                }
            }
        }
    }
}

@Test func pairWinogradAgreesWithTheDefinition() {
    var generator = SeededGenerator.announced()
    for _ in 0..<30 {
        let channels = Int.random(in: 1...40, using: &generator)
        let pairs = (channels + 1) / 2
        let (height, width) = (Int.random(in: 1...6, using: &generator), Int.random(in: 1...6, using: &generator))
        let (top, left) = (Int.random(in: -1...3, using: &generator), Int.random(in: -1...3, using: &generator))
        let x = generator.floats(height * width * channels)
        // [1, channels, 3, 3], as a panel of one output.
        let weight = generator.floats(channels * 9)
        for level in runnableLevels {
            var panel = [UInt32](repeating: 0, count: 9 * pairs * 32)
            rd_pack_pairs(weight, 1, 9, channels, 9 * channels, 1, 9, 0, 1, &panel, level)
            var points = [UInt32](repeating: .max, count: 16 * pairs * 32)
            rd_pair_winograd_weights(panel, pairs * 32, &points, pairs * 32, level)
            var inputs = [UInt16](repeating: .max, count: 16 * pairs * 2)
            rd_pair_winograd_input(x, height, width, channels, top, left, &inputs, pairs * 2, level)
            var products = [Float](repeating: 0, count: 16)
            for point in 0..<16 {
                for k in 0..<2 * pairs {
                    let word = points[(point * pairs + k / 2) * 32]
                    let factor = Float(bitPattern: k % 2 == 0 ? word << 16 : word & 0xFFFF_0000)
                    products[point] += factor * Float(bitPattern: UInt32(inputs[point * pairs * 2 + k]) << 16)
                }
            }
            var result = [Float](repeating: 0, count: 4)
            let bias: [Float] = [0.25]
            rd_pair_winograd_output(products, 1, 1, bias, Int32(rd_activation_none), nil, &result, 1, 2, 2, 2, level)
            for y in 0..<2 {
                for column in 0..<2 {
                    var (sum, squares) = (0.25, 0.0)
                    for ty in 0..<3 {
                        for tx in 0..<3 {
                            let (sy, sx) = (top + y + ty, left + column + tx)
                            guard (0..<height).contains(sy), (0..<width).contains(sx) else { continue }
                            for c in 0..<channels {
                                let product = Double(x[(sy * width + sx) * channels + c]) * Double(weight[c * 9 + ty * 3 + tx])
                                sum += product
                                squares += product * product
                            }
                        }
                    }
                    // Four roundings to eight bits; those of the sixteen points add up like noise.
                    let noise = (squares + Double(channels) / 16).squareRoot()
                    #expect(abs(Double(result[2 * y + column]) - sum) <= 0.03 * noise, "level \(level)")
                }
            }
        }
    }
}

/// e^x in double precision.
private func exponential(_ x: Double) -> Double {
    guard x > -700 else { return 0 }
    var (term, sum) = (1.0, 1.0)
    let reduced = x / 1024
    for n in 1..<20 {
        term *= reduced / Double(n)
        sum += term
    }
    for _ in 0..<10 { sum *= sum }
    return sum
}

import CKernels
import TestSupport
import Testing

/// Whole numbers are exact: every level gives what the definition does, but for the one multiplication by the scales.
@Test func quadProductsAreExactButForTheirScales() {
    var generator = SeededGenerator.announced()
    for round in 0..<60 {
        let rows = round % 7 == 0 ? 1 : Int.random(in: 1...40, using: &generator)
        let outputs = round % 5 == 0 ? 1 : Int.random(in: 1...70, using: &generator)
        let depth = round >= 56 ? Int.random(in: 3000...9000, using: &generator) : Int.random(in: 1...70, using: &generator)
        var x = generator.floats(rows * depth)
        // A row of zeros has no size to be measured by.
        if round % 6 == 0 { for k in 0..<depth { x[k] = 0 } }
        var weight = generator.floats(outputs * depth)
        // The largest sums that there are, of either sign.
        if round % 4 == 0 {
            for k in x.indices where k >= depth { x[k] = 1 }
            for k in weight.indices { weight[k] = k / depth % 2 == 0 ? 1 : -1 }
        }
        let product = QuadProduct(rows: rows, outputs: outputs, depth: depth, x: x, weight: weight, bias: generator.floats(outputs))
        for level in runnableLevels {
            let expected = product.expected(at: level)
            for (way, result) in product.made(at: level) {
                let agreement = Agreement(result, expected)
                #expect(agreement.absolute <= 1e-6 * Float(depth), "\(rows)x\(outputs)x\(depth) \(way), level \(level)")
            }
        }
    }
}

/// Rounding costs 1.0 % of a product of normal numbers, with narrow weights 1.25 %; of 600 products drawn by chance the worst lost 1.17 and 1.37 %.
@Test func roundingToBytesLosesLittle() {
    var generator = SeededGenerator.announced()
    let (rows, outputs, depth) = (16, 64, 768)
    func normal(_ count: Int) -> [Float] {
        (0..<count).map { _ in (0..<12).reduce(-6) { sum, _ in sum + Float.random(in: 0..<1, using: &generator) } }
    }
    // No value is cut off at zero.
    let product = QuadProduct(
        rows: rows, outputs: outputs, depth: depth, x: normal(rows * depth), weight: normal(outputs * depth),
        bias: [Float](repeating: 1000, count: outputs))
    let exact = (0..<rows * outputs).map { place in
        let (row, output) = (place / outputs * depth, place % outputs * depth)
        return (0..<depth).reduce(Float(0)) { $0 + product.x[row + $1] * product.weight[output + $1] }
    }
    let whole = exact.reduce(0) { $0 + $1 * $1 }
    for level in runnableLevels {
        let wrong = zip(product.made(at: level)[0].result, exact).reduce(Float(0)) { $0 + ($1.0 - 1000 - $1.1) * ($1.0 - 1000 - $1.1) }
        let error = (wrong / whole).squareRoot()
        #expect(error < (rd_quads_are_narrow(level) != 0 ? 0.016 : 0.0135), "level \(level)")
    }
}

/// A row with an infinity, or with what is no number, has no products that are numbers: else a model that fails would seem to be sound.
@Test func noRowLosesWhatIsNoNumber() {
    var generator = SeededGenerator.announced()
    let (rows, outputs, depth) = (5, 40, 70)
    for wrong in [Float.nan, -.nan, .infinity, -.infinity] {
        for places in [[0], [15, 16], [33], [depth - 1], Array(0..<depth)] {
            var x = generator.floats(rows * depth)
            for place in places { x[3 * depth + place] = wrong }
            let product = QuadProduct(
                rows: rows, outputs: outputs, depth: depth, x: x, weight: generator.floats(outputs * depth),
                bias: generator.floats(outputs))
            for level in runnableLevels {
                for (way, result) in product.made(at: level, rd_activation_none) {
                    let finite = result.indices.filter { result[$0].isFinite }
                    #expect(finite == result.indices.filter { $0 / outputs != 3 }, "\(wrong) at \(places) \(way), level \(level)")
                }
            }
        }
    }
}

/// An output whose weights are so small that they have no inverse is nothing beside the others.
@Test func theSmallestWeightsAreNothing() {
    let depth = 6
    let small = [Float](repeating: 3e-38, count: depth)
    let product = QuadProduct(
        rows: 1, outputs: 2, depth: depth, x: [Float](repeating: 1, count: depth), weight: small + [Float](repeating: 1, count: depth),
        bias: [0, 0])
    for level in runnableLevels {
        for (way, result) in product.made(at: level, rd_activation_none) {
            #expect(abs(result[0]) <= 1e-36 && abs(result[1] - 6) <= 0.1, "\(result) \(way), level \(level)")
        }
    }
}

/// A product of bytes with a bias, and what is below zero cut off.
private struct QuadProduct {
    let rows: Int
    let outputs: Int
    let depth: Int
    let x: [Float]
    let weight: [Float]
    let bias: [Float]

    /// By the definition, in the steps of a level.
    func expected(at level: rd_level) -> [Float] {
        func rounded(_ values: ArraySlice<Float>, most: Float) -> (scale: Float, steps: [Int]) {
            let factor: Float = most > 0 ? 127 / most : 0
            return (most / 127, values.map { Int(($0 * factor).rounded(.toNearestOrEven)) })
        }
        let left = (0..<rows).map { row in
            let values = x[row * depth..<(row + 1) * depth]
            return rounded(values, most: values.map(abs).max() ?? 0)
        }
        let right = (0..<outputs).map { output in
            let values = weight[output * depth..<(output + 1) * depth]
            guard rd_quads_are_narrow(level) != 0 else { return rounded(values, most: values.map(abs).max() ?? 0) }
            let most = stride(from: 0, to: depth, by: 2).map { start in
                let pair = values.dropFirst(start).prefix(2)
                return max(pair.reduce(0) { $0 + max($1, 0) }, pair.reduce(0) { $0 + max(-$1, 0) })
            }
            return rounded(values, most: most.max() ?? 0)
        }
        return left.flatMap { row in
            right.enumerated().map { output, column in
                let sum = zip(row.steps, column.steps).reduce(0) { $0 + $1.0 * $1.1 }
                return max(0, Float(sum) * (row.scale * column.scale) + bias[output])
            }
        }
    }

    /// What kernels make of it, in groups of several sizes; at the plain level also by the matrix unit's way, written out in C.
    func made(at level: rd_level, _ activation: Int = rd_activation_relu) -> [(way: String, result: [Float])] {
        let (quads, panels) = ((depth + 3) / 4, (outputs + 31) / 32)
        var packed = [UInt32](repeating: .max, count: panels * 32 * quads)
        var scales = [Float](repeating: .nan, count: panels * 32)
        var offsets = [Int32](repeating: .max, count: panels * 32)
        rd_pack_quads(weight, outputs, depth, 0, panels, &packed, &scales, &offsets, level)
        var bytes = [UInt8](repeating: 7, count: rows * quads * 4)
        var rowScales = [Float](repeating: .nan, count: rows)
        rd_quantise_rows(x, rows, depth, depth, &bytes, &rowScales, level)
        let activation = Int32(activation)
        return bytes.withUnsafeBytes { bytes in
            let from = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
            let table: [UnsafePointer<Float>?] = (0..<rows).map { from + $0 * quads }
            var made = [1, 5, 12].map { group in
                var result = [Float](repeating: .nan, count: rows * outputs)
                rd_quad_rows(
                    table, rows, quads, Int(group), packed, rowScales, scales, offsets, 0, outputs, bias, activation, &result, outputs,
                    level)
                return (way: "in groups of \(group)", result: result)
            }
            guard level == rd_level(rd_level_plain) else { return made }
            // From some panel on, as threads divide the columns.
            var result = made[0].result
            let left = panels > 1 ? 32 : 0
            for row in 0..<rows { for column in left..<outputs { result[row * outputs + column] = .nan } }
            rd_tile_quads_twin(table, rows, quads, packed, rowScales, scales, offsets, left, outputs, bias, activation, &result, outputs)
            made.append((way: "by tiles", result: result))
            return made
        }
    }
}

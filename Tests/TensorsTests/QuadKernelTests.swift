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
        let quads = (depth + 3) / 4
        var x = generator.floats(rows * depth)
        // A row of zeros has no size to be measured by.
        if round % 6 == 0 { for k in 0..<depth { x[k] = 0 } }
        let weight = generator.floats(outputs * depth)
        let bias = generator.floats(outputs)
        func rounded(_ values: ArraySlice<Float>) -> (scale: Float, steps: [Int]) {
            let most = values.map(abs).max() ?? 0
            let factor: Float = most > 0 ? 127 / most : 0
            return (most / 127, values.map { Int(($0 * factor).rounded(.toNearestOrEven)) })
        }
        let (left, right) = (
            (0..<rows).map { rounded(x[$0 * depth..<($0 + 1) * depth]) },
            (0..<outputs).map { rounded(weight[$0 * depth..<($0 + 1) * depth]) }
        )
        var expected: [Float] = []
        for row in left {
            for (output, column) in right.enumerated() {
                let sum = zip(row.steps, column.steps).reduce(0) { $0 + $1.0 * $1.1 }
                expected.append(max(0, Float(sum) * (row.scale * column.scale) + bias[output]))
            }
        }
        func expectAgreement(_ result: [Float], _ way: String) {
            let agreement = Agreement(result, expected)
            #expect(agreement.absolute <= 1e-6 * Float(depth), "\(rows)x\(outputs)x\(depth) \(way)")
        }
        let panels = (outputs + 31) / 32
        var packed = [UInt32](repeating: .max, count: panels * 32 * quads)
        var scales = [Float](repeating: .nan, count: panels * 32)
        var offsets = [Int32](repeating: .max, count: panels * 32)
        rd_pack_quads(weight, outputs, depth, 0, panels, &packed, &scales, &offsets, rd_level(rd_level_plain))
        for level in runnableLevels {
            var bytes = [UInt8](repeating: 7, count: rows * quads * 4)
            var rowScales = [Float](repeating: .nan, count: rows)
            rd_quantise_rows(x, rows, depth, depth, &bytes, &rowScales, level)
            bytes.withUnsafeBytes { bytes in
                let from = bytes.baseAddress!.assumingMemoryBound(to: Float.self)
                var table = [UnsafePointer<Float>?](repeating: nil, count: rows)
                for row in 0..<rows { table[row] = from + row * quads }
                let relu = Int32(rd_activation_relu)
                for group in [1, 5, 12] {
                    var result = [Float](repeating: .nan, count: rows * outputs)
                    rd_quad_rows(
                        table, rows, quads, group, packed, rowScales, scales, offsets, 0, outputs, bias, relu, &result, outputs, level)
                    expectAgreement(result, "in groups of \(group), level \(level)")
                }
                guard level == rd_level(rd_level_plain) else { return }
                // The matrix unit's way, written out in C: from some panel on, as threads divide the columns.
                let left = panels > 1 ? 32 : 0
                var result = expected
                for row in 0..<rows { for column in left..<outputs { result[row * outputs + column] = .nan } }
                rd_tile_quads_twin(
                    table, rows, quads, packed, rowScales, scales, offsets, left, outputs, bias, relu, &result, outputs)
                expectAgreement(result, "by tiles")
            }
        }
    }
}

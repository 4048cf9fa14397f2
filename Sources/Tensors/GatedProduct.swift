import CKernels

/// Columns of each half whose products with a block of rows wait in a second-level cache for their gate.
private let gatedColumns = 64

/// The gated linear unit of diffusers' `GEGLU` behind a product: the first half of x weight^T + bias times the GELU of the second half.
///
/// In bfloat16 and in bytes the product, twice as wide as what comes of it, never stands in memory as a whole.
///
/// - Parameters:
///   - x: `[…, inputs]`
///   - bias: `[outputs]`
/// - Returns: `[…, outputs / 2]`
package func gatedProduct(_ x: Tensor, _ weight: PackedMatrix, bias: Tensor?) -> Tensor {
    let width = weight.outputs / 2
    precondition(weight.outputs == 2 * width, "a gated unit halves the last dimension; \(weight.outputs) is odd")
    guard width % PairPanels.width == 0 else { return matmul(x, weight, bias: bias).gatedGELU() }
    let inputs = weight.inputs
    let (from, added) = (x.pointer, bias?.pointer)
    func make(depth: Int, body: (GatedBlock) -> Void) -> Tensor {
        Tensor(shape: x.shape.replacingLast(with: width)) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withExtendedLifetime((x, weight, bias)) {
                GatedBlock.forEach(rows: x.rowCount, width: width, depth: depth, to: to, body: body)
            }
        }
    }
    switch weight.form {
    case .pairs(let packed):
        guard let words = packed.pointer else { return matmul(x, weight, bias: bias).gatedGELU() }
        return make(depth: packed.depth) { block in
            let paired = PairedRows(from + block.first * inputs, count: block.rows, width: inputs, isShared: false)
            block.run(table: paired.pointer, width: paired.width) { table, group, columns, out in
                rd_pair_rows(
                    table, block.rows, 1, packed.depth, group, words, columns.lowerBound, columns.upperBound, added,
                    Int32(rd_activation_none), 0, out, 2 * gatedColumns, Processor.level)
            }
            withExtendedLifetime(paired) {}
        }
    case .quads(let packed):
        return make(depth: packed.depth) { block in
            let bytes = QuantisedRows(from + block.first * inputs, count: block.rows, width: inputs)
            block.run(table: bytes.pointer, width: packed.depth) { table, group, columns, out in
                rd_quad_rows(
                    table, block.rows, packed.depth, group, packed.words, bytes.scales, packed.scales, packed.offsets, columns.lowerBound,
                    columns.upperBound, added, Int32(rd_activation_none), out, 2 * gatedColumns, Processor.level)
            }
            withExtendedLifetime(bytes) {}
        }
    case .panels, .rows, .mapped:
        return matmul(x, weight, bias: bias).gatedGELU()
    }
}

/// Some rows and some columns of a gated product, which one thread makes.
private struct GatedBlock {
    let first: Int
    let rows: Int
    /// Of the result.
    let columns: Range<Int>
    /// Of the whole result.
    let width: Int
    let to: UnsafeMutablePointer<Float>

    static func forEach(
        rows: Int, width: Int, depth: Int, to: UnsafeMutablePointer<Float>, body: (GatedBlock) -> Void
    ) {
        let blocks = Blocks(count: rows, outputs: width, depth: 2 * depth, group: PairPanels.group, panelWidth: PairPanels.width)
        Parallel.forEach(count: blocks.rowPieces * blocks.columnPieces) { piece in
            let first = piece / blocks.columnPieces * blocks.rows
            let left = piece % blocks.columnPieces * blocks.columns
            body(
                GatedBlock(
                    first: first, rows: min(rows, first + blocks.rows) - first, columns: left..<min(width, left + blocks.columns),
                    width: width, to: to))
        }
    }

    /// - Parameters:
    ///   - width: words of a row of the first factor.
    ///   - product: writes some columns of the product to rows of `2 * gatedColumns`; column c of them at place c.
    func run(
        table from: UnsafePointer<Float>, width words: Int,
        product: (UnsafeMutablePointer<UnsafePointer<Float>?>, _ group: Int, Range<Int>, UnsafeMutablePointer<Float>) -> Void
    ) {
        let group = PairPanels.group(of: rows)
        let both = TensorStorage(count: rows * 2 * gatedColumns)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows) { table in
            let table = table.baseAddress!
            rd_matrix_table(from, rows, words, group, table)
            for left in stride(from: columns.lowerBound, to: columns.upperBound, by: gatedColumns) {
                let count = min(gatedColumns, columns.upperBound - left)
                product(table, group, left..<left + count, both.pointer - left)
                product(table, group, width + left..<width + left + count, both.pointer + count - width - left)
                for row in 0..<rows {
                    rd_gated_gelu(both.pointer + row * 2 * gatedColumns, to + (first + row) * width + left, 1, count, Processor.level)
                }
            }
        }
        withExtendedLifetime(both) {}
    }
}

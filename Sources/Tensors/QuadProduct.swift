import CKernels

/// A weight's panels as bytes, four in the depth together, and what each output's bytes stand for.
struct QuadPanels: Sendable {
    /// Words of four bytes, in the place of floats.
    private let storage: TensorStorage
    /// `[panels * 32]` each: scales, then offsets, which are whole numbers.
    private let columns: TensorStorage
    let outputs: Int
    /// Words of a row.
    let depth: Int

    init(_ weight: WeightSource, outputs: Int, inputs: Int) {
        (self.outputs, depth) = (outputs, (inputs + 3) / 4)
        let panels = PairPanels.panels(outputs)
        let length = PairPanels.width * depth
        let storage = TensorStorage(lasting: panels * length)
        let columns = TensorStorage(lasting: 2 * panels * PairPanels.width)
        (self.storage, self.columns) = (storage, columns)
        let words = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
        let offsets = UnsafeMutableRawPointer(columns.pointer + panels * PairPanels.width).assumingMemoryBound(to: Int32.self)
        Parallel.forEachRange(count: panels, minimum: max(1, (1 << 16) / max(1, length))) { range in
            for index in range {
                let first = index * PairPanels.width
                let rows = first..<min(outputs, first + PairPanels.width)
                weight.withRows(rows, width: inputs) { from in
                    rd_pack_quads(
                        from, rows.count, inputs, 0, 1, words + index * length, columns.pointer + first, offsets + first, Processor.level)
                }
            }
        }
    }

    var words: UnsafePointer<UInt32> { UnsafeRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self) }
    var scales: UnsafePointer<Float> { UnsafePointer(columns.pointer) }
    var offsets: UnsafePointer<Int32> { UnsafeRawPointer(columns.pointer + columns.count / 2).assumingMemoryBound(to: Int32.self) }
}

/// Floats rounded to bytes, four in a word, with a scale for each row.
struct QuantisedRows {
    private let storage: TensorStorage
    private let scaleStorage: TensorStorage

    /// - Parameters:
    ///   - width: floats of a row.
    ///   - isShared: the rounding is spread over threads; false within what a thread does by itself.
    init(_ from: UnsafePointer<Float>, count: Int, width: Int, isShared: Bool = false) {
        let words = (width + 3) / 4
        let (storage, scaleStorage) = (TensorStorage(count: count * words), TensorStorage(count: count))
        (self.storage, self.scaleStorage) = (storage, scaleStorage)
        roundRows(count: count, width: width, isShared: isShared) { rows in
            rd_quantise_rows(
                from + rows.lowerBound * width, rows.count, width, width,
                UnsafeMutableRawPointer(storage.pointer + rows.lowerBound * words).assumingMemoryBound(to: UInt8.self),
                scaleStorage.pointer + rows.lowerBound, Processor.level)
        }
    }

    /// The words, in the place of floats.
    var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer) }
    var scales: UnsafePointer<Float> { UnsafePointer(scaleStorage.pointer) }
}

/// to [count, outputs] = finish(from [count, inputs] weight^T) in bytes, the rows rounded a block at a time.
func multiplyQuads(
    _ from: UnsafePointer<Float>, count: Int, outputs: Int, inputs: Int, _ packed: QuadPanels, _ to: UnsafeMutablePointer<Float>,
    finish: Finish
) {
    let depth = packed.depth
    let blocks = Blocks(count: count, outputs: outputs, depth: depth, group: PairPanels.group, panelWidth: PairPanels.width)
    let after = finish.afterPanels
    // Rows that several pieces take are rounded once for all of them.
    let all = blocks.columnPieces > 1 ? QuantisedRows(from, count: count, width: inputs, isShared: true) : nil
    func run(_ piece: Int) {
        let first = piece / blocks.columnPieces * blocks.rows
        let rows = min(count, first + blocks.rows) - first
        let left = piece % blocks.columnPieces * blocks.columns
        let right = min(outputs, left + blocks.columns)
        let group = PairPanels.group(of: rows)
        let bytes = all ?? QuantisedRows(from + first * inputs, count: rows, width: inputs)
        let start = all == nil ? 0 : first
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: rows) { table in
            let table = table.baseAddress!
            rd_matrix_table(bytes.pointer + start * depth, rows, depth, group, table)
            rd_quad_rows(
                table, rows, depth, group, packed.words, bytes.scales + start, packed.scales, packed.offsets, left, right, finish.bias,
                finish.activation.code, to + first * outputs, outputs, Processor.level)
        }
        after.apply(
            to + first * outputs + left, row: first, column: left, count: rows, width: right - left, stride: outputs)
    }
    let pieces = blocks.rowPieces * blocks.columnPieces
    if 2 * count * outputs * depth < 1 << 19 {
        for piece in 0..<pieces { run(piece) }
    } else {
        Parallel.forEach(count: pieces, body: run)
    }
}

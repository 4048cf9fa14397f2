import CKernels

/// A weight's panels as pairs of bfloat16, for products in that arithmetic.
struct PairPanels: Sendable {
    /// Outputs side by side.
    static let width = 32
    /// How many rows a product takes at once at most.
    static let group = 12

    /// Pairs, in the place of floats.
    private let storage: TensorStorage
    let taps: Int
    /// Pairs under one tap.
    let depth: Int
    let outputs: Int

    /// - Parameter weight: `[outputs, depth, taps]`, as torch stores a convolution.
    init(_ weight: WeightSource, outputs: Int, inputs: Int, taps: Int) {
        let values = inputs / taps
        (self.taps, depth, self.outputs) = (taps, (values + 1) / 2, outputs)
        let panels = Self.panels(outputs)
        let length = Self.width * taps * depth
        storage = TensorStorage(lasting: panels * length)
        let to = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
        Parallel.forEachRange(count: panels, minimum: max(1, (1 << 16) / max(1, length))) { range in
            switch weight {
            case .floats(let tensor):
                tensor.withUnsafeValues { from in
                    rd_pack_pairs(
                        from.baseAddress!, outputs, taps, values, inputs, 1, taps, range.lowerBound, range.upperBound, to, Processor.level)
                }
            case .halves(let halves):
                halves.withPointer { from in
                    rd_pack_half_pairs(
                        from, halves.format.code, outputs, taps, values, range.lowerBound, range.upperBound, to, Processor.level)
                }
            }
        }
    }

    var pointer: UnsafePointer<UInt32> { UnsafeRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self) }

    static func panels(_ outputs: Int) -> Int { (outputs + width - 1) / width }

    /// Rows in groups of nearly equal size: of fifty, five times ten are quicker than four times twelve and once two.
    static func group(of count: Int) -> Int {
        let groups = (count + group - 1) / group
        return (count + groups - 1) / max(groups, 1)
    }
}

/// Floats rounded to bfloat16, in rows that an odd width is filled up in; a pair stands in the place of a float.
struct PairedRows {
    private let storage: TensorStorage
    /// Pairs of a row.
    let width: Int

    /// - Parameter isShared: the rounding is spread over threads; false within what a thread does by itself.
    init(_ from: UnsafePointer<Float>, count: Int, width values: Int, isShared: Bool) {
        width = (values + 1) / 2
        storage = TensorStorage(count: count * width)
        let (to, width) = (storage.pointer, width)
        func round(_ rows: Range<Int>) {
            let target = UnsafeMutableRawPointer(to + rows.lowerBound * width).assumingMemoryBound(to: UInt16.self)
            rd_bfloat_rows(from + rows.lowerBound * values, rows.count, values, values, target, Processor.level)
        }
        if isShared {
            Parallel.forEachRange(count: count, minimum: max(1, smallestParallelCount / max(1, values)), perThread: 4, body: round)
        } else {
            round(0..<count)
        }
    }

    var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer) }
}

/// to [count, outputs] = finish(from [count, inputs] weight^T) in bfloat16, the rows rounded a block at a time.
func multiplyPairs(
    _ from: UnsafePointer<Float>, count: Int, outputs: Int, inputs: Int, _ packed: PairPanels, _ to: UnsafeMutablePointer<Float>,
    finish: Finish
) {
    multiplyPairs(count: count, packed, to, finish: finish) { rows, body in
        let paired = PairedRows(from + rows.lowerBound * inputs, count: rows.count, width: inputs, isShared: false)
        body(.matrix(paired.pointer, stride: paired.width), 0..<rows.count)
        withExtendedLifetime(paired) {}
    }
}

/// A convolution in bfloat16 that reads each window where it lies, tap by tap, in a map that is rounded before.
func pairConvolution(
    _ from: UnsafePointer<Float>, _ weight: PackedMatrix, _ packed: PairPanels, _ window: Window, _ to: UnsafeMutablePointer<Float>,
    finish: Finish
) {
    let map = PairedRows(from, count: window.batch * window.height * window.width, width: window.channels, isShared: true)
    let shape = window.taps(channels: map.width)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: window.depth(channels: map.width)) { zeros in
        zeros.initialize(repeating: 0)
        let rows = Rows.windows(map.pointer, shape, zeros: zeros.baseAddress!)
        multiplyPairs(count: window.batch * window.outputHeight * window.outputWidth, packed, to, finish: finish) { range, body in
            body(rows, range)
        }
        withExtendedLifetime(map) {}
    }
}

/// - Parameter block: calls what it is given with where some rows of the whole lie, and which they are there.
private func multiplyPairs(
    count: Int, _ packed: PairPanels, _ to: UnsafeMutablePointer<Float>, finish: Finish,
    block: (Range<Int>, (Rows, Range<Int>) -> Void) -> Void
) {
    let (outputs, depth) = (packed.outputs, packed.taps * packed.depth)
    let blocks = Blocks(count: count, outputs: outputs, depth: depth, group: PairPanels.group, panelWidth: PairPanels.width)
    let after = finish.afterPanels
    func run(_ piece: Int) {
        let first = piece / blocks.columnPieces * blocks.rows
        let last = min(count, first + blocks.rows)
        let left = piece % blocks.columnPieces * blocks.columns
        let right = min(outputs, left + blocks.columns)
        let group = PairPanels.group(of: last - first)
        block(first..<last) { rows, range in
            let taps = rows.taps
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: (range.count + group) * taps) { table in
                let table = table.baseAddress!
                rows.fill(table, range, group: group)
                rd_pair_rows(
                    table, range.count, taps, depth / taps, group, packed.pointer, left, right, finish.bias, finish.activation.code, 0,
                    to + first * outputs, outputs, Processor.level)
            }
        }
        after.apply(
            to + first * outputs + left, row: first, column: left, count: last - first, width: right - left, stride: outputs)
    }
    let pieces = blocks.rowPieces * blocks.columnPieces
    if 2 * count * outputs * depth < 1 << 19 {
        for piece in 0..<pieces { run(piece) }
    } else {
        Parallel.forEach(count: pieces, body: run)
    }
}

import CKernels

/// A weight's panels as pairs of bfloat16, for products in that arithmetic.
struct PairPanels: Sendable {
    /// Outputs side by side.
    static let width = 32
    /// How many rows a product takes at once at most.
    static let group = 12

    private enum Form: Sendable {
        /// Pairs, in the place of floats.
        case words(TensorStorage)
        case bytes(BytePairs)
    }

    private let form: Form
    let taps: Int
    /// Pairs under one tap.
    let depth: Int
    let outputs: Int

    /// - Parameters:
    ///   - weight: `[outputs, depth, taps]`, as torch stores a convolution.
    ///   - inBytes: held in one byte a number, and widened where a product takes it.
    init(_ weight: WeightSource, outputs: Int, inputs: Int, taps: Int, inBytes: Bool = false) {
        let values = inputs / taps
        (self.taps, depth, self.outputs) = (taps, (values + 1) / 2, outputs)
        let panels = Self.panels(outputs)
        let length = Self.width * taps * depth
        guard !inBytes else {
            form = .bytes(
                BytePairs(panels: panels, taps: taps, depth: depth) { index, to in
                    Self.pack(weight, panel: index, outputs: outputs, taps: taps, values: values, to)
                })
            return
        }
        let storage = TensorStorage(lasting: panels * length)
        form = .words(storage)
        let to = UnsafeMutableRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
        Parallel.forEachRange(count: panels, minimum: max(1, (1 << 16) / max(1, length))) { range in
            for panel in range {
                Self.pack(weight, panel: panel, outputs: outputs, taps: taps, values: values, to + panel * length)
            }
        }
    }

    /// One panel.
    private static func pack(
        _ weight: WeightSource, panel: Int, outputs: Int, taps: Int, values: Int, _ to: UnsafeMutablePointer<UInt32>
    ) {
        let (first, inputs) = (panel * width, taps * values)
        let rows = min(width, outputs - first)
        switch weight {
        case .floats(let tensor):
            tensor.withUnsafeValues { from in
                rd_pack_pairs(from.baseAddress! + first * inputs, rows, taps, values, inputs, 1, taps, 0, 1, to, Processor.level)
            }
        case .halves(let halves):
            halves.withPointer { from in
                rd_pack_half_pairs(from + first * inputs, halves.format.code, rows, taps, values, 0, 1, to, Processor.level)
            }
        }
    }

    /// All panels, one behind the other; nil where they are held in bytes.
    var pointer: UnsafePointer<UInt32>? {
        guard case .words(let storage) = form else { return nil }
        return UnsafeRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self)
    }

    /// Calls `body` with a panel's words; the pointer is valid within the call only.
    func withPanel(_ panel: Int, _ body: (UnsafePointer<UInt32>) -> Void) {
        switch form {
        case .words(let storage):
            body(UnsafeRawPointer(storage.pointer).assumingMemoryBound(to: UInt32.self) + panel * Self.width * taps * depth)
        case .bytes(let bytes): bytes.withPanel(panel, body)
        }
    }

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
        roundRows(count: count, width: values, isShared: isShared) { rows in
            let target = UnsafeMutableRawPointer(to + rows.lowerBound * width).assumingMemoryBound(to: UInt16.self)
            rd_bfloat_rows(from + rows.lowerBound * values, rows.count, values, values, target, Processor.level)
        }
    }

    var pointer: UnsafePointer<Float> { UnsafePointer(storage.pointer) }
}

extension Blocks {
    fileprivate init(of packed: PairPanels, count: Int) {
        self.init(
            count: count, outputs: packed.outputs, depth: packed.taps * packed.depth, group: PairPanels.group, panelWidth: PairPanels.width)
    }
}

/// to [count, outputs] = finish(from [count, inputs] weight^T) in bfloat16, the rows rounded a block at a time.
func multiplyPairs(
    _ from: UnsafePointer<Float>, count: Int, outputs: Int, inputs: Int, _ packed: PairPanels, _ to: UnsafeMutablePointer<Float>,
    finish: Finish
) {
    let blocks = Blocks(of: packed, count: count)
    // Rows that several pieces take are rounded once for all of them.
    guard blocks.columnPieces == 1 else {
        let paired = PairedRows(from, count: count, width: inputs, isShared: true)
        multiplyPairs(blocks, count: count, packed, to, finish: finish) { rows, body in
            body(.matrix(paired.pointer, stride: paired.width), rows)
        }
        return withExtendedLifetime(paired) {}
    }
    multiplyPairs(blocks, count: count, packed, to, finish: finish) { rows, body in
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
        let count = window.batch * window.outputHeight * window.outputWidth
        multiplyPairs(Blocks(of: packed, count: count), count: count, packed, to, finish: finish) { range, body in body(rows, range) }
        withExtendedLifetime(map) {}
    }
}

/// - Parameter block: calls what it is given with where some rows of the whole lie, and which they are there.
private func multiplyPairs(
    _ blocks: Blocks, count: Int, _ packed: PairPanels, _ to: UnsafeMutablePointer<Float>, finish: Finish,
    block: (Range<Int>, (Rows, Range<Int>) -> Void) -> Void
) {
    let (outputs, depth) = (packed.outputs, packed.taps * packed.depth)
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
                if let words = packed.pointer {
                    return rd_pair_rows(
                        table, range.count, taps, depth / taps, group, words, left, right, finish.bias, finish.activation.code, 0,
                        to + first * outputs, outputs, Processor.level)
                }
                for column in stride(from: left, to: right, by: PairPanels.width) {
                    packed.withPanel(column / PairPanels.width) { words in
                        rd_pair_rows(
                            table, range.count, taps, depth / taps, group, words, 0, min(PairPanels.width, right - column),
                            finish.bias.map { $0 + column }, finish.activation.code, 0, to + first * outputs + column, outputs,
                            Processor.level)
                    }
                }
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

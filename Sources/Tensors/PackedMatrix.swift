import CKernels
import Synchronization

/// A weight matrix `[outputs, inputs]` (torch's layout) in the form that products want, made once when a layer is loaded.
package struct PackedMatrix: Sendable {
    package let outputs: Int
    package let inputs: Int
    private(set) var form: Form

    enum Form: Sendable {
        /// `[outputs, inputs]` as it came, for OpenBLAS.
        case rows(Tensor)
        /// Panels of outputs side by side, for our own product; the depth is `taps` times what one window tap holds.
        case panels(Panels)
        /// Panels of pairs of bfloat16, for products in that arithmetic.
        case pairs(PairPanels)
        /// Panels of bytes, four in the depth together.
        case quads(QuadPanels)
        /// Rows in a mapped file that become panels at the second product.
        case mapped(MappedRows)
    }

    /// - Parameters:
    ///   - weight: any shape whose first dimension is the outputs; the others together are the inputs.
    ///   - format: how the numbers are held and multiplied. Where OpenBLAS makes the products, as floats.
    package init(_ weight: Tensor, format: WeightFormat = .f32) {
        self.init(.floats(weight), taps: 1, format: format)
    }

    /// The same of a weight that lies in a file: what is packed has the same bytes as by way of floats.
    package init(_ weight: HalfWeight, format: WeightFormat) {
        self.init(.halves(weight), taps: 1, format: format)
    }

    /// In pairs of bfloat16 whether the instructions for them are quicker than those for floats or not: for measuring which it is.
    package init(inPairs weight: Tensor, taps: Int = 1) {
        outputs = weight.shape[0]
        inputs = weight.shape.count / max(outputs, 1)
        form = .pairs(PairPanels(.floats(weight), outputs: outputs, inputs: inputs, taps: taps))
    }

    /// In which numbers products with this weight are made.
    package var arithmetic: Arithmetic {
        switch form {
        case .pairs: .bf16
        case .quads: .int8
        case .rows, .panels, .mapped: .f32
        }
    }

    /// A weight that is packed when it is needed a second time: to take a large model's weights once, packing costs as much as a third of the
    /// product, and twice the memory. A weight that is no part of a mapped file is packed now.
    ///
    /// The first product is OpenBLAS's, so that it differs from the later ones in the last bits.
    package init(mapped weight: Tensor) {
        self.init(unpacked: weight)
        guard case .rows(let rows) = form, Processor.level > rd_level_plain else { return }
        form = weight.storage.isBorrowed ? .mapped(MappedRows(rows)) : PackedMatrix(weight).form
    }

    /// - Parameters:
    ///   - taps: how many parts the inputs have behind each other in the rows that come; in `weight`, `[outputs, depth, taps]`, they are
    ///     innermost, as torch stores a convolution.
    ///   - inBytes: whether pairs of bfloat16 are held in one byte a number, and widened where a product takes them.
    init(_ weight: WeightSource, taps: Int, format: WeightFormat, inBytes: Bool = false) {
        outputs = weight.shape[0]
        inputs = weight.shape.count / max(outputs, 1)
        if format.isInBytes {
            form = .quads(QuadPanels(weight, outputs: outputs, inputs: inputs))
        } else if format.isPaired {
            form = .pairs(PairPanels(weight, outputs: outputs, inputs: inputs, taps: taps, inBytes: inBytes))
        } else if Processor.level > rd_level_plain {
            form = .panels(Panels(weight, outputs: outputs, inputs: inputs, taps: taps, halves: format.halves))
        } else {
            let rows = weight.tensor.reshaped([outputs, inputs / taps, taps])
            form = .rows((taps == 1 ? rows : rows.permuted([0, 2, 1])).reshaped([outputs, inputs]))
        }
    }

    /// A matrix that is used once or a few times, or too seldom to be worth packing: it stays as it is and OpenBLAS takes it.
    package init(unpacked weight: Tensor) {
        outputs = weight.shape[0]
        inputs = weight.count / max(outputs, 1)
        form = .rows(weight.reshaped([outputs, inputs]))
    }
}

/// A weight as a file has it, until it is packed.
final class MappedRows: Sendable {
    private enum State: Sendable {
        case unused(Tensor)
        case used(Tensor)
        case packed(PackedMatrix)
    }

    private let state: Mutex<State>

    init(_ rows: Tensor) {
        state = Mutex(.unused(rows))
    }

    /// What the next product takes.
    func next() -> PackedMatrix {
        state.withLock { state in
            switch state {
            case .unused(let rows):
                state = .used(rows)
                return PackedMatrix(unpacked: rows)
            case .used(let rows):
                let packed = PackedMatrix(rows)
                // What was interrupted is half packed.
                if !Parallel.isInterrupted { state = .packed(packed) }
                return packed
            case .packed(let packed):
                return packed
            }
        }
    }
}

/// A weight's panels one after the other, as floats or as halves.
struct Panels: Sendable {
    let storage: TensorStorage
    /// Outputs side by side.
    let width: Int
    let halves: HalfFormat?

    /// - Parameter weight: `[outputs, depth, taps]`, as torch stores a convolution.
    init(_ weight: WeightSource, outputs: Int, inputs: Int, taps: Int, halves: HalfFormat?) {
        let width = rd_panel_width(Processor.level)
        let panels = (outputs + width - 1) / width
        let length = width * inputs
        let storage = TensorStorage(lasting: halves == nil ? panels * length : (panels * length + 1) / 2)
        (self.storage, self.width, self.halves) = (storage, width, halves)
        Parallel.forEachRange(count: panels, minimum: max(1, (1 << 16) / max(1, length))) { range in
            for index in range {
                // The kernel counts its source and its target from the first panel of all.
                let rows = index * width..<min(outputs, (index + 1) * width)
                weight.withRows(rows, width: inputs) { from in
                    func pack(to target: UnsafeMutablePointer<Float>) {
                        rd_pack_panels(from, rows.count, taps, inputs / taps, inputs, 1, taps, width, 0, 1, target)
                    }
                    guard let halves else { return pack(to: storage.pointer + index * length) }
                    let panel = TensorStorage(count: length)
                    pack(to: panel.pointer)
                    halves.write(panel.pointer, to: UnsafeMutableRawPointer(storage.pointer) + 2 * index * length, count: length)
                }
            }
        }
    }

    /// Writes a panel of `length` values as floats.
    func spread(_ panel: Int, length: Int, to target: UnsafeMutablePointer<Float>) {
        guard let halves else { return target.update(from: storage.pointer + panel * length, count: length) }
        halves.read(UnsafeRawPointer(storage.pointer) + 2 * panel * length, to: target, count: length)
    }
}

/// How a number is held in two bytes.
package enum HalfFormat: Sendable, Hashable {
    /// IEEE half precision.
    case f16
    /// bfloat16: the upper half of a float.
    case bf16

    func read(_ from: UnsafeRawPointer, to target: UnsafeMutablePointer<Float>, count: Int) {
        let from = from.assumingMemoryBound(to: UInt16.self)
        switch self {
        case .f16: rd_f16_to_f32(from, target, count, Processor.level)
        case .bf16: rd_bf16_to_f32(from, target, count, Processor.level)
        }
    }

    /// Rounds to the nearest, ties to even.
    func write(_ from: UnsafePointer<Float>, to target: UnsafeMutableRawPointer, count: Int) {
        let target = target.assumingMemoryBound(to: UInt16.self)
        switch self {
        case .f16: rd_f32_to_f16(from, target, count, Processor.level)
        case .bf16:
            for index in 0..<count {
                let bits = from[index].bitPattern
                let rounded = bits &+ 0x7FFF &+ ((bits >> 16) & 1)
                target[index] = UInt16(truncatingIfNeeded: (from[index].isNaN ? bits | 0x40_0000 : rounded) >> 16)
            }
        }
    }
}

/// Where the rows of a product come from.
enum Rows {
    case matrix(UnsafePointer<Float>, stride: Int)
    /// The windows of a convolution; `zeros` stands for what lies outside of the map.
    case windows(UnsafePointer<Float>, rd_window, zeros: UnsafePointer<Float>)

    var taps: Int {
        switch self {
        case .matrix: 1
        case .windows(_, let window, _): window.taps_y * window.taps_x
        }
    }

    func fill(_ table: UnsafeMutablePointer<UnsafePointer<Float>?>, _ rows: Range<Int>, group: Int) {
        switch self {
        case .matrix(let from, let stride):
            rd_matrix_table(from + rows.lowerBound * stride, rows.count, stride, group, table)
        case .windows(let from, var window, let zeros):
            rd_window_table(from, &window, rows.lowerBound, rows.count, zeros, group, table)
        }
    }
}

/// What happens to a block of results while it is still in the cache.
struct Finish {
    var bias: UnsafePointer<Float>?
    var residual: UnsafePointer<Float>?
    var activation: Activation

    /// `rows` points at column `column` of row `row` of a result whose rows are `stride` wide.
    func apply(_ rows: UnsafeMutablePointer<Float>, row: Int, column: Int, count: Int, width: Int, stride: Int) {
        guard bias != nil || residual != nil || activation != .none else { return }
        rd_finish_rows(
            rows, count, width, stride, bias.map { $0 + column }, residual.map { $0 + row * stride + column }, activation.code,
            Processor.level)
    }

    /// What is left to do where the product itself added the bias and applied what it knows of activations.
    var afterPanels: Finish {
        Finish(bias: nil, residual: residual, activation: activation == .relu || activation == .relu6 ? .none : activation)
    }
}

/// to [count, outputs] = finish(rows weight^T) by our own kernel, on several threads where it pays.
func multiplyPanels(
    _ rows: Rows, count: Int, outputs: Int, inputs: Int, _ packed: Panels, _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let panelWidth = packed.width
    let group = rd_panel_group(panelWidth)
    let taps = rows.taps
    let blocks = Blocks(count: count, outputs: outputs, depth: inputs, group: group, panelWidth: panelWidth)
    let pieces = blocks.rowPieces * blocks.columnPieces
    let after = finish.afterPanels
    func run(_ piece: Int) {
        let first = piece / blocks.columnPieces * blocks.rows
        let last = min(count, first + blocks.rows)
        let left = piece % blocks.columnPieces * blocks.columns
        let right = min(outputs, left + blocks.columns)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: (last - first + group) * taps) { table in
            let table = table.baseAddress!
            rows.fill(table, first..<last, group: group)
            guard packed.halves != nil else {
                return rd_panel_rows(
                    table, last - first, taps, inputs / taps, packed.storage.pointer, panelWidth, left, right, finish.bias,
                    finish.activation.code, to + first * outputs, outputs, Processor.level)
            }
            let panel = TensorStorage(count: inputs * panelWidth)
            for column in stride(from: left, to: right, by: panelWidth) {
                packed.spread(column / panelWidth, length: inputs * panelWidth, to: panel.pointer)
                rd_panel_rows(
                    table, last - first, taps, inputs / taps, panel.pointer, panelWidth, 0, min(panelWidth, right - column),
                    finish.bias.map { $0 + column }, finish.activation.code, to + first * outputs + column, outputs, Processor.level)
            }
        }
        after.apply(
            to + first * outputs + left, row: first, column: left, count: last - first, width: right - left, stride: outputs)
    }
    if 2 * count * outputs * inputs < 1 << 19 {
        for piece in 0..<pieces { run(piece) }
    } else {
        Parallel.forEach(count: pieces, body: run)
    }
}

import CKernels
import Synchronization

/// A 3x3 convolution's weights for Winograd's F(4x4, 3x3), made when a map first comes that is large enough: they take four times the
/// memory of the taps, and a layer that only ever sees small maps never needs them.
///
/// It computes 2.25 multiplications for each output and channel where the definition takes 9; the transforms cost rounding, about 5e-6 of
/// the largest output.
final class WinogradWeights: Sendable {
    /// Memory a layer may take for its transformed weights.
    private static let largest = 64 << 20
    /// The same where weights are held in halves, that is where memory is what counts.
    private static let largestOfHalves = 48 << 20
    /// Fewer tiles than this do not pay for reading the larger weights.
    private static let fewestTiles = 16

    private let packed: Panels
    private var panelWidth: Int { packed.width }
    private let inputs: Int
    private let outputs: Int
    private let areKept: Bool
    private let transformed = Mutex<TensorStorage?>(nil)

    /// nil where the weights are not in panels, or the layer is too thin or too large for it to pay.
    init?(_ matrix: PackedMatrix, areKept: Bool) {
        guard case .panels(let packed) = matrix.form else { return nil }
        self.packed = packed
        self.areKept = areKept
        inputs = matrix.inputs / 9
        outputs = matrix.outputs
        let limit = packed.halves == nil ? Self.largest : Self.largestOfHalves
        guard inputs >= 16, outputs >= 16, 36 * pointStride * MemoryLayout<Float>.stride <= limit else { return nil }
    }

    private var panels: Int { (outputs + panelWidth - 1) / panelWidth }
    /// Floats between the weights of one point and those of the next.
    private var pointStride: Int { panels * panelWidth * inputs }

    func suits(_ window: Window) -> Bool {
        window.stride == 1 && Tiles(window).count >= Self.fewestTiles
    }

    private func weights() -> TensorStorage {
        guard areKept else { return transform(to: TensorStorage(count: 36 * pointStride)) }
        return transformed.withLock { transformed in
            if let transformed { return transformed }
            let storage = transform(to: TensorStorage(lasting: 36 * pointStride))
            transformed = storage
            return storage
        }
    }

    private func transform(to storage: TensorStorage) -> TensorStorage {
        Parallel.forEachRange(count: panels) { range in
            guard packed.halves != nil else {
                return rd_winograd_weights(
                    packed.storage.pointer, inputs, panelWidth, range.lowerBound, range.upperBound, storage.pointer, pointStride)
            }
            let panel = TensorStorage(count: 9 * inputs * panelWidth)
            for index in range {
                packed.spread(index, length: 9 * inputs * panelWidth, to: panel.pointer)
                rd_winograd_weights(
                    panel.pointer, inputs, panelWidth, 0, 1, storage.pointer + index * inputs * panelWidth, pointStride)
            }
        }
        return storage
    }

    /// to = finish(convolution of the map at `from`).
    func convolve(_ from: UnsafePointer<Float>, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        let weights = weights()
        let tiles = Tiles(window)
        let group = rd_panel_group(panelWidth)
        // A block's transformed inputs and products together stay near the size of a second-level cache.
        let fitting = (1 << 18) / (36 * (inputs + outputs)) / group * group
        let share = (tiles.count + 2 * Parallel.threadCount - 1) / (2 * Parallel.threadCount)
        let block = max(group, min(max(4 * group, min(16 * group, fitting)), (share + group - 1) / group * group))
        Parallel.forEach(count: (tiles.count + block - 1) / block) { index in
            let range = index * block..<min(tiles.count, (index + 1) * block)
            let transformed = TensorStorage(count: 36 * range.count * inputs)
            let products = TensorStorage(count: 36 * range.count * outputs)
            for (position, tile) in range.enumerated() {
                let place = tiles.place(tile)
                rd_winograd_input(
                    from + place.image * window.height * window.width * inputs, window.height, window.width, inputs,
                    place.y - window.padding.top, place.x - window.padding.left, transformed.pointer + position * inputs,
                    range.count * inputs, Processor.level)
            }
            withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: range.count) { table in
                for point in 0..<36 {
                    rd_matrix_table(
                        transformed.pointer + point * range.count * inputs, range.count, inputs, group, table.baseAddress!)
                    rd_panel_rows(
                        table.baseAddress!, range.count, 1, inputs, weights.pointer + point * pointStride, panelWidth, 0, outputs, nil,
                        Int32(rd_activation_none), products.pointer + point * range.count * outputs, outputs, Processor.level)
                }
            }
            for (position, tile) in range.enumerated() {
                write(products.pointer + position * outputs, pointStride: range.count * outputs, tiles, tile, to, finish: finish)
            }
        }
    }

    private func write(
        _ products: UnsafePointer<Float>, pointStride: Int, _ tiles: Tiles, _ tile: Int, _ to: UnsafeMutablePointer<Float>, finish: Finish
    ) {
        let place = tiles.place(tile)
        let (rows, columns) = (min(4, tiles.height - place.y), min(4, tiles.width - place.x))
        let first = (place.image * tiles.height + place.y) * tiles.width + place.x
        rd_winograd_output(
            products, pointStride, outputs, finish.bias, finish.activation.code, to + first * outputs, tiles.width * outputs, rows,
            columns, Processor.level)
        let after = finish.afterPanels
        for row in 0..<rows {
            let pixel = first + row * tiles.width
            after.apply(to + pixel * outputs, row: pixel, column: 0, count: columns, width: outputs, stride: outputs)
        }
    }
}

/// The 4 by 4 tiles of the outputs of all pictures of a batch.
private struct Tiles {
    let height: Int
    let width: Int
    private let down: Int
    private let across: Int
    let count: Int

    init(_ window: Window) {
        (height, width) = (window.outputHeight, window.outputWidth)
        down = (height + 3) / 4
        across = (width + 3) / 4
        count = window.batch * down * across
    }

    /// The picture, and the output pixel at the tile's upper left.
    func place(_ tile: Int) -> (image: Int, y: Int, x: Int) {
        (tile / (down * across), tile / across % down * 4, tile % across * 4)
    }
}

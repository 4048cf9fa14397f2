import CKernels
import Synchronization

/// A 3x3 convolution by Winograd's F(4x4, 3x3): 2.25 multiplications for each output and channel where the definition takes 9; the
/// transforms cost rounding, about 5e-6 of the largest output.
///
/// The transformed weights take four times the memory of the taps. Those of small layers are kept from their first use on; those of large
/// ones are made anew at each call, a panel at a time, which costs a few per cent of the products and no memory.
final class WinogradWeights: Sendable {
    /// Memory a layer may take for transformed weights that it keeps.
    private static let largestKept = 16 << 20
    /// Memory that the transformed weights of a whole layer may take for one call.
    private static let largestWhole = 64 << 20
    /// Memory for the transformed inputs of a run of tiles.
    private static let inputMemory = 48 << 20

    private let packed: Panels
    private let inputs: Int
    private let outputs: Int
    private let areKept: Bool
    private let transformed = Mutex<TensorStorage?>(nil)

    /// nil where the weights are not in panels, or the layer is too thin for it to pay.
    ///
    /// - Parameter keeps: false for a layer that keeps nothing, however small it is.
    init?(_ matrix: PackedMatrix, keeps: Bool) {
        guard case .panels(let packed) = matrix.form else { return nil }
        self.packed = packed
        (inputs, outputs) = (matrix.inputs / 9, matrix.outputs)
        guard Self.suits(outputs: outputs, inputs: inputs) else { return nil }
        areKept = keeps && Self.keptMemory(outputs: outputs, inputs: inputs, panelWidth: packed.width) > 0
    }

    private static func suits(outputs: Int, inputs: Int) -> Bool { min(inputs, outputs) >= ConvolutionWay.fewestChannels }

    /// Bytes that a layer keeps from its first use on, 0 where it keeps nothing.
    static func keptMemory(outputs: Int, inputs: Int, panelWidth: Int) -> Int {
        let bytes = 36 * ((outputs + panelWidth - 1) / panelWidth * panelWidth) * inputs * MemoryLayout<Float>.stride
        return suits(outputs: outputs, inputs: inputs) && bytes <= largestKept ? bytes : 0
    }

    /// Whether a map of outputs has enough tiles for what a layer keeps.
    static func pays(batch: Int, height: Int, width: Int) -> Bool {
        batch * ((height + 3) / 4) * ((width + 3) / 4) >= ConvolutionWay.fewestTiles
    }

    private var panelWidth: Int { packed.width }
    private var panels: Int { (outputs + panelWidth - 1) / panelWidth }
    /// Values of a panel at one point, or under one tap.
    private var run: Int { inputs * panelWidth }
    /// Floats between the weights of one point and those of the next, where all panels stand together.
    private var pointStride: Int { panels * run }

    /// Whether the whole layer's weights may be transformed at once.
    private var fitsWhole: Bool { 36 * pointStride * MemoryLayout<Float>.stride <= Self.largestWhole }

    /// to = finish(convolution of the map at `from`).
    func convolve(_ from: UnsafePointer<Float>, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        let map = Map(rows: MapRows(whole: from, window), window: window, tiles: Tiles(window, side: 4), to: to, finish: finish)
        // With fewer tiles than outputs, the transformed weights are larger than the transformed inputs.
        let keeps = areKept && map.tiles.count >= ConvolutionWay.fewestTiles
        if keeps || (map.tiles.count >= outputs && fitsWhole) {
            convolveByTiles(map, 0..<map.tiles.count, weights())
        } else {
            convolveByPanels(map)
        }
    }

    /// Whether a map that is to be prepared first is better taken in bands: not where a layer's weights are transformed for every band anew.
    func takesBands(_ window: Window) -> Bool {
        window.height * window.width * inputs * MemoryLayout<Float>.stride > MapRows.largestPrepared
            && (areKept || fitsWhole)
    }

    /// to = finish(convolution of what the map `x` becomes).
    func convolve(_ x: Tensor, _ preparation: MapPreparation, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        let tiles = Tiles(window, side: 4)
        let weights = weights()
        let most = MapRows.bandMemory / (16 * inputs * MemoryLayout<Float>.stride)
        MapRows.forEachBand(of: x, preparation, window, tiles, most: most) { range, rows in
            convolveByTiles(Map(rows: rows, window: window, tiles: tiles, to: to, finish: finish), range, weights)
        }
    }

    /// What a call works on.
    private struct Map {
        let rows: MapRows
        let window: Window
        let tiles: Tiles
        let to: UnsafeMutablePointer<Float>
        let finish: Finish
    }

    /// A block of tiles after the other, with the weights of the whole layer transformed.
    private func convolveByTiles(_ map: Map, _ range: Range<Int>, _ weights: TensorStorage) {
        let count = range.count
        let group = rd_panel_group(panelWidth)
        // A block's transformed inputs and products together stay near the size of a second-level cache.
        let fitting = (1 << 18) / (36 * (inputs + outputs)) / group * group
        let share = (count + 2 * Parallel.threadCount - 1) / (2 * Parallel.threadCount)
        let block = max(group, min(max(4 * group, min(16 * group, fitting)), (share + group - 1) / group * group))
        Parallel.forEach(count: (count + block - 1) / block) { index in
            let tiles = range.lowerBound + index * block..<range.lowerBound + min(count, (index + 1) * block)
            let transformed = TensorStorage(count: 36 * tiles.count * inputs)
            let products = TensorStorage(count: 36 * tiles.count * outputs)
            for (position, tile) in tiles.enumerated() { transform(tile, of: map, to: transformed, position: position, count: tiles.count) }
            multiply(
                transformed, count: tiles.count, weights.pointer, pointStride: pointStride, columns: outputs, to: products, width: outputs)
            for (position, tile) in tiles.enumerated() {
                write(products.pointer + position * outputs, pointStride: tiles.count * outputs, tile, of: map, columns: 0..<outputs)
            }
        }
    }

    /// A panel of weights after the other, each transformed where it is used, over the transformed inputs of many tiles.
    private func convolveByPanels(_ map: Map) {
        let most = max(64, Self.inputMemory / (36 * inputs * MemoryLayout<Float>.stride))
        for first in stride(from: 0, to: map.tiles.count, by: most) {
            let tiles = first..<min(map.tiles.count, first + most)
            let transformed = TensorStorage(count: 36 * tiles.count * inputs)
            Parallel.forEachRange(count: tiles.count, perThread: 4) { range in
                for position in range {
                    transform(tiles.lowerBound + position, of: map, to: transformed, position: position, count: tiles.count)
                }
            }
            Parallel.forEach(count: panels) { panel in
                let weights = TensorStorage(count: 36 * run)
                let products = TensorStorage(count: 36 * tiles.count * panelWidth)
                transform(panel: panel, to: weights.pointer, pointStride: run)
                multiply(
                    transformed, count: tiles.count, weights.pointer, pointStride: run, columns: panelWidth, to: products,
                    width: panelWidth)
                let columns = panel * panelWidth..<min(outputs, (panel + 1) * panelWidth)
                for (position, tile) in tiles.enumerated() {
                    write(
                        products.pointer + position * panelWidth, pointStride: tiles.count * panelWidth, tile, of: map, columns: columns)
                }
            }
        }
    }

    private func weights() -> TensorStorage {
        guard areKept else { return transformAll(to: TensorStorage(count: 36 * pointStride)) }
        return transformed.withLock { transformed in
            if let transformed { return transformed }
            let storage = transformAll(to: TensorStorage(lasting: 36 * pointStride))
            // What was cut short must not serve the next call.
            if !Parallel.isInterrupted { transformed = storage }
            return storage
        }
    }

    private func transformAll(to storage: TensorStorage) -> TensorStorage {
        Parallel.forEachRange(count: panels) { range in
            for panel in range { transform(panel: panel, to: storage.pointer + panel * run, pointStride: pointStride) }
        }
        return storage
    }

    private func transform(panel: Int, to target: UnsafeMutablePointer<Float>, pointStride: Int) {
        guard packed.halves != nil else {
            return rd_winograd_weights(packed.storage.pointer + 9 * panel * run, run, target, pointStride, Processor.level)
        }
        let floats = TensorStorage(count: 9 * run)
        packed.spread(panel, length: 9 * run, to: floats.pointer)
        rd_winograd_weights(floats.pointer, run, target, pointStride, Processor.level)
    }

    /// A tile's inputs, transformed to their places among those of `count` tiles.
    private func transform(_ tile: Int, of map: Map, to target: TensorStorage, position: Int, count: Int) {
        let (place, window, rows) = (map.tiles.place(tile), map.window, map.rows)
        rd_winograd_input(
            rows.pointer + place.image * rows.pictureStride, rows.height, window.width, inputs,
            place.y - window.padding.top - rows.first, place.x - window.padding.left, target.pointer + position * inputs, count * inputs,
            Processor.level)
    }

    /// The products of the 36 points, each of `count` rows of inputs by the weights' columns.
    private func multiply(
        _ transformed: TensorStorage, count: Int, _ weights: UnsafePointer<Float>, pointStride: Int, columns: Int,
        to products: TensorStorage,
        width: Int
    ) {
        let group = rd_panel_group(panelWidth)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: count) { table in
            let table = table.baseAddress!
            for point in 0..<36 {
                rd_matrix_table(transformed.pointer + point * count * inputs, count, inputs, group, table)
                rd_panel_rows(
                    table, count, 1, inputs, weights + point * pointStride, panelWidth, 0, columns, nil, Int32(rd_activation_none),
                    products.pointer + point * count * width, width, Processor.level)
            }
        }
    }

    /// Some columns of a tile's outputs, out of the products of its 36 points.
    private func write(_ products: UnsafePointer<Float>, pointStride: Int, _ tile: Int, of map: Map, columns: Range<Int>) {
        let (tiles, finish) = (map.tiles, map.finish)
        let place = tiles.place(tile)
        let (rows, width) = (min(4, tiles.height - place.y), min(4, tiles.width - place.x))
        let first = (place.image * tiles.height + place.y) * tiles.width + place.x
        rd_winograd_output(
            products, pointStride, columns.count, finish.bias.map { $0 + columns.lowerBound }, finish.activation.code,
            map.to + first * outputs + columns.lowerBound, outputs, tiles.width * outputs, rows, width, Processor.level)
        let after = finish.afterPanels
        for row in 0..<rows {
            let pixel = first + row * tiles.width
            after.apply(
                map.to + pixel * outputs + columns.lowerBound, row: pixel, column: columns.lowerBound, count: width, width: columns.count,
                stride: outputs)
        }
    }
}

/// The square tiles of the outputs of all pictures of a batch.
struct Tiles {
    let height: Int
    let width: Int
    let side: Int
    /// Lines of tiles of a picture, and tiles of a line.
    let down: Int
    let across: Int
    let count: Int

    init(_ window: Window, side: Int) {
        (height, width, self.side) = (window.outputHeight, window.outputWidth, side)
        down = (height + side - 1) / side
        across = (width + side - 1) / side
        count = window.batch * down * across
    }

    /// The picture, and the output pixel at the tile's upper left.
    func place(_ tile: Int) -> (image: Int, y: Int, x: Int) {
        (tile / (down * across), tile / across % down * side, tile % across * side)
    }
}

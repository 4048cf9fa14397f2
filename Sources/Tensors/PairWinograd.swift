import CKernels

/// A 3x3 convolution in bfloat16 by Winograd's F(2x2, 3x3): 4 multiplications for each output and channel where the definition takes 9.
///
/// Its weights are made of those of the taps at each call, a panel at a time where it is used, so that nothing is kept. Rounding them and
/// what the inputs become once more makes the error half as large again as that of the definition in the same arithmetic.
struct PairWinograd: Sendable {
    /// Memory for the transformed inputs of a run of tiles: what stays in a third-level cache.
    private static let inputMemory = 8 << 20
    /// Tiles whose products with a panel stay in a second-level cache.
    private static let mostTiles = 256

    /// Four-byte words more between the points of something than they take: points a power of two apart would share the same few lines of
    /// a cache.
    private static let gap = 48

    private let packed: PairPanels
    private let inputs: Int
    private let outputs: Int

    /// nil where the layer is too thin for it to pay.
    init?(_ packed: PairPanels, inputs: Int) {
        guard packed.taps == 9, min(inputs, packed.outputs) >= ConvolutionWay.fewestChannels else { return nil }
        (self.packed, self.inputs, outputs) = (packed, inputs, packed.outputs)
    }

    /// What a call works on.
    private struct Map {
        let rows: MapRows
        let window: Window
        let tiles: Tiles
        let to: UnsafeMutablePointer<Float>
        let finish: Finish
    }

    /// to = finish(convolution of the map at `from`).
    func convolve(_ from: UnsafePointer<Float>, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        let map = Map(rows: MapRows(whole: from, window), window: window, tiles: Tiles(window, side: 2), to: to, finish: finish)
        for first in stride(from: 0, to: map.tiles.count, by: most) {
            convolve(map, first..<min(map.tiles.count, first + most))
        }
    }

    /// Tiles of a run.
    private var most: Int { max(96, Self.inputMemory / (16 * packed.depth * MemoryLayout<UInt32>.stride)) }

    /// Whether a map that is to be prepared first is better taken in bands: where a picture's tiles are more than a run as they are.
    func takesBands(_ window: Window) -> Bool {
        let tiles = Tiles(window, side: 2)
        return tiles.down * tiles.across > most
    }

    /// to = finish(convolution of what the map `x` becomes).
    func convolve(_ x: Tensor, _ preparation: MapPreparation, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        let tiles = Tiles(window, side: 2)
        MapRows.forEachBand(of: x, preparation, window, tiles, most: most) { range, rows in
            convolve(Map(rows: rows, window: window, tiles: tiles, to: to, finish: finish), range)
        }
    }

    private func convolve(_ map: Map, _ tiles: Range<Int>) {
        let count = tiles.count
        let transformed = TensorStorage(count: 16 * inputStride(count))
        Parallel.forEachRange(count: count, perThread: 4) { range in
            for position in range { transform(tiles.lowerBound + position, of: map, to: transformed, position: position, count: count) }
        }
        let panels = PairPanels.panels(outputs)
        // Every piece transforms its panel's weights, so there are no more pieces of tiles than threads and caches want.
        let wanted = max((count + Self.mostTiles - 1) / Self.mostTiles, (2 * Parallel.threadCount + panels - 1) / panels)
        let pieces = min(wanted, max(1, count / 48))
        let share = (count + pieces - 1) / pieces
        Parallel.forEach(count: panels * pieces) { index in
            let (panel, piece) = (index / pieces, index % pieces)
            let part = piece * share..<min(count, (piece + 1) * share)
            guard !part.isEmpty else { return }
            multiply(transformed, count: count, part, panel: panel, of: map, first: tiles.lowerBound)
        }
    }

    /// A tile's inputs, transformed to their places among those of `count` tiles.
    private func transform(_ tile: Int, of map: Map, to target: TensorStorage, position: Int, count: Int) {
        let (place, window, rows) = (map.tiles.place(tile), map.window, map.rows)
        let to = UnsafeMutableRawPointer(target.pointer + position * packed.depth).assumingMemoryBound(to: UInt16.self)
        rd_pair_winograd_input(
            rows.pointer + place.image * rows.pictureStride, rows.height, window.width, inputs,
            place.y - window.padding.top - rows.first, place.x - window.padding.left, to, 2 * inputStride(count), Processor.level)
    }

    private func inputStride(_ count: Int) -> Int { count * packed.depth + Self.gap }

    /// One panel of outputs of some tiles: the products of their 16 points, and what becomes of them.
    private func multiply(_ transformed: TensorStorage, count: Int, _ part: Range<Int>, panel: Int, of map: Map, first: Int) {
        let (depth, width) = (packed.depth, PairPanels.width)
        let run = depth * width
        let weightStride = run + Self.gap
        let weights = TensorStorage(count: 16 * weightStride)
        let points = UnsafeMutableRawPointer(weights.pointer).assumingMemoryBound(to: UInt32.self)
        packed.withPanel(panel) { rd_pair_winograd_weights($0, run, points, weightStride, Processor.level) }
        let productStride = part.count * width + Self.gap
        let products = TensorStorage(count: 16 * productStride)
        let columns = panel * width..<min(outputs, (panel + 1) * width)
        let group = PairPanels.group(of: part.count)
        withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: part.count) { table in
            let table = table.baseAddress!
            for point in 0..<16 {
                rd_matrix_table(transformed.pointer + point * inputStride(count) + part.lowerBound * depth, part.count, depth, group, table)
                rd_pair_rows(
                    table, part.count, 1, depth, group, points + point * weightStride, 0, columns.count, nil, Int32(rd_activation_none),
                    Int32(rd_pair_prefetches),
                    products.pointer + point * productStride, width, Processor.level)
            }
        }
        for (position, tile) in part.enumerated() {
            write(products.pointer + position * width, pointStride: productStride, first + tile, of: map, columns: columns)
        }
    }

    /// Some columns of a tile's outputs, out of the products of its 16 points.
    private func write(_ products: UnsafePointer<Float>, pointStride: Int, _ tile: Int, of map: Map, columns: Range<Int>) {
        let (tiles, finish) = (map.tiles, map.finish)
        let place = tiles.place(tile)
        let (rows, width) = (min(2, tiles.height - place.y), min(2, tiles.width - place.x))
        let first = (place.image * tiles.height + place.y) * tiles.width + place.x
        let offset = first * outputs + columns.lowerBound
        let after = finish.afterPanels
        // A residual is added behind the activation.
        let residual = after.activation == .none ? after.residual : nil
        rd_pair_winograd_output(
            products, pointStride, columns.count, finish.bias.map { $0 + columns.lowerBound }, finish.activation.code,
            residual.map { $0 + offset }, map.to + offset, outputs, tiles.width * outputs, rows, width, Processor.level)
        guard after.activation != .none else { return }
        for row in 0..<rows {
            let pixel = first + row * tiles.width
            after.apply(
                map.to + pixel * outputs + columns.lowerBound, row: pixel, column: columns.lowerBound, count: width, width: columns.count,
                stride: outputs)
        }
    }
}

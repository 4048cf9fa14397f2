import CKernels

/// A convolution that reads each window where it lies, or lays it out as a row where OpenBLAS makes the products.
struct DirectConvolution {
    private let matrix: PackedMatrix

    init(_ matrix: PackedMatrix) {
        self.matrix = matrix
    }

    /// to = finish(convolution of the map at `from`).
    func convolve(_ from: UnsafePointer<Float>, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        switch matrix.form {
        case .panels(let packed):
            windowConvolution(from, matrix, packed, window, to, finish: finish)
        case .pairs(let packed):
            pairConvolution(from, matrix, packed, window, to, finish: finish)
        case .rows(let rows):
            unfoldedConvolution(from, rows, window, to, finish: finish)
        case .mapped, .quads:
            preconditionFailure("the weights of windows are packed when they are loaded, and not in bytes")
        }
    }

    /// Whether a map that is to be prepared first is better taken in bands; of stride 1 only.
    static func takesBands(_ window: Window) -> Bool {
        window.height * window.width * window.channels * MemoryLayout<Float>.stride > MapRows.largestPrepared
    }

    /// to = finish(convolution of what the map `x` becomes).
    func convolve(_ x: Tensor, _ preparation: MapPreparation, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish) {
        // Bands are lines of tiles. There are none here, so their height is no more than a step.
        let tiles = Tiles(window, side: 4)
        let most = MapRows.bandMemory / (16 * window.channels * MemoryLayout<Float>.stride)
        MapRows.forEachBand(of: x, preparation, window, tiles, most: most) { range, rows in
            let place = tiles.place(range.lowerBound)
            let bottom = min(tiles.height, place.y + range.count / tiles.across * tiles.side)
            var band = window
            (band.batch, band.height) = (1, rows.height)
            band.padding.top = rows.first + window.padding.top - place.y
            band.padding.bottom = bottom - 1 - window.padding.top + window.kernelHeight - rows.first - rows.height
            let begin = (place.image * tiles.height + place.y) * tiles.width * matrix.outputs
            var part = finish
            part.residual = finish.residual.map { $0 + begin }
            convolve(rows.pointer, band, to + begin, finish: part)
        }
    }
}

/// The product reads each window where it lies, tap by tap: nothing is copied.
private func windowConvolution(
    _ from: UnsafePointer<Float>, _ weight: PackedMatrix, _ packed: Panels, _ window: Window,
    _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let shape = window.taps(channels: window.channels)
    let depth = window.depth(channels: window.channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: depth) { zeros in
        zeros.initialize(repeating: 0)
        multiplyPanels(
            .windows(from, shape, zeros: zeros.baseAddress!), count: window.batch * window.outputHeight * window.outputWidth,
            outputs: weight.outputs, inputs: weight.inputs, packed, to, finish: finish)
    }
}

/// Windows of a tile of pixels are laid out as rows, which a product then meets with the weights.
private func unfoldedConvolution(
    _ from: UnsafePointer<Float>, _ weight: Tensor, _ window: Window, _ to: UnsafeMutablePointer<Float>, finish: Finish
) {
    let pixels = window.batch * window.outputHeight * window.outputWidth
    let (n, k) = (weight.shape[0], weight.shape[1])
    let perThread = (pixels + Parallel.threadCount - 1) / Parallel.threadCount
    let tile = max(8, min(512, perThread, (1 << 19) / k))
    let matrix = weight.pointer
    Parallel.forEachRange(count: (pixels + tile - 1) / tile, perThread: 4) { tiles in
        let rows = TensorStorage(count: tile * k)
        for index in tiles {
            let first = index * tile
            let count = min(tile, pixels - first)
            for row in 0..<count {
                window.unfold(from, pixel: first + row, to: rows.pointer + row * k)
            }
            let out = to + first * n
            BLAS.multiply(m: count, n: n, k: k, rows.pointer, aStride: k, matrix, bStride: k, transposed: true, out, cStride: n)
            finish.apply(out, row: first, column: 0, count: count, width: n, stride: n)
        }
    }
}

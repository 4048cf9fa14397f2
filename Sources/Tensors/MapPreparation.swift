import CKernels

/// A factor and an addend for each channel of a map.
package struct ChannelScale: Sendable {
    let scale: [Float]
    let shift: [Float]

    /// to = activation(from * scale + shift), of so many pixels.
    fileprivate func apply(_ from: UnsafePointer<Float>, to: UnsafeMutablePointer<Float>, pixels: Int, _ activation: Activation) {
        let channels = scale.count
        Parallel.forEachRange(count: pixels, minimum: max(1, smallestParallelCount / max(1, channels))) { range in
            let begin = range.lowerBound * channels
            rd_scale_shift_rows(from + begin, to + begin, range.count, channels, scale, shift, activation.code, Processor.level)
        }
    }
}

/// What becomes of a map before a convolution reads it. A fast convolution of a large map has it made a band of rows at a time, where the
/// rows are still in a cache when they are read, so that the map that it comes to never stands in memory.
package enum MapPreparation: Sendable {
    /// activation(x * scale + shift), with the scales of each picture.
    case scaled([ChannelScale], Activation)
    /// Every pixel four times: torch's nearest interpolation to twice the height and width.
    case doubled

    /// - Parameter map: `[batch, height, width, channels]`
    func shape(of map: Shape) -> Shape {
        switch self {
        case .scaled: map
        case .doubled: [map[0], 2 * map[1], 2 * map[2], map[3]]
        }
    }

    /// The whole of what a map becomes.
    func whole(_ x: Tensor) -> Tensor {
        switch self {
        case .scaled(let scales, let activation): x.scaled(scales, activation)
        case .doubled: x.upsampledNearest(by: 2)
        }
    }

    /// Some rows of what a picture of the map becomes, written one behind the other.
    func write(_ rows: Range<Int>, ofPicture picture: Int, of x: Tensor, to target: UnsafeMutablePointer<Float>) {
        let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
        let line = width * channels
        let from = x.pointer + picture * height * line
        switch self {
        case .scaled(let scales, let activation):
            scales[picture].apply(from + rows.lowerBound * line, to: target, pixels: rows.count * width, activation)
        case .doubled:
            Parallel.forEachRange(count: rows.count, minimum: max(1, smallestParallelCount / max(1, 2 * line))) { part in
                for index in part {
                    let source = from + (rows.lowerBound + index) / 2 * line
                    let out = target + index * 2 * line
                    for column in 0..<width {
                        (out + 2 * column * channels).update(from: source + column * channels, count: channels)
                        (out + (2 * column + 1) * channels).update(from: source + column * channels, count: channels)
                    }
                }
            }
        }
    }
}

extension Tensor {
    /// activation(x * scale + shift) of `[batch, …, channels]`, with the scales of each picture.
    func scaled(_ scales: [ChannelScale], _ activation: Activation) -> Tensor {
        let channels = shape[-1]
        let pixels = count / max(1, scales.count * channels)
        return Tensor(shape: shape) { target in
            guard let to = target.baseAddress, target.count > 0 else { return }
            withExtendedLifetime(self) {
                for (picture, one) in scales.enumerated() {
                    let begin = picture * pixels * channels
                    one.apply(pointer + begin, to: to + begin, pixels: pixels, activation)
                }
            }
        }
    }
}

/// Rows of a map as a fast convolution reads them: all of a batch's, or a band of one picture that was prepared for some tiles.
struct MapRows {
    /// Bytes of a prepared picture from which on it is worth making it in bands.
    static let largestPrepared = 32 << 20
    /// Bytes of such a band.
    static let bandMemory = 8 << 20

    let pointer: UnsafePointer<Float>
    /// The picture's row that the pointer stands at, and how many there are.
    let first: Int
    let height: Int
    /// Floats from one picture to the next; 0 in a band.
    let pictureStride: Int

    /// A batch as it is.
    init(whole pointer: UnsafePointer<Float>, _ window: Window) {
        (self.pointer, first, height) = (pointer, 0, window.height)
        pictureStride = window.height * window.width * window.channels
    }

    private init(band pointer: UnsafePointer<Float>, _ rows: Range<Int>) {
        (self.pointer, first, height, pictureStride) = (pointer, rows.lowerBound, rows.count, 0)
    }

    /// Calls `body` with the tiles of a band after the other, and the rows they read.
    ///
    /// - Parameters:
    ///   - x: the map as it is before the preparation.
    ///   - window: on the prepared map.
    ///   - most: tiles that a band has at most, unless a single line of them is more.
    static func forEachBand(
        of x: Tensor, _ preparation: MapPreparation, _ window: Window, _ tiles: Tiles, most: Int, body: (Range<Int>, MapRows) -> Void
    ) {
        let fitting = max(1, most / tiles.across)
        let bands = (tiles.down + fitting - 1) / fitting
        let lines = (tiles.down + bands - 1) / bands
        let row = window.width * window.channels
        let reach = tiles.side + window.kernelHeight - 1
        for picture in 0..<window.batch {
            for first in stride(from: 0, to: tiles.down, by: lines) {
                let last = min(tiles.down, first + lines)
                let rows =
                    max(
                        0, first * tiles.side - window.padding.top)..<min(
                        window.height, (last - 1) * tiles.side - window.padding.top + reach)
                let prepared = TensorStorage(count: rows.count * row)
                preparation.write(rows, ofPicture: picture, of: x, to: prepared.pointer)
                let begin = (picture * tiles.down + first) * tiles.across
                withExtendedLifetime(prepared) {
                    body(begin..<begin + (last - first) * tiles.across, MapRows(band: prepared.pointer, rows))
                }
            }
        }
    }
}

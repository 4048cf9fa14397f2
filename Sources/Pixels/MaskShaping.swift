#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glibc

extension Mask {
    /// Grown by `pixels` in every direction, as if drawn with a rounder brush: each pixel takes the largest value within that distance.
    /// A negative number shrinks it.
    package func grown(by pixels: Int) -> Mask {
        if pixels == 0 { return self }
        if pixels < 0 { return inverted().grown(by: -pixels).inverted() }
        let radius = min(pixels, width + height)
        // A disc is a stack of horizontal runs: widen the rows by each run's half length once, then shift them up and down.
        var result = [UInt8](repeating: 0, count: values.count)
        var widenedBy = -1
        var widened: [UInt8] = []
        for distance in stride(from: min(radius, height - 1), through: 0, by: -1) {
            let run = Int((Double(radius * radius - distance * distance)).squareRoot())
            if run != widenedBy {
                widened = widenedRows(by: run)
                widenedBy = run
            }
            for offset in distance == 0 ? [0] : [-distance, distance] {
                takeLargest(of: widened, shiftedBy: offset, into: &result)
            }
        }
        return Mask(width: width, height: height, values: result)
    }

    /// Each row's running maximum over `run` pixels to either side (van Herk 1992: three comparisons a pixel, whatever the run).
    private func widenedRows(by run: Int) -> [UInt8] {
        if run == 0 { return values }
        let window = 2 * run + 1
        let padded = (width + 2 * run + window - 1) / window * window
        var row = [UInt8](repeating: 0, count: padded)
        var forward = row
        var backward = row
        return uninitializedBytes(values.count) { output in
            for y in 0..<height {
                for x in 0..<width { row[run + x] = values[y * width + x] }
                for i in 0..<padded { forward[i] = i % window == 0 ? row[i] : max(forward[i - 1], row[i]) }
                for i in stride(from: padded - 1, through: 0, by: -1) {
                    backward[i] = i % window == window - 1 ? row[i] : max(backward[i + 1], row[i])
                }
                for x in 0..<width { output[y * width + x] = max(backward[x], forward[x + window - 1]) }
            }
        }
    }

    private func takeLargest(of source: [UInt8], shiftedBy rows: Int, into target: inout [UInt8]) {
        let first = max(0, rows) * width
        let last = (height + min(0, rows)) * width
        guard first < last else { return }
        source.withUnsafeBufferPointer { source in
            target.withUnsafeMutableBufferPointer { target in
                for i in first..<last { target[i] = max(target[i], source[i - rows * width]) }
            }
        }
    }

    /// Softened by `pixels` inside its edge, so that what was 0 stays 0 and the repainted part fades in without a seam.
    ///
    /// The fade is what a Gaussian blur of a straight edge leaves inside it, stretched from 0 at the edge to 1: erf(d / (√2 σ)) at
    /// the distance d to the nearest pixel that must stay. A stroke thinner than σ fades too but never vanishes. The picture's own
    /// border is no edge. To keep what was painted at full strength, grow the mask by 2 σ first.
    ///
    /// - Parameter pixels: σ, the standard deviation of that Gaussian.
    package func feathered(by pixels: Double) -> Mask {
        guard pixels > 0 else { return self }
        let distances = squaredDistancesToZero()
        return Mask(
            width: width, height: height,
            values: values.indices.map { i in
                guard values[i] > 0, distances[i].isFinite else { return values[i] }
                let ramp = erf(Double(distances[i]).squareRoot() / (2.0.squareRoot() * pixels))
                // At least 1: a pixel that was painted is still one that may change.
                return UInt8(max(1, (Double(values[i]) * ramp).rounded()))
            })
    }

    /// The squared Euclidean distance of every pixel to the nearest zero, infinite without one
    /// (Felzenszwalb and Huttenlocher 2012: the lower envelope of parabolas, first along columns, then along rows).
    func squaredDistancesToZero() -> [Float] {
        var result = values.map { $0 == 0 ? Float(0) : .infinity }
        var line = [Float](repeating: 0, count: max(width, height))
        var envelope = ParabolaEnvelope(capacity: line.count)
        for x in 0..<width {
            for y in 0..<height { line[y] = result[y * width + x] }
            envelope.lower(&line, count: height)
            for y in 0..<height { result[y * width + x] = line[y] }
        }
        for y in 0..<height {
            for x in 0..<width { line[x] = result[y * width + x] }
            envelope.lower(&line, count: width)
            for x in 0..<width { result[y * width + x] = line[x] }
        }
        return result
    }

    /// Blurred by a Gaussian of standard deviation `pixels` to both sides of its edge: pixels that were 0 may rise.
    /// Beyond the border the edge's values go on.
    package func blurred(by pixels: Double) -> Mask {
        guard pixels > 0 else { return self }
        let reach = max(1, Int((pixels * 4).rounded(.up)))
        let weights = (-reach...reach).map { Float(exp(-Double($0 * $0) / (2 * pixels * pixels))) }
        let sum = weights.reduce(0, +)
        let kernel = weights.map { $0 / sum }
        var columns = [Float](repeating: 0, count: values.count)
        for y in 0..<height {
            for (k, weight) in kernel.enumerated() {
                let row = min(max(y + k - reach, 0), height - 1) * width
                for x in 0..<width { columns[y * width + x] += weight * Float(values[row + x]) }
            }
        }
        var padded = [Float](repeating: 0, count: width + 2 * reach)
        let blurred = uninitializedBytes(values.count) { output in
            for y in 0..<height {
                for i in padded.indices { padded[i] = columns[y * width + min(max(i - reach, 0), width - 1)] }
                for x in 0..<width {
                    var total: Float = 0
                    for k in kernel.indices { total += kernel[k] * padded[x + k] }
                    output[y * width + x] = UInt8(max(0, min(255, total.rounded())))
                }
            }
        }
        return Mask(width: width, height: height, values: blurred)
    }
}

/// Room for one line's lower envelope of parabolas, used line after line.
private struct ParabolaEnvelope {
    /// The parabolas in the envelope, by where they stand, and the border to the left of each.
    private var vertices: [Int]
    private var borders: [Float]
    private var heights: [Float]

    init(capacity: Int) {
        vertices = [Int](repeating: 0, count: capacity)
        borders = [Float](repeating: 0, count: capacity + 1)
        heights = [Float](repeating: 0, count: capacity)
    }

    /// Replaces line[q] by the least over p of (q - p)² + line[p].
    mutating func lower(_ line: inout [Float], count: Int) {
        for q in 0..<count { heights[q] = line[q] }
        var last = -1
        for q in 0..<count where heights[q].isFinite {
            var border = -Float.infinity
            while last >= 0 {
                let p = vertices[last]
                // Where the two parabolas cross. The difference first: squares of positions would cost precision.
                border = (heights[q] - heights[p]) / Float(2 * (q - p)) + Float(q + p) / 2
                if border > borders[last] { break }
                last -= 1
                border = -.infinity
            }
            last += 1
            vertices[last] = q
            borders[last] = border
        }
        guard last >= 0 else { return }
        var k = 0
        for q in 0..<count {
            while k < last && borders[k + 1] < Float(q) { k += 1 }
            let distance = Float(q - vertices[k])
            line[q] = distance * distance + heights[vertices[k]]
        }
    }
}

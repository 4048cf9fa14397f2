#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Glibc

/// How the pixels of a resized picture are made from the original's. All but `nearest` average over the area when shrinking.
package enum ResamplingFilter: String, Sendable, CaseIterable, Codable {
    case nearest
    case box
    case bilinear
    /// Keys' cubic with a = -0.5.
    case bicubic
    /// Lanczos with three lobes.
    case lanczos

    /// Half the filter's width at scale 1; 0 for `nearest`, which weighs nothing.
    var support: Double {
        switch self {
        case .nearest: 0
        case .box: 0.5
        case .bilinear: 1
        case .bicubic: 2
        case .lanczos: 3
        }
    }

    /// The filter's value at distance `x`, written as in Pillow's Resample.c, in the same order of operations.
    func callAsFunction(_ x: Double) -> Double {
        switch self {
        case .nearest: return 0
        case .box: return x > -0.5 && x <= 0.5 ? 1 : 0
        case .bilinear:
            let distance = abs(x)
            return distance < 1 ? 1 - distance : 0
        case .bicubic:
            let a = -0.5
            let distance = abs(x)
            if distance < 1 { return ((a + 2) * distance - (a + 3)) * distance * distance + 1 }
            if distance < 2 { return (((distance - 5) * distance + 8) * distance - 4) * a }
            return 0
        case .lanczos:
            func sinc(_ x: Double) -> Double {
                if x == 0 { return 1 }
                let angle = x * Double.pi
                return sin(angle) / angle
            }
            return -3 <= x && x < 3 ? sinc(x) * sinc(x / 3) : 0
        }
    }
}

/// For each output position of one side: which inputs it averages and their integer weights.
///
/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc`: weights with 22 fractional bits, so that the sum of a clipped
/// byte times a weight stays inside 32 bits.
struct ResamplingWeights {
    static let fractionBits: Int32 = 32 - 8 - 2

    /// Per output position: the first input and how many follow.
    private(set) var first: [Int] = []
    private(set) var count: [Int] = []
    /// `stride` weights for each output position.
    private(set) var weights: [Int32] = []
    let stride: Int

    init(input: Int, output: Int, filter: ResamplingFilter) {
        let scale = Double(input) / Double(output)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let inverse = 1 / filterScale
        stride = Int(support.rounded(.up)) * 2 + 1
        first.reserveCapacity(output)
        count.reserveCapacity(output)
        weights.reserveCapacity(output * stride)
        var window = [Double](repeating: 0, count: stride)
        for position in 0..<output {
            let centre = (Double(position) + 0.5) * scale
            let start = max(0, Int(centre - support + 0.5))
            let taps = min(input, Int(centre + support + 0.5)) - start
            var sum = 0.0
            for i in 0..<taps {
                window[i] = filter((Double(i + start) - centre + 0.5) * inverse)
                sum += window[i]
            }
            first.append(start)
            count.append(taps)
            for i in 0..<stride {
                guard i < taps else {
                    weights.append(0)
                    continue
                }
                let weight = sum != 0 ? window[i] / sum : window[i]
                let scaled = weight * Double(1 << Self.fractionBits)
                weights.append(Int32(weight < 0 ? scaled - 0.5 : scaled + 0.5))
            }
        }
    }

    /// The inputs that any output reads.
    var inputRange: Range<Int> { first[0]..<first[first.count - 1] + count[count.count - 1] }
}

extension Image {
    /// The picture in `width` x `height` pixels: byte for byte what Pillow's `Image.resize` (13.0) gives for its modes L, RGB and RGBA.
    ///
    /// Two passes, a direction each, with the result rounded to bytes between them; colours are weighed by their alpha.
    package func resized(width: Int, height: Int, filter: ResamplingFilter = .bicubic) -> Image {
        precondition(width > 0 && height > 0, "a picture has at least one pixel, not \(width)x\(height)")
        if width == self.width && height == self.height { return self }
        if filter == .nearest { return nearest(width: width, height: height) }
        if channels == 4 { return premultiplied().averaged(width: width, height: height, filter: filter).unpremultiplied() }
        return averaged(width: width, height: height, filter: filter)
    }

    /// Resized so that the shorter side has `shortSide` pixels and the longer keeps the aspect, rounded down as in `CLIPImageProcessor`.
    package func resized(shortSide: Int, filter: ResamplingFilter = .bicubic) -> Image {
        width <= height
            ? resized(width: shortSide, height: shortSide * height / width, filter: filter)
            : resized(width: shortSide * width / height, height: shortSide, filter: filter)
    }

    private func averaged(width: Int, height: Int, filter: ResamplingFilter) -> Image {
        func weights(_ input: Int, _ output: Int) -> ResamplingWeights? {
            input == output ? nil : ResamplingWeights(input: input, output: output, filter: filter)
        }
        let columns = weights(self.width, width)
        let rows = weights(self.height, height)
        // Pillow 13 takes the rows first where the height shrinks by more than twice as many pixels as the width; earlier ones never do.
        let shrinking = self.height - height
        if shrinking > 0 && shrinking > 2 * (self.width - width) {
            let shorter = rows.map { resampledRows(weights: $0, height: height, offset: 0) } ?? self
            return columns.map { shorter.resampledColumns(rows: 0..<height, weights: $0, width: width) } ?? shorter
        }
        // Only the rows that the second pass will read go through the first.
        let used = columns == nil ? 0..<self.height : rows?.inputRange ?? 0..<self.height
        let narrower = columns.map { resampledColumns(rows: used, weights: $0, width: width) } ?? self
        return rows.map { narrower.resampledRows(weights: $0, height: height, offset: used.lowerBound) } ?? narrower
    }

    /// Pillow's nearest: the affine transform's table of input positions, summed step by step as there.
    private func nearest(width: Int, height: Int) -> Image {
        func positions(input: Int, output: Int) -> [Int] {
            let step = Double(input) / Double(output)
            var position = step * 0.5
            return (0..<output).map { _ in
                defer { position += step }
                return min(Int(position), input - 1)
            }
        }
        let columns = positions(input: self.width, output: width)
        let rows = positions(input: self.height, output: height)
        let channels = self.channels
        return bytes.withUnsafeBufferPointer { source in
            Image(width: width, height: height, channels: channels) { target in
                var output = target
                for row in rows {
                    let start = row * self.width
                    for column in columns {
                        let input = (start + column) * channels
                        for c in 0..<channels { output[c] = source[input + c] }
                        output += channels
                    }
                }
            }
        }
    }
}

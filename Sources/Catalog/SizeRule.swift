import Foundation

/// The size of a picture to be drawn, in pixels.
package struct CanvasSize: Codable, Hashable, Sendable, CustomStringConvertible {
    package let width: Int
    package let height: Int

    package init(width: Int, height: Int) {
        self.width = width
        self.height = height
    }

    package var description: String { "\(width)x\(height)" }
    /// Width over height.
    package var aspect: Double { Double(width) / Double(height) }
    /// The same size turned on its side.
    package var turned: CanvasSize { CanvasSize(width: height, height: width) }
}

/// Which picture sizes a family of models draws well, and which of them is nearest to a given picture.
package enum SizeRule: Hashable, Sendable {
    /// Sides that are multiples of `multiple` within `minimum...maximum`, with an area near that of a square of `base` pixels a side.
    case grid(base: Int, minimum: Int, maximum: Int, multiple: Int)
    /// The sizes the model was trained on and no others; each may be turned on its side.
    case buckets([CanvasSize])

    /// A grid's sizes have an area within these fractions of base x base.
    static let areaBand = 0.75...1.25
    /// Aspects that differ by less than this share are taken for equal; then the area decides.
    static let aspectTolerance = 0.01

    /// Every legal size, landscape and portrait.
    package var sizes: [CanvasSize] {
        switch self {
        case .buckets(let sizes):
            return Array(Set(sizes + sizes.map(\.turned))).sorted { ($0.width, $0.height) < ($1.width, $1.height) }
        case .grid(let base, let minimum, let maximum, let multiple):
            let first = (minimum + multiple - 1) / multiple * multiple
            let sides = stride(from: first, through: maximum, by: multiple)
            let area = Double(base * base)
            return sides.flatMap { width in
                sides.map { CanvasSize(width: width, height: $0) }.filter { Self.areaBand.contains(Double($0.width * $0.height) / area) }
            }
        }
    }

    /// The size of a square, or the most nearly square one.
    package var base: CanvasSize { nearest(toWidth: 1, height: 1) }

    /// The legal size whose aspect is nearest to that of a picture; of equally near ones the one nearest to the base area.
    ///
    /// A picture on its side gets the same size on its side.
    package func nearest(toWidth width: Int, height: Int) -> CanvasSize {
        precondition(width > 0 && height > 0, "a picture of \(width)x\(height) pixels has no aspect")
        if width < height { return nearest(toWidth: height, height: width).turned }
        let landscape = sizes.filter { $0.width >= $0.height }
        precondition(!landscape.isEmpty, "a size rule without sizes")
        let target = log(Double(width) / Double(height))
        let miss = { (size: CanvasSize) in abs(log(size.aspect) - target) }
        let best = landscape.map(miss).min()!
        let area = baseArea
        return
            landscape
            .filter { miss($0) <= best + Self.aspectTolerance }
            .min { abs(log(Double($0.width * $0.height) / area)) < abs(log(Double($1.width * $1.height) / area)) }!
    }

    private var baseArea: Double {
        switch self {
        case .grid(let base, _, _, _): Double(base * base)
        case .buckets(let sizes): Double(sizes.map { $0.width * $0.height }.max() ?? 1)
        }
    }
}

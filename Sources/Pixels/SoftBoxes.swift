extension Mask {
    /// White in boxes, a little larger than they are, and from there to black.
    ///
    /// - Parameters:
    ///   - boxes: their sides as shares of the picture's; what lies beyond it is cut off.
    ///   - margin: how much larger on each side, as a share of a box's shorter side.
    ///   - softness: over how much of that side white becomes black.
    package init(
        size: PixelSize, around boxes: [(left: Float, top: Float, right: Float, bottom: Float)], margin: Float, softness: Float
    ) {
        var values = [UInt8](repeating: 0, count: size.pixelCount)
        for box in boxes {
            let (left, right) = (box.left * Float(size.width), box.right * Float(size.width))
            let (top, bottom) = (box.top * Float(size.height), box.bottom * Float(size.height))
            let side = max(min(right - left, bottom - top), 1)
            let (more, soft) = (margin * side, max(softness * side, 1))
            let (begin, end) = ((x: left - more, y: top - more), (x: right + more, y: bottom + more))
            let columns = Self.touched(from: begin.x - soft, to: end.x + soft, of: size.width)
            for y in Self.touched(from: begin.y - soft, to: end.y + soft, of: size.height) {
                let down = max(begin.y - Float(y) - 0.5, Float(y) + 0.5 - end.y, 0)
                for x in columns {
                    let across = max(begin.x - Float(x) - 0.5, Float(x) + 0.5 - end.x, 0)
                    let share = max(0, 1 - (across * across + down * down).squareRoot() / soft)
                    values[y * size.width + x] = max(values[y * size.width + x], UInt8((share * 255).rounded()))
                }
            }
        }
        self.init(width: size.width, height: size.height, values: values)
    }

    /// The pixels of a row or column that lie between two places; none where they lie beyond its ends, or the wrong way round.
    private static func touched(from begin: Float, to end: Float, of length: Int) -> Range<Int> {
        let last = Float(length)
        let first = Int(min(max(begin, 0), last))
        return first..<max(first, min(length, Int(min(max(end, -1), last)) + 1))
    }
}

/// What a padded picture shows beyond its own edge.
package enum PaddingRule: Sendable, Hashable {
    /// The edge pixel, repeated.
    case edge
    /// One colour, a sample for each channel.
    case colour([UInt8])
}

extension Image {
    /// The part inside `rectangle`, which must lie inside the picture.
    package func cropped(to rectangle: PixelRectangle) -> Image {
        precondition(
            rectangle.x >= 0 && rectangle.y >= 0 && rectangle.width > 0 && rectangle.height > 0
                && rectangle.x + rectangle.width <= width && rectangle.y + rectangle.height <= height,
            "\(rectangle) does not lie inside \(width)x\(height)")
        return bytes.withUnsafeBufferPointer { source in
            Image(width: rectangle.width, height: rectangle.height, channels: channels) { target in
                guard let base = source.baseAddress else { return }
                let row = rectangle.width * channels
                for y in 0..<rectangle.height {
                    let start = ((rectangle.y + y) * width + rectangle.x) * channels
                    (target + y * row).update(from: base + start, count: row)
                }
            }
        }
    }

    /// With that many more pixels on each side.
    package func padded(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, with rule: PaddingRule) -> Image {
        precondition(left >= 0 && top >= 0 && right >= 0 && bottom >= 0, "padding adds pixels; crop to remove them")
        if case .colour(let colour) = rule { precondition(colour.count == channels, "the padding's colour needs \(channels) samples") }
        let wide = left + width + right
        let columns = (0..<wide).map { source(of: $0 - left, length: width, rule) }
        return bytes.withUnsafeBufferPointer { source in
            Image(width: wide, height: top + height + bottom, channels: channels) { target in
                var output = target
                for y in 0..<top + height + bottom {
                    let row = self.source(of: y - top, length: height, rule)
                    for x in 0..<wide {
                        if let row, let column = columns[x] {
                            let input = (row * width + column) * channels
                            for c in 0..<channels { output[c] = source[input + c] }
                        } else if case .colour(let colour) = rule {
                            for c in 0..<channels { output[c] = colour[c] }
                        }
                        output += channels
                    }
                }
            }
        }
    }

    /// Padded at the right and the bottom until both sides are multiples of `multiple`.
    package func padded(toMultipleOf multiple: Int, with rule: PaddingRule = .edge) -> Image {
        precondition(multiple > 0)
        let right = (multiple - width % multiple) % multiple
        let bottom = (multiple - height % multiple) % multiple
        return right == 0 && bottom == 0 ? self : padded(right: right, bottom: bottom, with: rule)
    }

    /// The row or column that position `i` of a side of `length` shows; nil for the padding's colour.
    private func source(of i: Int, length: Int, _ rule: PaddingRule) -> Int? {
        if i >= 0 && i < length { return i }
        switch rule {
        case .colour: return nil
        case .edge: return i < 0 ? 0 : length - 1
        }
    }
}

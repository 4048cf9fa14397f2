/// Where a picture may change: 255 repaints a pixel, 0 keeps it to the byte, what lies between blends.
package struct Mask: Sendable, Equatable {
    package let width: Int
    package let height: Int
    /// `height * width` values in rows from top to bottom.
    package let values: [UInt8]

    package init(width: Int, height: Int, values: [UInt8]) {
        precondition(width > 0 && height > 0 && values.count == width * height, "\(values.count) values do not make \(width)x\(height)")
        self.width = width
        self.height = height
        self.values = values
    }

    package init(width: Int, height: Int, filledWith value: UInt8) {
        self.init(width: width, height: height, values: [UInt8](repeating: value, count: width * height))
    }

    /// A painted picture as a mask: white repaints.
    ///
    /// Without transparency the luminance counts. With it, what was meant is seen from what is not transparent: a brush's one colour means
    /// that its alpha tells what was painted, whatever the colour; black and white mean that their luminance counts as far as it is opaque;
    /// anything else is a picture with a part cut out, and the hole is what is to be repainted.
    ///
    /// - Parameter isLossy: whether the file was a JPEG, whose edges ring: what is almost black is black then, too.
    package init(_ image: Image, isLossy: Bool = false) {
        let black: UInt8 = isLossy ? Self.lossyBlack : Self.almostBlack
        func kept(_ value: UInt8) -> UInt8 { value <= black ? 0 : value }
        guard image.channels == 4 else {
            self.init(width: image.width, height: image.height, values: image.grey().bytes.map(kept))
            return
        }
        let grey = image.grey().bytes
        let bytes = image.bytes
        let alpha = stride(from: 3, to: bytes.count, by: 4).map { bytes[$0] }
        let values: [UInt8] =
            switch Self.meaning(of: bytes, alpha: alpha, grey: grey) {
            case .opaque: grey
            case .brush: alpha
            case .luminance: grey.indices.map { multiplyDividing255(grey[$0], alpha[$0]) }
            case .cutOut: alpha.map { 255 - $0 }
            }
        self.init(width: image.width, height: image.height, values: values.map(kept))
    }

    /// Values up to which a mask counts as black: a step or two of an editor's rounding, and a JPEG's ringing.
    private static let almostBlack: UInt8 = 6
    private static let lossyBlack: UInt8 = 16

    private enum Meaning {
        case opaque, brush, luminance, cutOut
    }

    private static func meaning(of bytes: [UInt8], alpha: [UInt8], grey: [UInt8]) -> Meaning {
        let visible = alpha.indices.filter { alpha[$0] > 0 }
        guard visible.count < alpha.count || visible.contains(where: { alpha[$0] < 255 }) else { return .opaque }
        guard let strongest = visible.max(by: { alpha[$0] < alpha[$1] }) else { return .brush }
        let brush = Array(bytes[strongest * 4..<strongest * 4 + 3]).map(Int.init)
        // A browser's canvas keeps colours multiplied with their alpha: the softer a place, the more its colour is rounded. A spot or two of
        // another colour are a slip of the hand.
        let others = visible.count { pixel in
            let tolerance = 8 + 255 / Int(alpha[pixel])
            return (0..<3).contains { abs(Int(bytes[pixel * 4 + $0]) - brush[$0]) > tolerance }
        }
        if others * 200 <= visible.count { return .brush }
        let drawn = visible.count { pixel in
            let channels = bytes[pixel * 4..<pixel * 4 + 3]
            guard let low = channels.min(), let high = channels.max(), high - low <= 12 else { return false }
            return grey[pixel] <= 24 || grey[pixel] >= 231
        }
        return drawn * 100 >= visible.count * 95 ? .luminance : .cutOut
    }

    package var size: PixelSize { PixelSize(width: width, height: height) }
    package var image: Image { Image(width: width, height: height, channels: 1, bytes: values) }

    package subscript(x: Int, y: Int) -> UInt8 {
        precondition(x >= 0 && x < width && y >= 0 && y < height)
        return values[y * width + x]
    }

    /// How many pixels may change at all.
    package var touchedPixelCount: Int { values.count { $0 > 0 } }
    /// How many pixels must stay to the byte.
    package var untouchedPixelCount: Int { values.count - touchedPixelCount }
    package var isEmpty: Bool { values.allSatisfy { $0 == 0 } }

    /// White where it was black.
    package func inverted() -> Mask { mapped { 255 - $0 } }

    /// The smallest rectangle that holds every pixel above zero, or nil where there is none.
    package var boundingBox: PixelRectangle? {
        var (left, right, top, bottom) = (width, -1, height, -1)
        for y in 0..<height {
            let row = values[y * width..<(y + 1) * width]
            guard let first = row.firstIndex(where: { $0 > 0 }), let last = row.lastIndex(where: { $0 > 0 }) else { continue }
            left = min(left, first - row.startIndex)
            right = max(right, last - row.startIndex)
            top = min(top, y)
            bottom = y
        }
        return right < 0 ? nil : PixelRectangle(x: left, y: top, width: right - left + 1, height: bottom - top + 1)
    }

    package func cropped(to rectangle: PixelRectangle) -> Mask {
        let part = image.cropped(to: rectangle)
        return Mask(width: part.width, height: part.height, values: part.bytes)
    }

    /// In another size, as Pillow resizes mode L.
    package func resized(width: Int, height: Int, filter: ResamplingFilter = .bilinear) -> Mask {
        Mask(width: width, height: height, values: image.resized(width: width, height: height, filter: filter).bytes)
    }

    /// With zeros (or another value) added on each side.
    package func padded(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, value: UInt8 = 0) -> Mask {
        let wider = image.padded(left: left, top: top, right: right, bottom: bottom, with: .colour([value]))
        return Mask(width: wider.width, height: wider.height, values: wider.bytes)
    }

    /// What is in either mask.
    package func union(_ other: Mask) -> Mask {
        precondition(size == other.size, "masks of \(size) and \(other.size) do not match")
        return Mask(width: width, height: height, values: zip(values, other.values).map { max($0, $1) })
    }

    func mapped(_ change: (UInt8) -> UInt8) -> Mask { Mask(width: width, height: height, values: values.map(change)) }
}

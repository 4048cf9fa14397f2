/// Where a picture may change: 255 repaints a pixel, 0 keeps it to the byte, what lies between blends.
public struct Mask: Sendable, Equatable {
    public let width: Int
    public let height: Int
    /// `height * width` values in rows from top to bottom.
    public let values: [UInt8]

    public init(width: Int, height: Int, values: [UInt8]) {
        precondition(width > 0 && height > 0 && values.count == width * height, "\(values.count) values do not make \(width)x\(height)")
        self.width = width
        self.height = height
        self.values = values
    }

    public init(width: Int, height: Int, filledWith value: UInt8) {
        self.init(width: width, height: height, values: [UInt8](repeating: value, count: width * height))
    }

    /// A painted picture as a mask: white repaints.
    ///
    /// Transparent pixels keep. Where all that was painted has one colour on a transparent ground, the alpha alone tells what was
    /// painted, whatever the brush's colour; else the luminance counts, as far as it is opaque.
    public init(_ image: Image) {
        let pixels = image.width * image.height
        guard image.channels == 4 else {
            self.init(width: image.width, height: image.height, values: image.grey().bytes)
            return
        }
        let bytes = image.bytes
        let visible = (0..<pixels).lazy.filter { bytes[$0 * 4 + 3] > 0 }
        let alpha = (0..<pixels).map { bytes[$0 * 4 + 3] }
        if let first = visible.first, visible.count < pixels,
            visible.allSatisfy({ bytes[$0 * 4..<$0 * 4 + 3].elementsEqual(bytes[first * 4..<first * 4 + 3]) })
        {
            self.init(width: image.width, height: image.height, values: alpha)
            return
        }
        let grey = image.grey().bytes
        self.init(width: image.width, height: image.height, values: (0..<pixels).map { multiplyDividing255(grey[$0], alpha[$0]) })
    }

    public var size: PixelSize { PixelSize(width: width, height: height) }
    public var image: Image { Image(width: width, height: height, channels: 1, bytes: values) }

    public subscript(x: Int, y: Int) -> UInt8 {
        precondition(x >= 0 && x < width && y >= 0 && y < height)
        return values[y * width + x]
    }

    /// How many pixels may change at all.
    public var touchedPixelCount: Int { values.count { $0 > 0 } }
    /// How many pixels must stay to the byte.
    public var untouchedPixelCount: Int { values.count - touchedPixelCount }
    public var isEmpty: Bool { values.allSatisfy { $0 == 0 } }

    public func inverted() -> Mask { mapped { 255 - $0 } }

    /// 255 where the value is at least `level`, else 0.
    public func thresholded(atLeast level: UInt8 = 128) -> Mask { mapped { $0 >= level ? 255 : 0 } }

    /// The smallest rectangle that holds every pixel above zero, or nil where there is none.
    public var boundingBox: PixelRectangle? {
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

    public func cropped(to rectangle: PixelRectangle) -> Mask {
        let part = image.cropped(to: rectangle)
        return Mask(width: part.width, height: part.height, values: part.bytes)
    }

    /// In another size, as Pillow resizes mode L.
    public func resized(width: Int, height: Int, filter: ResamplingFilter = .bilinear) -> Mask {
        Mask(width: width, height: height, values: image.resized(width: width, height: height, filter: filter).bytes)
    }

    /// With zeros (or another value) added on each side.
    public func padded(left: Int = 0, top: Int = 0, right: Int = 0, bottom: Int = 0, value: UInt8 = 0) -> Mask {
        let wider = image.padded(left: left, top: top, right: right, bottom: bottom, with: .colour([value]))
        return Mask(width: wider.width, height: wider.height, values: wider.bytes)
    }

    /// What is in either mask.
    public func union(_ other: Mask) -> Mask {
        precondition(size == other.size, "masks of \(size) and \(other.size) do not match")
        return Mask(width: width, height: height, values: zip(values, other.values).map { max($0, $1) })
    }

    func mapped(_ change: (UInt8) -> UInt8) -> Mask { Mask(width: width, height: height, values: values.map(change)) }
}

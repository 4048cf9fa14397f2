/// How a picture was held: EXIF tag 0x0112. The raw value names what the stored first row and column are in the upright picture.
package enum Orientation: Int, Sendable, CaseIterable {
    case upright = 1
    case mirrored = 2
    case upsideDown = 3
    case upsideDownMirrored = 4
    case transposed = 5
    /// Must be turned a quarter clockwise to stand upright.
    case quarterClockwise = 6
    case transversed = 7
    /// Must be turned a quarter counterclockwise to stand upright.
    case quarterCounterclockwise = 8

    /// Whether the upright picture's width is the stored picture's height.
    package var swapsSides: Bool { rawValue >= 5 }
}

extension PixelSize {
    /// The size of the upright picture that is stored in this size with that orientation.
    package func upright(from orientation: Orientation) -> PixelSize {
        orientation.swapsSides ? PixelSize(width: height, height: width) : self
    }
}

extension Image {
    /// The picture set upright, as Pillow's `ImageOps.exif_transpose` does.
    package func upright(from orientation: Orientation) -> Image {
        let lastColumn = width - 1
        let lastRow = (height - 1) * width
        // Where in the stored pixels the upright picture begins, and what a step right and a step down mean there.
        let (start, right, down) =
            switch orientation {
            case .upright: (0, 1, width)
            case .mirrored: (lastColumn, -1, width)
            case .upsideDown: (lastRow + lastColumn, -1, -width)
            case .upsideDownMirrored: (lastRow, 1, -width)
            case .transposed: (0, width, 1)
            case .quarterClockwise: (lastRow, -width, 1)
            case .transversed: (lastRow + lastColumn, -width, -1)
            case .quarterCounterclockwise: (lastColumn, width, -1)
            }
        if orientation == .upright { return self }
        let target = size.upright(from: orientation)
        return walked(to: target, start: start, right: right, down: down)
    }

    /// Left and right exchanged.
    package func mirrored() -> Image { upright(from: .mirrored) }

    private func walked(to target: PixelSize, start: Int, right: Int, down: Int) -> Image {
        let channels = self.channels
        return bytes.withUnsafeBufferPointer { stored in
            Image(width: target.width, height: target.height, channels: channels) { upright in
                var output = upright
                for y in 0..<target.height {
                    var pixel = start + y * down
                    for _ in 0..<target.width {
                        let input = pixel &* channels
                        output[0] = stored[input]
                        if channels > 1 {
                            output[1] = stored[input &+ 1]
                            output[2] = stored[input &+ 2]
                            if channels > 3 { output[3] = stored[input &+ 3] }
                        }
                        output += channels
                        pixel &+= right
                    }
                }
            }
        }
    }
}

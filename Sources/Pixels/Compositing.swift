extension Image {
    /// This picture with `repainted` laid over it where the mask says so.
    ///
    /// Where the mask is 0 every byte is this picture's own; at 255 it is `repainted`'s; between, a rounded blend as in Pillow's
    /// `Image.composite`. `repainted` is brought to this picture's channels first.
    package func pasted(_ repainted: Image, mask: Mask) -> Image {
        precondition(
            size == repainted.size && size == mask.size,
            "a picture of \(size), a repainted one of \(repainted.size) and a mask of \(mask.size) do not match")
        let over = repainted.converted(toChannels: channels)
        return bytes.withUnsafeBufferPointer { below in
            over.bytes.withUnsafeBufferPointer { above in
                mask.values.withUnsafeBufferPointer { amounts in
                    Image(width: width, height: height, channels: channels) { target in
                        for pixel in 0..<amounts.count {
                            let amount = UInt32(amounts[pixel])
                            for i in pixel &* channels..<(pixel &+ 1) &* channels {
                                target[i] =
                                    amount == 0
                                    ? below[i] : dividing255(UInt32(below[i]) &* (255 &- amount) &+ UInt32(above[i]) &* amount)
                            }
                        }
                    }
                }
            }
        }
    }

    /// This picture with `part` laid over it at column `x`, row `y`, where it must fit, as far as the mask (of the part's size) says so.
    package func pasted(_ part: Image, x: Int, y: Int, mask: Mask) -> Image {
        precondition(part.size == mask.size, "a part of \(part.size) and a mask of \(mask.size) do not match")
        let rectangle = PixelRectangle(x: x, y: y, width: part.width, height: part.height)
        let blended = cropped(to: rectangle).pasted(part, mask: mask)
        var result = bytes
        let row = part.width * channels
        for line in 0..<part.height {
            let start = ((y + line) * width + x) * channels
            result.replaceSubrange(start..<start + row, with: blended.bytes[line * row..<(line + 1) * row])
        }
        return Image(width: width, height: height, channels: channels, bytes: result)
    }

    /// The bytes of the pixels where the mask is 0, in order: equal before and after a repaint, whose proof is their digest.
    package func untouchedBytes(_ mask: Mask) -> [UInt8] {
        precondition(size == mask.size, "a picture of \(size) and a mask of \(mask.size) do not match")
        var result: [UInt8] = []
        result.reserveCapacity(mask.untouchedPixelCount * channels)
        for pixel in mask.values.indices where mask.values[pixel] == 0 {
            result.append(contentsOf: bytes[pixel * channels..<(pixel + 1) * channels])
        }
        return result
    }
}

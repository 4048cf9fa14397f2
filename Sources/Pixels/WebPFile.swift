import CWebP

/// Reading and writing WebP through libwebp.
enum WebPFile {
    /// The header, checked against the limits.
    static func header(of bytes: [UInt8]) throws(ImageError) -> (size: PixelSize, hasAlpha: Bool, isLossless: Bool) {
        var header = redraw_webp_header()
        let outcome = bytes.withUnsafeBufferPointer { redraw_webp_read_header($0.baseAddress, $0.count, &header) }
        try check(outcome)
        let size = PixelSize(width: Int(header.width), height: Int(header.height))
        try size.check(.webp)
        return (size, header.has_alpha != 0, header.is_lossless != 0)
    }

    /// - Parameter divisor: by how much the picture is made smaller while it is read.
    static func decode(_ bytes: [UInt8], shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        let header = try header(of: bytes)
        // The container says how long the file should be.
        if let length = bytes.number32(at: 4, bigEndian: false), length > bytes.count - 8 { throw .truncated(.webp) }
        let isAnimated = try isAnimated(bytes)
        // libwebp holds all pixels of a lossless picture, two canvases of an animation beside the one that is handed over, else some rows.
        let held = isAnimated ? 12 : header.isLossless ? 4 : header.hasAlpha ? 1 : 0
        if divisor > 1 { try header.size.check(.webp, takingAtOnce: header.size.pixelCount * held) }
        if isAnimated {
            let first = try firstPicture(of: bytes, header.size)
            return header.hasAlpha ? first : first.droppingAlpha()
        }
        let channels = header.hasAlpha ? 4 : 3
        let (width, height) = ((header.size.width + divisor - 1) / divisor, (header.size.height + divisor - 1) / divisor)
        return try Image(width: width, height: height, channels: channels) { pixels throws(ImageError) in
            let outcome = bytes.withUnsafeBufferPointer { buffer in
                redraw_webp_decode(buffer.baseAddress, buffer.count, pixels, Int32(width), Int32(height), Int32(channels))
            }
            try check(outcome)
        }
    }

    static func isAnimated(_ bytes: [UInt8]) throws(ImageError) -> Bool {
        var header = redraw_webp_header()
        try check(bytes.withUnsafeBufferPointer { redraw_webp_read_header($0.baseAddress, $0.count, &header) })
        return header.is_animated != 0
    }

    /// What an animation begins with, on its whole canvas.
    private static func firstPicture(of bytes: [UInt8], _ size: PixelSize) throws(ImageError) -> Image {
        try Image(width: size.width, height: size.height, channels: 4) { pixels throws(ImageError) in
            try check(
                bytes.withUnsafeBufferPointer {
                    redraw_webp_decode_first($0.baseAddress, $0.count, pixels, Int32(size.width), Int32(size.height))
                })
        }
    }

    private static func check(_ outcome: redraw_webp_outcome) throws(ImageError) {
        switch outcome {
        case REDRAW_WEBP_OK: return
        case REDRAW_WEBP_TRUNCATED: throw .truncated(.webp)
        case REDRAW_WEBP_SHORT_OF_MEMORY: throw .damaged(.webp, reason: "memory is too short to decode it")
        default: throw .damaged(.webp, reason: "its data make no sense to libwebp")
        }
    }

    /// The content of the first chunk of that name.
    static func chunk(_ name: String, of bytes: [UInt8]) -> [UInt8]? {
        var position = 12
        while let length = bytes.number32(at: position + 4, bigEndian: false), length <= bytes.count - position - 8 {
            if bytes.says(name, at: position) { return Array(bytes[position + 8..<position + 8 + length]) }
            position += 8 + length + length % 2
        }
        return nil
    }

    /// WebP's own limit on a side.
    private static let longestSide = 16_383

    static func encode(_ image: Image, lossless: Bool, quality: Int) throws(ImageError) -> [UInt8] {
        guard image.width <= longestSide && image.height <= longestSide else {
            throw .cannotEncode(.webp, width: image.width, height: image.height, limit: "at most \(longestSide) pixels a side; save as PNG")
        }
        let coloured = image.channels == 1 ? image.rgb() : image
        var count = 0
        let encoded = coloured.bytes.withUnsafeBufferPointer { pixels in
            redraw_webp_encode(
                pixels.baseAddress, Int32(coloured.width), Int32(coloured.height), Int32(coloured.channels), lossless ? 1 : 0,
                Float(max(0, min(100, quality))), &count)
        }
        guard let encoded else { throw .damaged(.webp, reason: "libwebp could not encode it") }
        defer { redraw_webp_free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: count))
    }
}

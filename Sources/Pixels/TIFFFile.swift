import CTIFF

/// Reading TIFF through libtiff: the first picture of the file, as it is stored. Sixteen bits are brought to eight; floating-point samples
/// are not read.
enum TIFFFile {
    struct Header {
        /// As stored.
        var size: PixelSize
        var profile: ColourProfile?
        var xmp: [UInt8]?
        /// How many pictures the file has.
        var pictures: Int
    }

    static func header(of bytes: [UInt8]) throws(ImageError) -> Header {
        try opened(bytes) { file throws(ImageError) in
            Header(
                size: try size(of: file), profile: aside("c", of: file, atMost: ColourProfile.longest).map { .icc($0) },
                xmp: aside("x", of: file, atMost: longestPacket), pictures: Int(redraw_tiff_pictures(file)))
        }
    }

    private static let longestPacket = 8 << 20

    /// RGBA where the file has alpha, else RGB; in the order in which the file has its rows.
    ///
    /// - Parameter divisor: by how much the picture is made smaller while it is read.
    static func decode(_ bytes: [UInt8], shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        try opened(bytes) { file throws(ImageError) in
            let size = try size(of: file)
            let hasAlpha = redraw_tiff_has_alpha(file) != 0
            func read(_ rows: Range<Int>) throws(ImageError) -> Image {
                let pixels = try Image(width: size.width, height: rows.count, channels: 4) { target throws(ImageError) in
                    var message = [CChar](repeating: 0, count: Int(REDRAW_TIFF_MESSAGE_CAPACITY))
                    guard redraw_tiff_decode(file, UInt32(rows.lowerBound), UInt32(rows.count), target, &message) != 0 else {
                        throw .damaged(.tiff, reason: spoken(message))
                    }
                }
                return hasAlpha ? pixels.unpremultiplied() : pixels.droppingAlpha()
            }
            guard divisor > 1 else { return try read(0..<size.height) }
            let together = Int(redraw_tiff_rows_together(file))
            // libtiff unpacks what is stored together at once, and up to eight bytes a sample.
            try size.check(.tiff, takingAtOnce: together * size.width * 12)
            var shrinking = BoxShrinking(size, channels: hasAlpha ? 4 : 3, divisor: divisor)
            let band = together * max(1, bandPixels / (together * size.width))
            for top in stride(from: 0, to: size.height, by: band) {
                let rows = try read(top..<min(top + band, size.height))
                rows.bytes.withUnsafeBufferPointer { pixels in
                    for y in 0..<rows.height {
                        shrinking.add(row: top + y, pixels.baseAddress! + y * rows.width * rows.channels, count: rows.width)
                    }
                }
            }
            return shrinking.image()
        }
    }

    /// Pixels that are read at once of a picture that is made smaller on the way.
    private static let bandPixels = 2_000_000

    private static func size(of file: OpaquePointer) throws(ImageError) -> PixelSize {
        let size = PixelSize(width: Int(redraw_tiff_width(file)), height: Int(redraw_tiff_height(file)))
        try size.check(.tiff)
        return size
    }

    private static func aside(_ kind: Unicode.Scalar, of file: OpaquePointer, atMost most: Int) -> [UInt8]? {
        var content: UnsafePointer<UInt8>?
        let size = redraw_tiff_aside(file, CChar(truncatingIfNeeded: kind.value), &content)
        guard let content, (1...most).contains(size) else { return nil }
        return Array(UnsafeBufferPointer(start: content, count: size))
    }

    private static func opened<R>(
        _ bytes: [UInt8], _ body: (OpaquePointer) throws(ImageError) -> R
    ) throws(ImageError) -> R {
        // libtiff reads from the array's own memory, so the array stays pinned for as long as the file is open.
        var outcome: Result<R, ImageError> = .failure(.damaged(.tiff, reason: "memory is short"))
        bytes.withUnsafeBufferPointer { buffer in
            var message = [CChar](repeating: 0, count: Int(REDRAW_TIFF_MESSAGE_CAPACITY))
            guard let file = redraw_tiff_open(buffer.baseAddress, buffer.count, &message) else {
                outcome = .failure(.damaged(.tiff, reason: spoken(message)))
                return
            }
            defer { redraw_tiff_close(file) }
            do throws(ImageError) {
                outcome = .success(try body(file))
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }
}

import CHEIF

/// Reading HEIC and AVIF through libheif: the main picture, which libheif turns upright itself.
enum HEIFFile {
    struct Header {
        var size: PixelSize
        var hasAlpha: Bool
        /// From its TIFF header on.
        var exif: [UInt8]?
        var xmp: [UInt8]?
        /// An ICC profile, or else what the file's code points say.
        var profile: ColourProfile?
        /// How many pictures the file has.
        var pictures: Int
    }

    /// Bytes of an EXIF block, a packet or a profile.
    private static let longestAside = 8 << 20

    static func header(of bytes: [UInt8], _ format: ImageFormat) throws(ImageError) -> Header {
        try opened(bytes, format) { file throws(ImageError) in
            // Four bytes tell where the TIFF header begins.
            var exif = aside("e", of: file)
            if let block = exif, let skip = block.number32(at: 0, bigEndian: true),
                skip <= block.count - 4
            {
                exif = Array(block[(4 + skip)...])
            }
            return Header(
                size: try size(of: file, format), hasAlpha: redraw_heif_has_alpha(file) != 0, exif: exif,
                xmp: aside("x", of: file),
                profile: aside("c", of: file).map { .icc($0) } ?? codedColours(of: file), pictures: Int(redraw_heif_pictures(file)))
        }
    }

    /// - Parameter divisor: by how much the picture is made smaller when it is handed over.
    static func decode(_ bytes: [UInt8], _ format: ImageFormat, shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        try opened(bytes, format) { file throws(ImageError) in
            let size = try size(of: file, format)
            let channels = redraw_heif_has_alpha(file) != 0 ? 4 : 3
            // libheif holds what it decoded (at 4:2:0 a sample and a half a pixel) and what it made RGB of it.
            if divisor > 1 { try size.check(format, takingAtOnce: size.pixelCount * (channels + 2)) }
            var message = [CChar](repeating: 0, count: Int(REDRAW_HEIF_MESSAGE_CAPACITY))
            guard redraw_heif_decode(file, &message) != 0 else { throw .damaged(format, reason: spoken(message)) }
            guard divisor > 1 else {
                return Image(width: size.width, height: size.height, channels: channels) { pixels in
                    for y in 0..<size.height {
                        (pixels + y * size.width * channels).update(
                            from: redraw_heif_row(file, Int32(y)), count: size.width * channels)
                    }
                }
            }
            var shrinking = BoxShrinking(size, channels: channels, divisor: divisor)
            for y in 0..<size.height { shrinking.add(row: y, redraw_heif_row(file, Int32(y)), count: size.width) }
            return shrinking.image()
        }
    }

    /// libheif brings pixels to RGB by the file's matrix and range, and leaves primaries and transfer as they are.
    private static func codedColours(of file: OpaquePointer) -> ColourProfile? {
        var (primaries, transfer) = (UInt8(0), UInt8(0))
        guard redraw_heif_codes(file, &primaries, &transfer) != 0 else { return nil }
        // Photographs marked with television's curves are sRGB all the same, as browsers take them; so is what is marked with nothing.
        guard ![0, 1, 2].contains(primaries) || [16, 18].contains(transfer) else { return nil }
        return ColourProfile.coded(primaries: primaries, transfer: transfer)
    }

    private static func size(of file: OpaquePointer, _ format: ImageFormat) throws(ImageError)
        -> PixelSize
    {
        let size = PixelSize(width: Int(redraw_heif_width(file)), height: Int(redraw_heif_height(file)))
        try size.check(format)
        return size
    }

    private static func aside(_ kind: Unicode.Scalar, of file: OpaquePointer) -> [UInt8]? {
        let kind = CChar(truncatingIfNeeded: kind.value)
        let size = redraw_heif_aside(file, kind, nil, 0)
        guard (1...longestAside).contains(size) else { return nil }
        var bytes = [UInt8](repeating: 0, count: size)
        return redraw_heif_aside(file, kind, &bytes, size) == size ? bytes : nil
    }

    private static func opened<R>(
        _ bytes: [UInt8], _ format: ImageFormat, _ body: (OpaquePointer) throws(ImageError) -> R
    ) throws(ImageError) -> R {
        // libheif reads from the array's own memory, so the array stays pinned for as long as the file is open.
        var outcome: Result<R, ImageError> = .failure(.damaged(format, reason: "memory is short"))
        bytes.withUnsafeBufferPointer { buffer in
            var message = [CChar](repeating: 0, count: Int(REDRAW_HEIF_MESSAGE_CAPACITY))
            guard let file = redraw_heif_open(buffer.baseAddress, buffer.count, &message) else {
                outcome = .failure(.damaged(format, reason: spoken(message)))
                return
            }
            defer { redraw_heif_close(file) }
            do throws(ImageError) {
                outcome = .success(try body(file))
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }
}

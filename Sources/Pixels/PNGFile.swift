import CPNG

/// Reading and writing PNG through libpng.
enum PNGFile {
    /// Deflate cannot expand data by more than this.
    private static let largestExpansion = 1_032

    struct Header {
        var size: PixelSize
        /// The upper bound of what the file's pixels can decompress from.
        var storedBytes: Int
        var isInterlaced: Bool
    }

    /// The IHDR chunk, checked against the limits, of a file whose chunks lead to its end.
    ///
    /// - Parameter areCutAccepted: whether the file may end early.
    static func header(
        of bytes: [UInt8], acceptingCut areCutAccepted: Bool = TruncatedFiles.areAccepted
    ) throws(ImageError) -> Header {
        guard let width = bytes.number32(at: 16, bigEndian: true), let height = bytes.number32(at: 20, bigEndian: true), bytes.count >= 33
        else { throw .truncated(.png) }
        guard bytes.says("IHDR", at: 12) else { throw .damaged(.png, reason: "its first chunk is not IHDR") }
        let size = PixelSize(width: width, height: height)
        try size.check(.png)
        // Before libpng, which takes the memory that a chunk's length asks for and only then looks for the bytes.
        guard hasEnd(bytes) || lacksEndAlone(bytes) || areCutAccepted else { throw .truncated(.png) }
        return Header(size: size, storedBytes: (width * bitsAPixel(bytes) + 7) / 8 * height, isInterlaced: bytes[28] == 1)
    }

    /// As the IHDR chunk tells, of a file that has one.
    static func bitsAPixel(_ bytes: [UInt8]) -> Int {
        let samples =
            switch bytes[25] {
            case 2: 3
            case 4: 2
            case 6: 4
            default: 1
            }
        return samples * Int(min(bytes[24], 16))
    }

    private static func hasEnd(_ bytes: [UInt8]) -> Bool {
        var end = false
        visitChunks(of: bytes) { name, _ in end = end || bytes.says("IEND", at: name) }
        return end
    }

    /// Whether it holds more pictures than the one that programs show which know no animations: https://www.w3.org/TR/png-3/#acTL-chunk
    static func isAnimated(_ bytes: [UInt8]) -> Bool {
        var pictures = 0
        visitChunks(of: bytes) { name, content in
            if bytes.says("acTL", at: name) { pictures = bytes.number32(at: content.lowerBound, bigEndian: true) ?? 0 }
        }
        return pictures > 1
    }

    /// Calls `visit` with where each whole chunk's name stands and where its content, up to the end chunk or the first one cut off.
    static func visitChunks(of bytes: [UInt8], _ visit: (_ name: Int, _ content: Range<Int>) -> Void) {
        var position = 8
        while let length = bytes.number32(at: position, bigEndian: true), length <= bytes.count - position - 12 {
            visit(position + 4, position + 8..<position + 8 + length)
            if bytes.says("IEND", at: position + 4) { return }
            position += 12 + length
        }
    }

    /// - Parameter divisor: by how much the picture is made smaller while it is read.
    static func decode(_ bytes: [UInt8], shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        if divisor > 1 {
            var (shrinking, size): (BoxShrinking?, PixelSize) = (nil, try header(of: bytes).size)
            try forEachRow(of: bytes) { row, pixels, channels, columns in
                var current = shrinking ?? BoxShrinking(size, channels: channels, divisor: divisor)
                // Taken out and put back, so that its sums are nobody else's and stay where they are.
                shrinking = nil
                current.add(row: row, pixels, count: columns.count, from: columns.start, by: columns.step)
                shrinking = current
            }
            guard let shrinking else { throw .truncated(.png) }
            return shrinking.image()
        }
        let bytes = try completed(bytes)
        let header = try checkedHeader(of: bytes)
        return try withReader(bytes) { reader throws(ImageError) in
            let layout = try layout(of: reader, header, byRows: false)
            let image = try Image(width: header.size.width, height: header.size.height, channels: Int(layout.channels)) {
                pixels throws(ImageError) in
                guard redraw_png_read_pixels(reader, pixels) != 0 else { throw failure(of: reader) }
            }
            guard redraw_png_read_end(reader) != 0 else { throw failure(of: reader) }
            return image
        }
    }

    /// The picture's first columns alone, of which a few bytes of each row are held.
    static func firstColumns(_ count: Int, of bytes: [UInt8]) throws(ImageError) -> Image {
        let size = try header(of: bytes).size
        let width = min(count, size.width)
        var (kept, channels): ([UInt8], Int) = ([], 0)
        try forEachRow(of: bytes) { row, pixels, samples, columns in
            if kept.isEmpty { (kept, channels) = ([UInt8](repeating: 0, count: width * size.height * samples), samples) }
            for number in 0..<columns.count {
                let column = columns.start + number * columns.step
                guard column < width else { break }
                for i in 0..<samples { kept[(row * width + column) * samples + i] = pixels[number * samples + i] }
            }
        }
        guard !kept.isEmpty else { throw .truncated(.png) }
        return Image(width: width, height: size.height, channels: channels, bytes: kept)
    }

    /// Which columns a stored row has.
    struct Columns {
        var start: Int
        var step: Int
        var count: Int
    }

    /// Where the pixels of each pass over an interlaced picture begin, and how far they stand apart:
    /// https://www.w3.org/TR/png-3/#8InterlaceMethods
    static let passes: [(x: Int, y: Int, right: Int, down: Int)] = [
        (0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2),
    ]

    /// Calls `visit` with one stored row after the other; no more of the picture is in memory.
    private static func forEachRow(
        of bytes: [UInt8], _ visit: (_ row: Int, _ pixels: UnsafePointer<UInt8>, _ channels: Int, _ columns: Columns) -> Void
    ) throws(ImageError) {
        let bytes = try completed(bytes)
        let header = try checkedHeader(of: bytes)
        let (width, height) = (header.size.width, header.size.height)
        try withReader(bytes) { reader throws(ImageError) in
            let channels = Int(try layout(of: reader, header, byRows: true).channels)
            let row = UnsafeMutablePointer<UInt8>.allocate(capacity: width * channels)
            defer { row.deallocate() }
            for pass in header.isInterlaced ? passes : [(0, 0, 1, 1)] where pass.x < width && pass.y < height {
                let columns = Columns(start: pass.x, step: pass.right, count: (width - pass.x + pass.right - 1) / pass.right)
                for y in stride(from: pass.y, to: height, by: pass.down) {
                    guard redraw_png_read_row(reader, row) != 0 else { throw failure(of: reader) }
                    visit(y, row, channels, columns)
                }
            }
            guard redraw_png_read_end(reader) != 0 else { throw failure(of: reader) }
        }
    }

    /// A file that is much shorter than its picture cannot hold it: that is said before memory is taken.
    private static func checkedHeader(of bytes: [UInt8]) throws(ImageError) -> Header {
        let header = try header(of: bytes)
        guard bytes.count >= header.storedBytes / largestExpansion else { throw .truncated(.png) }
        return header
    }

    private static func layout(of reader: OpaquePointer, _ header: Header, byRows: Bool) throws(ImageError) -> redraw_png_header {
        var layout = redraw_png_header()
        guard redraw_png_read_header(reader, byRows ? 1 : 0, &layout) != 0 else { throw failure(of: reader) }
        guard Int(layout.width) == header.size.width, Int(layout.height) == header.size.height else {
            throw .damaged(.png, reason: "it states two sizes")
        }
        return layout
    }

    /// The EXIF bytes: chunk eXIf, or the hexadecimal profile that ImageMagick leaves in a text chunk.
    static func exif(of bytes: [UInt8], text: [String: String]) -> [UInt8]? {
        var found: [UInt8]?
        visitChunks(of: bytes) { name, content in
            if bytes.says("eXIf", at: name) && found == nil { found = Array(bytes[content]) }
        }
        if let found { return found }
        guard let profile = text["Raw profile type exif"] ?? text["Raw profile type APP1"] else { return nil }
        // "\nexif\n    <length>\n<hexadecimal digits in lines>"
        let lines = profile.split(separator: "\n").dropFirst(2)
        var result: [UInt8] = []
        var high: UInt8?
        for character in lines.joined() {
            guard let digit = character.hexDigitValue.map(UInt8.init) else { continue }
            if let first = high {
                result.append(first << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return result
    }

    static func encode(_ image: Image, text: [(String, String)], compression: Int) throws(ImageError) -> [UInt8] {
        // The strings must live until libpng has written them.
        var entries: [redraw_png_text] = []
        var owned: [UnsafeMutablePointer<CChar>] = []
        defer { for pointer in owned { pointer.deallocate() } }
        func copy(_ bytes: [UInt8]) -> UnsafeMutablePointer<CChar> {
            let pointer = UnsafeMutablePointer<CChar>.allocate(capacity: bytes.count + 1)
            for (i, byte) in bytes.enumerated() { pointer[i] = CChar(bitPattern: byte) }
            pointer[bytes.count] = 0
            owned.append(pointer)
            return pointer
        }
        for (keyword, value) in text {
            guard let key = latin1(keyword), !key.isEmpty, key.count < 80, !key.contains(where: { $0 < 32 }) else {
                throw .damaged(.png, reason: "a text's keyword has 1 to 79 Latin-1 characters, not “\(keyword)”")
            }
            // A zero ends a text chunk's text: what follows would be lost unseen.
            let bytes = latin1(value) ?? Array(value.utf8)
            let kept = Array(bytes.prefix { $0 != 0 })
            entries.append(
                redraw_png_text(
                    keyword: copy(key), text: copy(kept), text_length: kept.count, is_utf8: latin1(value) == nil ? 1 : 0))
        }
        var count = 0
        var message = [CChar](repeating: 0, count: Int(REDRAW_PNG_MESSAGE_CAPACITY))
        let encoded = image.bytes.withUnsafeBufferPointer { pixels in
            redraw_png_write(
                pixels.baseAddress, UInt32(image.width), UInt32(image.height), Int32(image.channels), Int32(max(0, min(9, compression))),
                entries, Int32(entries.count), &count, &message)
        }
        guard let encoded else { throw .damaged(.png, reason: spoken(message)) }
        defer { redraw_png_free(encoded) }
        return Array(UnsafeBufferPointer(start: encoded, count: count))
    }

    private static func withReader<R>(
        _ bytes: [UInt8], _ body: (OpaquePointer) throws(ImageError) -> R
    ) throws(ImageError) -> R {
        // libpng reads from the array's own memory, so the array stays pinned for as long as the reader lives.
        var outcome: Result<R, ImageError> = .failure(.damaged(.png, reason: "memory is short"))
        bytes.withUnsafeBufferPointer { buffer in
            guard let reader = redraw_png_open(buffer.baseAddress, buffer.count) else { return }
            defer { redraw_png_close(reader) }
            do throws(ImageError) {
                outcome = .success(try body(reader))
            } catch {
                outcome = .failure(error)
            }
        }
        return try outcome.get()
    }

    private static func failure(of reader: OpaquePointer) -> ImageError {
        let message = String(cString: redraw_png_message(reader))
        // libpng's own words where the compressed pixels end before the picture does.
        let ends = redraw_png_is_truncated(reader) != 0 || message.contains("Not enough image data")
        return ends ? .truncated(.png) : .damaged(.png, reason: message)
    }

    /// The text's Latin-1 bytes, or nil where it has other characters.
    private static func latin1(_ text: String) -> [UInt8]? {
        var result: [UInt8] = []
        for scalar in text.unicodeScalars {
            guard scalar.value < 256 else { return nil }
            result.append(UInt8(scalar.value))
        }
        return result
    }
}

extension PixelSize {
    /// Refuses sizes beyond the limits, before any memory is taken for them.
    func check(_ format: ImageFormat) throws(ImageError) {
        guard width > 0 && height > 0 else { throw .damaged(format, reason: "it states \(width)x\(height) pixels") }
        guard width <= ImageLimits.longestSide, height <= ImageLimits.longestSide, pixelCount <= ImageLimits.pixelCount else {
            throw .tooLarge(width: width, height: height)
        }
    }

    /// Refuses pictures of which a library would hold so many bytes at once.
    func check(_ format: ImageFormat, takingAtOnce bytes: Int) throws(ImageError) {
        guard bytes <= ImageLimits.bytesAtOnce else { throw .tooLargeAtOnce(format, width: width, height: height) }
    }
}

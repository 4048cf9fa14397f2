import CZlib

/// PNG files that end early.
extension PNGFile {
    private static let end: [UInt8] = [0, 0, 0, 0] + Array("IEND".utf8) + [0xAE, 0x42, 0x60, 0x82]

    /// Whether nothing is missing but the end, or a part of it: all pixels may be there.
    static func lacksEndAlone(_ bytes: [UInt8]) -> Bool {
        let (start, chunksEnd, isEnded) = outline(of: bytes)
        return !isEnded && start != nil && end.starts(with: bytes[chunksEnd...])
    }

    /// The file as one that leads to its end: where nothing but that is missing with an end, and where files are accepted that were cut off with
    /// the rows that are missing, which are black, or without colour where the picture may be transparent.
    ///
    /// - Throws: `ImageError.truncated` for one that is cut off, and not accepted or without any pixels.
    static func completed(
        _ bytes: [UInt8], acceptingCut areCutAccepted: Bool = TruncatedFiles.areAccepted
    ) throws(ImageError) -> [UInt8] {
        let (start, chunksEnd, isEnded) = outline(of: bytes)
        if isEnded { return bytes }
        if lacksEndAlone(bytes) { return bytes[..<chunksEnd] + end }
        guard areCutAccepted else { throw .truncated(.png) }
        var packed: [UInt8] = []
        visitChunks(of: bytes) { name, content in if bytes.says("IDAT", at: name) { packed += bytes[content] } }
        if bytes.says("IDAT", at: chunksEnd + 4) { packed += bytes[min(chunksEnd + 8, bytes.count)...] }
        guard !packed.isEmpty else { throw .truncated(.png) }
        let header = try header(of: bytes, acceptingCut: true)
        let count = storedBytes(header, bitsAPixel: bitsAPixel(bytes))
        guard count <= ImageLimits.bytesAtOnce else {
            throw .tooLargeAtOnce(.png, width: header.size.width, height: header.size.height)
        }
        var rows = [UInt8](repeating: 0, count: count)
        let found = rows.withUnsafeMutableBufferPointer { rows in
            packed.withUnsafeBufferPointer { redraw_inflate_beginning($0.baseAddress, $0.count, rows.baseAddress, count) }
        }
        guard found > 1 else { throw .truncated(.png) }
        let bound = redraw_deflate_bound(count)
        let again = [UInt8](unsafeUninitializedCapacity: bound) { target, written in
            written = rows.withUnsafeBufferPointer { redraw_deflate($0.baseAddress, $0.count, target.baseAddress, bound) }
        }
        guard !again.isEmpty else { throw .damaged(.png, reason: "memory is too short to complete it") }
        return bytes[..<(start ?? chunksEnd)] + chunk("IDAT", again) + end
    }

    /// What a file that ends early lacks, in words; nil for one that is whole.
    static func lack(_ bytes: [UInt8]) -> String? {
        if outline(of: bytes).isEnded { return nil }
        return lacksEndAlone(bytes) ? "its end, which is missing" : "what it lacks: the file ends early"
    }

    /// Where the first chunk of pixels begins, where the last whole chunk ends, and whether that is the end chunk.
    private static func outline(of bytes: [UInt8]) -> (pixels: Int?, end: Int, isEnded: Bool) {
        var outline: (pixels: Int?, end: Int, isEnded: Bool) = (nil, 8, false)
        visitChunks(of: bytes) { name, content in
            if outline.pixels == nil, bytes.says("IDAT", at: name) { outline.pixels = name - 4 }
            outline.end = content.upperBound + 4
            outline.isEnded = outline.isEnded || bytes.says("IEND", at: name)
        }
        // Of a file whose first chunk of pixels is cut off that is where it begins.
        if outline.pixels == nil, bytes.says("IDAT", at: outline.end + 4) { outline.pixels = outline.end }
        return outline
    }

    /// Bytes of the rows of all passes, each with the byte in front that names its filter.
    private static func storedBytes(_ header: Header, bitsAPixel: Int) -> Int {
        let (width, height) = (header.size.width, header.size.height)
        return (header.isInterlaced ? passes : [(0, 0, 1, 1)]).reduce(0) { sum, pass in
            guard pass.x < width, pass.y < height else { return sum }
            let (columns, rows) = ((width - pass.x + pass.right - 1) / pass.right, (height - pass.y + pass.down - 1) / pass.down)
            return sum + rows * (1 + (columns * bitsAPixel + 7) / 8)
        }
    }

    private static func chunk(_ type: String, _ content: [UInt8]) -> [UInt8] {
        func number(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let named = Array(type.utf8) + content
        return number(UInt32(truncatingIfNeeded: content.count)) + named
            + number(named.withUnsafeBufferPointer { redraw_crc32($0.baseAddress, $0.count) })
    }
}

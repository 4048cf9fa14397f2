/// Reading BMP as Windows writes it: 1, 4, 8, 16, 24 and 32 bits a pixel, not run-length coded.
enum BMPFile {
    private struct Header {
        var size: PixelSize
        /// Rows from the top; the format's own order is from the bottom.
        var isTopDown: Bool
        var bits: Int
        var pixels: Int
        var palette: Range<Int>
        /// Bytes of a colour in the palette.
        var entry: Int
        /// Bits of red, green, blue and alpha in a pixel.
        var masks: [UInt32]
    }

    static func size(of bytes: [UInt8]) throws(ImageError) -> PixelSize { try header(of: bytes).size }

    private static func header(of bytes: [UInt8]) throws(ImageError) -> Header {
        func number(_ offset: Int) -> Int? { bytes.number32(at: offset, bigEndian: false) }
        func half(_ offset: Int) -> Int? { bytes.number16(at: offset, bigEndian: false) }
        guard let pixels = number(10), let length = number(14) else { throw .truncated(.bmp) }
        let isOld = length == 12
        guard isOld || (40...4096).contains(length) else { throw .damaged(.bmp, reason: "its header is \(length) bytes long") }
        guard let width = isOld ? half(18) : number(18), let stated = isOld ? half(20) : number(22), let bits = half(isOld ? 24 : 28),
            bytes.count >= 14 + length
        else { throw .truncated(.bmp) }
        let height = isOld ? stated : Int(Int32(truncatingIfNeeded: stated))
        let size = PixelSize(width: isOld ? width : Int(Int32(truncatingIfNeeded: width)), height: abs(height))
        try size.check(.bmp)
        let coding = isOld ? 0 : number(30) ?? 0
        guard [1, 4, 8, 16, 24, 32].contains(bits), [0, 3, 6].contains(coding), coding == 0 || bits == 16 || bits == 32 else {
            throw .unsupportedFeature(.bmp, feature: "\(bits) bits a pixel in the coding \(coding)")
        }
        var masks: [UInt32] = bits == 16 ? [0x7C00, 0x3E0, 0x1F, 0] : [0xFF_0000, 0xFF00, 0xFF, 0]
        if coding != 0 {
            let count = coding == 6 || length >= 56 ? 4 : 3
            for index in 0..<count {
                guard let mask = number(54 + index * 4) else { throw .truncated(.bmp) }
                masks[index] = UInt32(mask)
            }
        }
        let entry = isOld ? 3 : 4
        let start = 14 + length + (coding == 3 && length == 40 ? 12 : 0)
        let stored = isOld ? 0 : number(46) ?? 0
        let colours = bits > 8 ? 0 : stored > 0 && stored <= 1 << bits ? stored : 1 << bits
        guard start + colours * entry <= bytes.count, pixels <= bytes.count else { throw .truncated(.bmp) }
        return Header(
            size: size, isTopDown: height < 0, bits: bits, pixels: pixels, palette: start..<start + colours * entry, entry: entry,
            masks: masks)
    }

    /// - Parameter divisor: by how much the picture is made smaller while it is read.
    static func decode(_ bytes: [UInt8], shrinkingBy divisor: Int = 1) throws(ImageError) -> Image {
        let header = try header(of: bytes)
        let (width, height) = (header.size.width, header.size.height)
        let channels = header.masks[3] != 0 ? 4 : 3
        guard divisor > 1 else {
            return try Image(width: width, height: height, channels: channels) { pixels throws(ImageError) in
                try read(0..<height, of: bytes, header, channels, into: pixels)
            }
        }
        var shrinking = BoxShrinking(header.size, channels: channels, divisor: divisor)
        let row = UnsafeMutablePointer<UInt8>.allocate(capacity: width * channels)
        defer { row.deallocate() }
        for y in 0..<height {
            try read(y..<y + 1, of: bytes, header, channels, into: row)
            shrinking.add(row: y, row, count: width)
        }
        return shrinking.image()
    }

    /// Rows of the picture, from its top, behind each other.
    private static func read(
        _ rows: Range<Int>, of bytes: [UInt8], _ header: Header, _ channels: Int, into pixels: UnsafeMutablePointer<UInt8>
    ) throws(ImageError) {
        let (width, height) = (header.size.width, header.size.height)
        let stride = (width * header.bits + 31) / 32 * 4
        guard bytes.count - header.pixels >= stride * height else { throw .truncated(.bmp) }
        // Each mask's shift and largest value.
        let fields = header.masks.map {
            (shift: UInt32($0.trailingZeroBitCount & 31), most: $0 == 0 ? 0 : $0 >> ($0.trailingZeroBitCount & 31))
        }
        let colours = header.palette.count / header.entry
        let table = (0..<colours).flatMap { number in (0..<3).map { bytes[header.palette.lowerBound + number * header.entry + 2 - $0] } }
        var isKnown = true
        bytes.withUnsafeBufferPointer { bytes in
            for y in rows where isKnown {
                let row = bytes.baseAddress! + header.pixels + (header.isTopDown ? y : height - 1 - y) * stride
                var target = pixels + (y - rows.lowerBound) * width * channels
                switch header.bits {
                case 24:
                    for x in 0..<width {
                        for channel in 0..<3 { target[channel] = row[x &* 3 &+ 2 &- channel] }
                        target += channels
                    }
                case 16, 32:
                    let size = header.bits / 8
                    for x in 0..<width {
                        var value = UInt32(0)
                        for byte in 0..<size { value |= UInt32(row[x &* size &+ byte]) << UInt32(8 * byte) }
                        for channel in 0..<channels {
                            let (shift, most) = fields[channel]
                            let part = (value >> shift) & most
                            target[channel] =
                                most == 0 ? 0 : most == 255 ? UInt8(part) : UInt8((UInt64(part) * 255 + UInt64(most) / 2) / UInt64(most))
                        }
                        target += channels
                    }
                default:
                    let (bits, perByte, mask) = (header.bits, 8 / header.bits, 1 << header.bits - 1)
                    for x in 0..<width {
                        let number = Int(row[x / perByte]) >> ((perByte &- 1 &- x % perByte) &* bits) & mask
                        guard number < colours else {
                            isKnown = false
                            break
                        }
                        for channel in 0..<3 { target[channel] = table[number &* 3 &+ channel] }
                        target += channels
                    }
                }
            }
        }
        guard isKnown else { throw .damaged(.bmp, reason: "a pixel has a colour that is not in its palette") }
    }
}

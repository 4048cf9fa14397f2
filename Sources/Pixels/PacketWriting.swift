/// Where a packet of XMP is put into a file's bytes (XMP Specification, Part 3: Storage in Files). Nothing else of the file changes: not a byte
/// of its pixels, its EXIF block or its colour profile.
extension ImageFile {
    /// The XMP packet of a file, as it stands there; nil for none.
    ///
    /// - Throws: `ImageError` where the bytes are no picture.
    package static func xmp(of bytes: [UInt8]) throws(ImageError) -> String? { try text(of: bytes)[xmpKey] }

    /// Formats that a packet can be put into.
    package static let packetFormats: Set<ImageFormat> = [.jpeg, .png, .webp]
    /// Bytes of a packet that a JPEG takes.
    package static let longestPacketOfJPEG = JPEGFile.longestPacket

    /// The file with that packet in the place of the one it has.
    ///
    /// - Parameter packet: nil takes the file's packet out.
    /// - Throws: `ImageError` where the bytes are no picture, are of another format, or the packet is longer than the format takes.
    package static func replacing(xmp packet: [UInt8]?, in bytes: [UInt8]) throws(ImageError) -> [UInt8] {
        let format = try Signature.format(of: bytes)
        switch format {
        case .jpeg: return try JPEGFile.replacing(xmp: packet, in: bytes)
        case .png:
            _ = try PNGFile.header(of: bytes)
            return PNGFile.replacing(xmp: packet, in: bytes)
        case .webp: return try WebPFile.replacing(xmp: packet, in: bytes)
        case .heic, .avif, .gif, .bmp, .tiff:
            throw .unsupportedFeature(format, feature: "writing keywords into the file")
        }
    }

    /// What Photoshop's segments (APP13) of a JPEG hold, one after the other; nil where there is none.
    ///
    /// - Throws: `ImageError` where the bytes are no JPEG.
    package static func photoshopBlock(of bytes: [UInt8]) throws(ImageError) -> [UInt8]? { try JPEGFile.header(of: bytes).photoshop }

    /// The JPEG with that block in its Photoshop segments.
    ///
    /// - Parameter block: of any length; nil takes out what is there.
    /// - Throws: `ImageError` where the bytes are no JPEG.
    package static func replacing(photoshopBlock block: [UInt8]?, in bytes: [UInt8]) throws(ImageError) -> [UInt8] {
        try JPEGFile.replacing(photoshop: block, in: bytes)
    }
}

extension JPEGFile {
    /// Bytes of a packet that one segment holds, by the specification.
    static let longestPacket = 65_502

    static func replacing(xmp packet: [UInt8]?, in bytes: [UInt8]) throws(ImageError) -> [UInt8] {
        if let packet, packet.count > longestPacket {
            throw .unsupportedFeature(.jpeg, feature: "an XMP packet of \(packet.count) bytes (\(longestPacket) at most)")
        }
        let name = Array(xmpName.utf8)
        return try replacing(marker: 0xE1, name: name, by: packet.map { [name + $0] } ?? [], in: bytes) { marker, content in
            // JFIF's segment and EXIF's stand first, where readers look for them.
            marker == 0xE0 || marker == 0xE1 && content.starts(with: Array("Exif\0".utf8))
        }
    }

    static func replacing(photoshop block: [UInt8]?, in bytes: [UInt8]) throws(ImageError) -> [UInt8] {
        let name = Array(photoshopName.utf8)
        let block = block ?? []
        let room = 65_533 - name.count
        // What is longer than a segment goes on in the next one.
        let pieces = stride(from: 0, to: block.count, by: room).map { name + block[$0..<min($0 + room, block.count)] }
        return try replacing(marker: 0xED, name: name, by: pieces, in: bytes) { marker, _ in marker == 0xE0 || marker == 0xE1 }
    }

    /// The file with other segments in the place of those of that marker whose content begins with the name.
    ///
    /// - Parameter isFirst: of the segments that the new ones come after.
    private static func replacing(
        marker wanted: UInt8, name: [UInt8], by contents: [[UInt8]], in bytes: [UInt8],
        isFirst: (_ marker: UInt8, _ content: ArraySlice<UInt8>) -> Bool
    ) throws(ImageError) -> [UInt8] {
        // Walked through once before, so that what follows finds whole segments.
        _ = try header(of: bytes)
        var result = Array(bytes[..<2])
        var position = 2
        var isPlaced = false
        func place() {
            guard !isPlaced else { return }
            isPlaced = true
            for content in contents {
                let length = content.count + 2
                result += [0xFF, wanted, UInt8(length >> 8), UInt8(length & 255)] + content
            }
        }
        while position + 1 < bytes.count, bytes[position] == 0xFF, bytes[position + 1] != 0xDA {
            // Any number of these may stand before a marker.
            guard bytes[position + 1] != 0xFF else {
                position += 1
                continue
            }
            guard let length = bytes.number16(at: position + 2, bigEndian: true), length <= bytes.count - position - 2 else { break }
            let (marker, end) = (bytes[position + 1], position + 2 + length)
            let content = bytes[(position + 4)..<max(end, position + 4)]
            if !isFirst(marker, content) { place() }
            if marker != wanted || !content.starts(with: name) { result += bytes[position..<end] }
            position = end
        }
        place()
        return result + bytes[position...]
    }
}

extension PNGFile {
    static func replacing(xmp packet: [UInt8]?, in bytes: [UInt8]) -> [UInt8] {
        var result = Array(bytes[..<8])
        var isPlaced = packet == nil
        var end = 8
        visitChunks(of: bytes) { name, content in
            // Readers that stop at the pixels find it before them.
            if bytes.says("IDAT", at: name), !isPlaced, let packet {
                result += chunk("iTXt", Array(ImageFile.xmpKey.utf8) + [0, 0, 0, 0, 0] + packet)
                isPlaced = true
            }
            let isPacket =
                bytes.says("iTXt", at: name) && bytes[content].starts(with: Array(ImageFile.xmpKey.utf8) + [0])
            end = content.upperBound + 4
            if !isPacket { result += bytes[(name - 4)..<end] }
        }
        return result + bytes[end...]
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        func bytes32(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) } }
        let body = Array(name.utf8) + content
        return bytes32(UInt32(content.count)) + body + bytes32(checksum(body))
    }

    /// CRC-32 as PNG has it: https://www.w3.org/TR/png-3/#5CRC-algorithm
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var crc: UInt32 = .max
        for byte in bytes { crc = crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ crc >> 8 }
        return ~crc
    }

    private static let crcTable: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { crc, _ in crc & 1 == 1 ? 0xEDB8_8320 ^ crc >> 1 : crc >> 1 }
    }
}

extension WebPFile {
    private static let xmpFlag: UInt8 = 0x04
    private static let alphaFlag: UInt8 = 0x10

    static func replacing(xmp packet: [UInt8]?, in bytes: [UInt8]) throws(ImageError) -> [UInt8] {
        let header = try header(of: bytes)
        func little(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }
        func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
            Array(name.utf8) + little(content.count, 4) + content + (content.count % 2 == 0 ? [] : [0])
        }
        var chunks: [UInt8] = []
        var position = 12
        while let length = bytes.number32(at: position + 4, bigEndian: false), length <= bytes.count - position - 8 {
            // The last one's padding may be missing.
            let end = min(position + 8 + length + length % 2, bytes.count)
            if !bytes.says("XMP ", at: position) { chunks += bytes[position..<end] }
            if end - position < 8 + length + length % 2 { chunks.append(0) }
            position = end
        }
        if chunks.says("VP8X", at: 0) {
            chunks[8] = packet == nil ? chunks[8] & ~xmpFlag : chunks[8] | xmpFlag
        } else if packet != nil {
            let flags = xmpFlag | (header.hasAlpha ? alphaFlag : 0)
            chunks = chunk("VP8X", [flags, 0, 0, 0] + little(header.size.width - 1, 3) + little(header.size.height - 1, 3)) + chunks
        }
        if let packet { chunks += chunk("XMP ", packet) }
        return Array("RIFF".utf8) + little(chunks.count + 4, 4) + Array("WEBP".utf8) + chunks
    }
}

/// What a file is, by its first bytes. Names and extensions are never believed.
enum Signature {
    static func format(of bytes: [UInt8]) throws(ImageError) -> ImageFormat {
        if bytes.isEmpty { throw .empty }
        func has(_ expected: [UInt8], at offset: Int = 0) -> Bool {
            bytes.count >= offset + expected.count && bytes[offset..<offset + expected.count].elementsEqual(expected)
        }
        func says(_ expected: String, at offset: Int = 0) -> Bool { has(Array(expected.utf8), at: offset) }

        if has([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) { return .png }
        if has([0xFF, 0xD8, 0xFF]) { return .jpeg }
        if says("RIFF") && says("WEBP", at: 8) { return .webp }

        if says("GIF8") { return .gif }
        if says("ftyp", at: 4) {
            switch container(brand: bytes.dropFirst(8).prefix(4)) {
            case "AVIF": return .avif
            // Some brands are shared; which of them it is, the ones it says it goes with tell.
            case "HEIC": return bytes.prefix(64).contains(sequence: Array("avif".utf8)) ? .avif : .heic
            case let name: throw .unsupportedFormat(name: name)
            }
        }
        if has([0x49, 0x49, 0x2A, 0]) || has([0x4D, 0x4D, 0, 0x2A]) || has([0x49, 0x49, 0x2B, 0]) || has([0x4D, 0x4D, 0, 0x2B]) {
            return .tiff
        }
        if has([0xFF, 0x0A]) || has([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20]) { throw .unsupportedFormat(name: "JPEG XL") }
        if has([0xFF, 0x4F, 0xFF, 0x51]) || has([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20]) { throw .unsupportedFormat(name: "JPEG 2000") }
        if says("8BPS") { throw .unsupportedFormat(name: "Photoshop") }
        if says("%PDF") { throw .unsupportedFormat(name: "PDF") }
        if says("<svg") || says("<?xml") { throw .unsupportedFormat(name: "SVG or XML") }
        if says("BM") && bytes.count >= 26 { return .bmp }

        // The beginning of a signature and nothing more: a file whose copy was cut off.
        for (format, start) in [(ImageFormat.png, [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]), (.jpeg, [0xFF, 0xD8, 0xFF])]
        where bytes.count >= 2 && bytes.count < start.count && start.starts(with: bytes.map(Int.init)) {
            throw .truncated(format)
        }
        if says("RIFF") && bytes.count < 12 { throw .truncated(.webp) }
        throw .unknownFormat(firstBytes: Array(bytes.prefix(8)))
    }

    private static func container(brand: ArraySlice<UInt8>) -> String {
        switch String(decoding: brand, as: UTF8.self) {
        case "avif", "avis": "AVIF"
        case "heic", "heix", "hevc", "hevx", "heim", "heis", "mif1", "msf1": "HEIC"
        default: "video or other ISO container"
        }
    }
}

extension ArraySlice<UInt8> {
    fileprivate func contains(sequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: sequence) }
    }
}

/// Big- and little-endian numbers out of untrusted bytes: nil beyond the end.
extension [UInt8] {
    func number16(at offset: Int, bigEndian: Bool) -> Int? {
        guard offset >= 0, offset <= count - 2 else { return nil }
        let (a, b) = (Int(self[offset]), Int(self[offset + 1]))
        return bigEndian ? a << 8 | b : b << 8 | a
    }

    func number32(at offset: Int, bigEndian: Bool) -> Int? {
        guard offset >= 0, offset <= count - 4 else { return nil }
        let (first, second) = (number16(at: offset, bigEndian: bigEndian)!, number16(at: offset + 2, bigEndian: bigEndian)!)
        return bigEndian ? first << 16 | second : second << 16 | first
    }

    func says(_ text: String, at offset: Int) -> Bool {
        let expected = text.utf8
        return offset >= 0 && offset <= count - expected.count && self[offset..<offset + expected.count].elementsEqual(expected)
    }
}

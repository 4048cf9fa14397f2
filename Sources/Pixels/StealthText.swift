/// A text in the lowest bits of a picture's pixels, as NovelAI and an extension of the web UI hide their settings where file entries get
/// lost: a name, the length in bits, the text (packed with gzip or plain), read in columns from the left. In the alpha channel a bit a
/// pixel, else three in red, green and blue.
package enum StealthText {
    /// Bytes of a text that is unpacked.
    private static let longest = 4 << 20

    /// The text; nil where there is none, or where it cannot be read.
    ///
    /// - Parameter image: as the file has its pixels, not turned.
    package static func find(in image: Image) -> String? {
        if image.channels == 4, let text = read(Bits(image, isInAlpha: true), plain: "stealth_pnginfo", packed: "stealth_pngcomp") {
            return text
        }
        guard image.channels >= 3 else { return nil }
        return read(Bits(image, isInAlpha: false), plain: "stealth_rgbinfo", packed: "stealth_rgbcomp")
    }

    /// Columns in which a text's name stands, in a picture of that height.
    static func columns(ofHeight height: Int) -> Int { (nameBits + height - 1) / max(1, height) }

    /// Whether a text's name stands in a picture's first columns.
    ///
    /// - Parameter image: of at least ``columns(ofHeight:)`` columns, or of all there are.
    static func mayBegin(in image: Image) -> Bool {
        func begins(_ bits: Bits, _ names: [String]) -> Bool {
            var bits = bits
            guard let name = bits.bytes(nameBits / 8) else { return false }
            return names.contains { name.elementsEqual($0.utf8) }
        }
        if image.channels == 4, begins(Bits(image, isInAlpha: true), ["stealth_pnginfo", "stealth_pngcomp"]) { return true }
        return image.channels >= 3 && begins(Bits(image, isInAlpha: false), ["stealth_rgbinfo", "stealth_rgbcomp"])
    }

    /// Every name has fifteen letters.
    private static let nameBits = 15 * 8

    private static func read(_ bits: Bits, plain: String, packed: String) -> String? {
        var bits = bits
        guard let name = bits.bytes(plain.utf8.count).map({ String(decoding: $0, as: UTF8.self) }), name == plain || name == packed,
            let size = bits.bytes(4)
        else { return nil }
        let length = size.reduce(0) { $0 << 8 | Int($1) } / 8
        guard (1...longest).contains(length), let content = bits.bytes(length) else { return nil }
        if name == plain { return String(validating: content, as: UTF8.self) }
        guard case .whole(let text) = Inflation.unpacked(content[...], atMost: longest) else { return nil }
        return String(validating: text, as: UTF8.self)
    }

    /// The lowest bits in their order.
    private struct Bits {
        private let image: Image
        private let offsets: [Int]
        private var position = 0

        init(_ image: Image, isInAlpha: Bool) {
            self.image = image
            offsets = isInAlpha ? [3] : [0, 1, 2]
        }

        /// The next whole bytes; nil where the picture holds fewer.
        mutating func bytes(_ count: Int) -> [UInt8]? {
            guard count * 8 <= image.width * image.height * offsets.count - position else { return nil }
            return (0..<count).map { _ in (0..<8).reduce(UInt8(0)) { byte, _ in byte << 1 | bit() } }
        }

        private mutating func bit() -> UInt8 {
            let (pixel, offset) = (position / offsets.count, offsets[position % offsets.count])
            let (x, y) = (pixel / image.height, pixel % image.height)
            position += 1
            return image.bytes[(y * image.width + x) * image.channels + offset] & 1
        }
    }
}

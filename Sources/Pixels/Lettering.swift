import Foundation

/// Small letters for labels: five dots wide, seven high and two below the line, every dot a square of whole pixels. They are ASCII's; others are
/// written as what comes nearest.
package struct Lettering: Sendable, Hashable {
    /// Pixels to a dot's side.
    package let scale: Int

    package init(scale: Int) { self.scale = max(1, scale) }

    /// Dots of the smallest labels: letters of 14 pixels, which are read without enlarging the picture.
    static let smallestLabel = 2

    /// For labels beside pictures whose shorter side is so long.
    static func label(beside side: Int) -> Lettering { Lettering(scale: min(4, max(smallestLabel, side / 128))) }

    /// The width of so many letters with what stands between them.
    func width(ofLetters count: Int) -> Int { count * 6 * scale }

    /// From the top of a line to that of the next one.
    package var lineHeight: Int { 12 * scale }

    /// In pixels, as it is drawn on one line.
    package func width(of text: String) -> Int { max(0, Self.plain(text).count * 6 - 1) * scale }

    /// A text in lines that are no wider than so many pixels, broken at blanks where there are any.
    ///
    /// - Parameter most: lines; where they do not hold all of the text, the last ends in three dots.
    package func lines(_ text: String, width: Int, most: Int) -> [String] {
        let room = max(4, (width / scale + 1) / 6)
        var lines: [String] = []
        var line: [Character] = []
        func end() {
            if !line.isEmpty { lines.append(String(line)) }
            line = []
        }
        for word in Self.plain(text).split(separator: " ") {
            if !line.isEmpty, line.count + 1 + word.count > room { end() }
            if !line.isEmpty { line.append(" ") }
            for character in word {
                if line.count == room { end() }
                line.append(character)
            }
        }
        end()
        guard lines.count > most, most > 0 else { return Array(lines.prefix(max(0, most))) }
        return lines.prefix(most - 1) + [String(lines[most - 1].prefix(room - 3)) + "..."]
    }

    /// Every dot of a text that is ink: its column and row, in dots from the text's upper left corner.
    func dots(_ text: String, _ body: (_ x: Int, _ y: Int) -> Void) {
        for (index, character) in Self.plain(text).enumerated() {
            for (y, row) in (Self.glyphs[character] ?? []).enumerated() {
                for x in 0..<5 where row >> (4 - x) & 1 == 1 { body(index * 6 + x, y) }
            }
        }
    }

    private static let others: [Unicode.Scalar: String] = [
        "ß": "ss", "æ": "ae", "Æ": "AE", "ø": "o", "Ø": "O", "œ": "oe", "Œ": "OE", "ł": "l", "Ł": "L", "–": "-", "—": "-", "‘": "'",
        "’": "'",
        "“": "\"", "”": "\"", "„": "\"", "…": "...", "×": "x", "\t": " ", "\n": " ",
    ]

    private static func plain(_ text: String) -> [Character] {
        text.decomposedStringWithCanonicalMapping.unicodeScalars.flatMap { scalar -> [Character] in
            switch scalar.value {
            case 0x20..<0x7F: [Character(scalar)]
            // Marks on the letter before.
            case 0x300..<0x370: []
            default: Array(others[scalar] ?? "?")
            }
        }
    }

    /// A letter's rows from the top, two digits a row, each row's dots its five lower bits.
    private static let glyphs: [Character: [UInt8]] = {
        let table = """
            !04040404040004 "0a0a0a #0a0a1f0a1f0a0a $040f140e051e04 %19190204081313 &0c12120c15120d '040404 (02040808080402 \
            )08040202020408 *0004150e1504 +0004041f0404 ,000000000006060204 -0000001f .00000000000606 /01010204081010 00e11131519110e \
            1040c040404040e 20e11010204081f 30e11010601110e 402060a121f0202 51f101e0101110e 60608101e11110e 71f010202040404 \
            80e11110e11110e 90e11110f01020c :000606000606 ;000606000006060204 <02040810080402 =00001f001f >08040201020408 \
            ?0e110102040004 @0e11171516100e A040a11111f1111 B1e11111e11111e C0e11101010110e D1e11111111111e E1f10101e10101f \
            F1f10101e101010 G0e11101711110e H1111111f111111 I0e04040404040e J0702020202120c K11121418141211 L1010101010101f \
            M111b1515111111 N11191915131311 O0e11111111110e P1e11111e101010 Q0e11111115120d R1e11111e141211 S0f10100e01011e \
            T1f040404040404 U1111111111110e V111111110a0a04 W11111115151b11 X11110a040a1111 Y11110a04040404 Z1f01020408101f \
            [0e08080808080e \\10100804020101 ]0e02020202020e ^040a11 _0000000000001f `080402 a00000e010f110f b10101e1111111e \
            c00000f1010100f d01010f1111110f e00000e111f100f f0609081c080808 g00000f1111110f010e h10101e11111111 i04000c0404040e \
            j02000602020202120c k10101214181412 l0c04040404040e m00001a15151515 n00001e11111111 o00000e1111110e p00001e1111111e1010 \
            q00000f1111110f0101 r00001619101010 s00000f100e011e t08081e08080906 u0000111111110f v00001111110a04 w0000111515150a \
            x0000110a040a11 y0000111111110f010e z00001f0204081f {06080810080806 |04040404040404 }0c02020102020c ~00000d12
            """
        return Dictionary(
            uniqueKeysWithValues: table.split(separator: " ").map { glyph in
                let digits = Array(glyph.dropFirst())
                return (
                    glyph.first!,
                    stride(from: 0, to: digits.count - 1, by: 2).map { UInt8(String(digits[$0...$0 + 1]), radix: 16) ?? 0 }
                )
            })
    }()
}

/// A picture that is drawn on: other pictures are laid into it, and labels.
package struct Canvas: Sendable {
    package let width: Int
    package let height: Int
    private var bytes: [UInt8]

    /// - Parameter colour: three samples.
    package init(width: Int, height: Int, colour: [UInt8] = [255, 255, 255]) {
        (self.width, self.height) = (width, height)
        bytes = Image(width: width, height: height, filledWith: colour).bytes
    }

    package var image: Image { Image(width: width, height: height, channels: 3, bytes: bytes) }

    /// Lays a picture into it; what would be outside is left out.
    package mutating func place(_ image: Image, x: Int, y: Int) {
        let image = image.rgb()
        let (left, right) = (max(0, x), min(width, x + image.width))
        guard left < right else { return }
        for row in max(0, y)..<max(0, y, min(height, y + image.height)) {
            let source = ((row - y) * image.width + left - x) * 3
            let target = (row * width + left) * 3
            bytes.replaceSubrange(target..<target + (right - left) * 3, with: image.bytes[source..<source + (right - left) * 3])
        }
    }

    /// Writes one line, its upper left corner at that place.
    package mutating func write(_ text: String, _ lettering: Lettering, x: Int, y: Int, grey: UInt8 = 0) {
        let scale = lettering.scale
        lettering.dots(text) { column, row in
            for line in max(0, y + row * scale)..<max(0, y + row * scale, min(height, y + (row + 1) * scale)) {
                for place in max(0, x + column * scale)..<max(0, x + column * scale, min(width, x + (column + 1) * scale)) {
                    for channel in 0..<3 { bytes[(line * width + place) * 3 + channel] = grey }
                }
            }
        }
    }
}

@testable import Pixels
import TestSupport
import Testing

@Suite struct GeometryTests {
    /// Row 0: 1 2 3, row 1: 4 5 6.
    let picture = Image(width: 3, height: 2, channels: 1, bytes: [1, 2, 3, 4, 5, 6])

    @Test(
        arguments: [
            (Orientation.upright, [[1, 2, 3], [4, 5, 6]]), (.mirrored, [[3, 2, 1], [6, 5, 4]]), (.upsideDown, [[6, 5, 4], [3, 2, 1]]),
            (.upsideDownMirrored, [[4, 5, 6], [1, 2, 3]]), (.transposed, [[1, 4], [2, 5], [3, 6]]),
            (.quarterClockwise, [[4, 1], [5, 2], [6, 3]]), (.transversed, [[6, 3], [5, 2], [4, 1]]),
            (.quarterCounterclockwise, [[3, 6], [2, 5], [1, 4]]),
        ] as [(Orientation, [[UInt8]])])
    func everyOrientationIsSetUpright(orientation: Orientation, rows: [[UInt8]]) {
        let upright = picture.upright(from: orientation)
        #expect(upright.bytes == rows.flatMap { $0 })
        #expect(upright.size == picture.size.upright(from: orientation))
    }

    @Test func theFourTurnsUndoEachOther() {
        var random = SeededGenerator.announced()
        for _ in 0..<100 {
            let image = randomImage(using: &random)
            #expect(image.upright(from: .quarterClockwise).upright(from: .quarterCounterclockwise) == image)
            #expect(image.upright(from: .upsideDown) == image.mirrored().upright(from: .upsideDownMirrored))
            for orientation in [Orientation.mirrored, .upsideDown, .upsideDownMirrored, .transposed, .transversed] {
                #expect(image.upright(from: orientation).upright(from: orientation) == image)
            }
        }
    }

    @Test func paddingRepeatsOrFills() {
        #expect(picture.padded(left: 1, right: 2, with: .edge).bytes == [1, 1, 2, 3, 3, 3, 4, 4, 5, 6, 6, 6])
        #expect(picture.padded(top: 1, with: .colour([9])).bytes == [9, 9, 9, 1, 2, 3, 4, 5, 6])
    }

    @Test func croppingUndoesPadding() {
        var random = SeededGenerator.announced()
        for _ in 0..<200 {
            let image = randomImage(using: &random)
            let (left, top, right, bottom) = (
                Int.random(in: 0...50, using: &random), Int.random(in: 0...50, using: &random), Int.random(in: 0...50, using: &random),
                Int.random(in: 0...50, using: &random)
            )
            for rule in [PaddingRule.edge, .colour([UInt8](repeating: 3, count: image.channels))] {
                let padded = image.padded(left: left, top: top, right: right, bottom: bottom, with: rule)
                #expect(padded.cropped(to: PixelRectangle(x: left, y: top, width: image.width, height: image.height)) == image)
            }
            let multiple = Int.random(in: 1...16, using: &random)
            let rounded = image.padded(toMultipleOf: multiple)
            #expect(rounded.width % multiple == 0 && rounded.height % multiple == 0)
            #expect(rounded.width - image.width < multiple && rounded.height - image.height < multiple)
        }
    }

    @Test func picturesStandSideBySide() {
        let (left, right) = (Image(width: 2, height: 3, filledWith: [1, 2, 3]), Image(width: 1, height: 1, channels: 1, bytes: [9]))
        let both = Image.sideBySide([left, right], gap: 2)
        #expect(both.size == PixelSize(width: 5, height: 3) && both.channels == 3)
        #expect(Array(both.bytes.prefix(15)) == [1, 2, 3, 1, 2, 3] + [UInt8](repeating: 255, count: 6) + [9, 9, 9])
        #expect(Array(both.bytes.suffix(3)) == [255, 255, 255])
    }

    /// Under each picture stands what it is, in letters of the same size that can be read, however small the pictures are.
    @Test(arguments: [16, 64, 150, 256, 512, 1024]) func labelsStandUnderTheirPictures(_ side: Int) {
        let pictures = [UInt8(90), 120, 150].map { Image(width: side, height: side, filledWith: [$0, 200, 200]) }
        let values = ["0", "0.35", "1"]
        let sheet = Image.sideBySide(pictures, name: "strength", values: values, gap: 8)
        let letters = Lettering.label(beside: side)
        #expect(letters.scale >= 2 && sheet.height == side + 8 + letters.lineHeight)
        let fits = letters.width(of: "strength 0.35") <= side
        #expect(fits == (side >= 256), "\(side)")
        // The words are those that a person reads, to the dot.
        for (index, value) in values.enumerated() {
            let word = fits ? "strength \(value)" : value
            var expected = Canvas(width: letters.width(of: word), height: 9 * letters.scale)
            expected.write(word, letters, x: 0, y: 0)
            let left = (0..<sheet.width).first { sheet[$0, 0, 0] == pictures[index].bytes[0] && sheet[$0, 0, 1] == 200 } ?? -1
            #expect(left >= 0 && left + expected.width <= sheet.width)
            guard left >= 0 else { continue }
            let image = expected.image
            let differing = (0..<image.width * image.height).count { place in
                let (y, x) = place.quotientAndRemainder(dividingBy: image.width)
                return sheet[left + x, side + 8 + y, 0] != image[x, y, 0]
            }
            #expect(differing == 0, "\(word) at \(side)")
        }
    }

    @Test func greyAndWhiteAreAsPillowMakesThem() throws {
        let expected = try Expected.load()
        for channels in [3, 4] {
            let grey = pattern(64, 64, channels, seed: UInt32(900 + channels)).grey()
            #expect(digest(grey.bytes) == expected.grey[String(channels)])
        }
        #expect(digest(pattern(40, 30, 4, seed: 914).rgb().bytes) == expected.paste["white"])
        #expect(pattern(9, 9, 3, seed: 1).rgba().rgb() == pattern(9, 9, 3, seed: 1))
    }
}

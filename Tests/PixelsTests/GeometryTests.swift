import Pixels
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

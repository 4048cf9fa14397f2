import Pixels
import TestSupport
import Testing

@Suite struct ResamplingTests {
    @Test func everySizeAndFilterEqualsPillow() throws {
        let cases = try Expected.load().resize
        #expect(cases.count > 350)
        for wanted in cases {
            let source = pattern(wanted.source.width, wanted.source.height, wanted.channels, seed: wanted.seed)
            let result = source.resized(width: wanted.target.width, height: wanted.target.height, filter: wanted.filter)
            #expect(
                digest(result.bytes) == wanted.digest, "\(wanted.source) x\(wanted.channels) to \(wanted.target), \(wanted.filter)")
        }
    }

    /// Random pictures, target sizes and filters.
    private func forRandomCases(_ count: Int, _ test: String = #function, _ body: (Image, PixelSize, ResamplingFilter) -> Void) {
        var random = SeededGenerator.announced(test)
        for _ in 0..<count {
            let source = randomImage(using: &random)
            let target = PixelSize(width: .random(in: 1...60, using: &random), height: .random(in: 1...60, using: &random))
            body(source, target, ResamplingFilter.allCases.randomElement(using: &random)!)
        }
    }

    @Test func aPictureOfOneColourKeepsIt() {
        forRandomCases(500) { source, target, filter in
            let colour = Array(source[0, 0].dropLast(source.channels == 4 ? 1 : 0)) + (source.channels == 4 ? [255] : [])
            let flat = Image(width: source.width, height: source.height, filledWith: colour)
            let result = flat.resized(width: target.width, height: target.height, filter: filter)
            let wanted = Image(width: target.width, height: target.height, filledWith: colour)
            #expect(result == wanted, "\(source.size) to \(target), \(filter)")
        }
    }

    @Test func theOwnSizeIsTheSamePicture() {
        forRandomCases(100) { source, _, filter in
            #expect(source.resized(width: source.width, height: source.height, filter: filter) == source)
        }
    }

    @Test func aMirroredPictureGivesTheMirroredResult() {
        forRandomCases(500) { source, target, filter in
            // Nearest and box decide ties to one side, so they are not symmetric.
            guard filter != .nearest && filter != .box && source.channels != 4 else { return }
            let straight = source.resized(width: target.width, height: target.height, filter: filter)
            let across = source.mirrored().resized(width: target.width, height: target.height, filter: filter).mirrored()
            let down = source.upright(from: .upsideDownMirrored).resized(width: target.width, height: target.height, filter: filter)
                .upright(from: .upsideDownMirrored)
            #expect(largestDifference(straight, across) <= 1, "\(source.size) to \(target), \(filter)")
            #expect(largestDifference(straight, down) <= 1, "\(source.size) to \(target), \(filter)")
        }
    }

    @Test func averagingFiltersStayBetweenTheLeastAndTheLargest() {
        forRandomCases(500) { source, target, filter in
            guard [.nearest, .box, .bilinear].contains(filter) && source.channels != 4 else { return }
            let result = source.resized(width: target.width, height: target.height, filter: filter)
            #expect(result.bytes.min()! >= source.bytes.min()! && result.bytes.max()! <= source.bytes.max()!)
        }
    }

    @Test func anOpaquePictureResizesAsItsColoursAlone() {
        forRandomCases(300) { source, target, filter in
            let colours = source.droppingAlpha()
            let result = colours.rgba().resized(width: target.width, height: target.height, filter: filter)
            #expect(result.droppingAlpha() == colours.resized(width: target.width, height: target.height, filter: filter))
            #expect(result.alpha()!.bytes.allSatisfy { $0 == 255 })
        }
    }

    @Test func theColourOfTransparentPixelsDoesNotBleed() {
        // Red, invisible, beside opaque blue.
        let source = Image(width: 2, height: 1, channels: 4, bytes: [255, 0, 0, 0, 0, 0, 255, 255])
        for filter in ResamplingFilter.allCases where filter != .nearest {
            let result = source.resized(width: 8, height: 3, filter: filter)
            for y in 0..<3 {
                for x in 0..<8 where result[x, y, 3] > 0 { #expect(result[x, y, 0] == 0, "\(filter)") }
            }
        }
    }

    @Test func everyChannelIsResizedAlike() {
        forRandomCases(200) { source, target, filter in
            guard source.channels == 3 else { return }
            let result = source.resized(width: target.width, height: target.height, filter: filter)
            for channel in 0..<3 {
                let plane = Image(
                    width: source.width, height: source.height, channels: 1,
                    bytes: (0..<source.width * source.height).map { source.bytes[$0 * 3 + channel] })
                let alone = plane.resized(width: target.width, height: target.height, filter: filter)
                #expect(alone.bytes == (0..<target.pixelCount).map { result.bytes[$0 * 3 + channel] })
            }
        }
    }

    @Test func theShortSideIsResizedAsCLIPDoes() {
        #expect(pattern(640, 427, 3, seed: 1).resized(shortSide: 224).size == PixelSize(width: 335, height: 224))
        #expect(pattern(30, 70, 1, seed: 1).resized(shortSide: 9).size == PixelSize(width: 9, height: 21))
    }
}

/// A picture of 1 to 40 pixels a side and 1, 3 or 4 channels.
func randomImage(channels: Int? = nil, using random: inout SeededGenerator) -> Image {
    let size = PixelSize(width: .random(in: 1...40, using: &random), height: .random(in: 1...40, using: &random))
    let channels = channels ?? [1, 3, 4].randomElement(using: &random)!
    return pattern(size.width, size.height, channels, seed: .random(in: .min ... .max, using: &random))
}

func largestDifference(_ a: Image, _ b: Image) -> Int {
    zip(a.bytes, b.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 0
}

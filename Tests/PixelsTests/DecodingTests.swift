import Foundation
import Pixels
import TestSupport
import Testing

@Suite struct DecodingTests {
    let expected: Expected

    init() throws { expected = try Expected.load() }

    @Test func everyFixtureDecodesToPillowsBytes() throws {
        #expect(expected.decode.count > 40)
        // Pillow passes gamma over; ColourTests has what becomes of it here.
        for (name, wanted) in expected.decode.sorted(by: { $0.key < $1.key }) where name != "rgb-gamma.png" {
            let decoded = try ImageFile.decode(contentsOf: picture(name))
            #expect(decoded.image.size == PixelSize(width: wanted.width, height: wanted.height), "\(name)")
            #expect(decoded.image.channels == wanted.channels, "\(name)")
            #expect(digest(decoded.image.bytes) == wanted.digest, "\(name)")
            #expect(decoded.sourceSize == decoded.image.size, "\(name)")
            #expect(decoded.format == ImageFormat(fileExtension: picture(name).pathExtension), "\(name)")
            #expect(try ImageFile.size(of: picture(name)).size == decoded.sourceSize, "\(name)")
        }
    }

    @Test func scaledDecodingIsLibjpegsAndKeepsTwiceTheTarget() throws {
        for wanted in expected.scaled {
            let decoded = try ImageFile.decode(contentsOf: picture("large.jpg"), targetShortSide: wanted.shortSide)
            #expect(decoded.image.size == wanted.size)
            #expect(digest(decoded.image.bytes) == wanted.digest, "short side \(wanted.shortSide)")
            #expect(decoded.sourceSize == PixelSize(width: 401, height: 300))
        }
        for target in [1, 5, 18, 19, 20, 37, 38, 75, 76, 149, 150, 151, 1_000] {
            let side = try ImageFile.decode(contentsOf: picture("large.jpg"), targetShortSide: target).image.size.shortSide
            #expect(side >= min(300, 2 * target), "target \(target) gave \(side)")
        }
    }

    @Test func textIsReadWhereverItStands() throws {
        let decoded = try ImageFile.decode(contentsOf: picture("text.png"))
        #expect(decoded.text == expected.text)
        #expect(try ImageFile.text(of: picture("text.png")) == expected.text)
        #expect(try ImageFile.text(of: picture("orientation-6.jpg"))["UserComment"] == "a red barn, 雪")
        #expect(try ImageFile.text(of: picture("orientation-8.jpg"))["UserComment"] == "a red barn")
        #expect(try ImageFile.text(of: picture("lossy.webp")) == [:])
    }
}

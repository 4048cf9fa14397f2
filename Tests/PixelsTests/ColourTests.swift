import Foundation
import TestSupport
import Testing

@testable import Pixels

/// A file's colour profile counts: its pixels are brought to sRGB. Expected colours are Little CMS's through Pillow, or by the formulas of sRGB.
@Suite struct ColourTests {
    private func decoded(_ name: String) throws -> Image {
        try ImageFile.decode(contentsOf: fixture("colours/\(name)", room: "Pixels")).image
    }

    @Test(
        arguments: [
            ("p3-v4.png", [215, 93, 47]), ("p3-v4.jpg", [214, 93, 46]), ("adobe.webp", [227, 100, 55]), ("grey.png", [133]),
            ("cmyk-icc.jpg", [202, 124, 84]), ("linear.png", [160, 182, 208]), ("cicp-p3.png", [81, 121, 164]),
        ] as [(String, [UInt8])])
    func profilesAreHeeded(_ name: String, _ expected: [UInt8]) throws {
        let image = try decoded(name)
        #expect(zip(image[0, 0], expected).allSatisfy { abs(Int($0) - Int($1)) <= 2 }, "\(name): \(Array(image[0, 0]))")
    }

    @Test func standardColoursStayToTheByte() throws {
        let url = fixture("colours/srgb.png", room: "Pixels")
        #expect(try decoded("srgb.png") == PNGFile.decode(FileBytes.read(url)))
        #expect(try ImageFile.unreadTexts(of: FileBytes.read(url)).isEmpty)
    }

    @Test func aBrokenProfileIsTold() throws {
        let bytes = try FileBytes.read(fixture("colours/broken.png", room: "Pixels"))
        #expect(try ImageFile.decode(bytes).image == PNGFile.decode(bytes))
        #expect(try ImageFile.unreadTexts(of: bytes).contains { $0.contains("colour profile") })
    }

    /// Alpha is carried over, grey stays grey.
    @Test func onlyColoursChange() {
        let linear = ColourProfile.primaries([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329], gamma: 1)
        let image = Image(width: 1, height: 1, channels: 4, bytes: [60, 60, 60, 77]).inStandardColours(linear).image
        #expect(image.bytes == [133, 133, 133, 77])
        #expect(Image(width: 1, height: 1, channels: 1, bytes: [60]).inStandardColours(linear).image.bytes == [133])
        let usual = ColourProfile.primaries([0.64, 0.33, 0.3, 0.6, 0.15, 0.06, 0.3127, 0.329], gamma: 0)
        let same = pattern(9, 7, 3, seed: 4)
        #expect(same.inStandardColours(usual).image == same && same.inStandardColours(.icc([1, 2, 3])).problem != nil)
    }
}

/// Masks as people have them.
@Suite struct MaskKindTests {
    private func mask(_ name: String) throws -> Mask {
        Mask(try ImageFile.decode(contentsOf: fixture("masks/\(name)", room: "Pixels")).image, isLossy: name.hasSuffix("jpg"))
    }

    @Test func ringingIsBlack() throws {
        let circle = try mask("circle-q75.jpg")
        #expect(circle[0, 0] == 0 && circle[32, 32] > 240 && !circle.values.contains { (1...16).contains($0) })
        #expect(try Set(mask("near-black.png").values) == [0, 255])
    }

    /// Where the alpha is, whatever rounding made of the colour at soft edges.
    @Test func aBrushIsReadByItsAlpha() throws {
        let image = try ImageFile.decode(contentsOf: fixture("masks/canvas-brush.png", room: "Pixels")).image
        let alpha = stride(from: 3, to: image.bytes.count, by: 4).map { image.bytes[$0] <= 6 ? 0 : image.bytes[$0] }
        #expect(Mask(image).values == alpha)
        // One spot of another colour changes nothing but itself.
        var bytes = [UInt8](repeating: 0, count: 40 * 40 * 4)
        for pixel in 0..<800 { bytes.replaceSubrange(pixel * 4..<pixel * 4 + 4, with: [250, 40, 40, 255]) }
        bytes.replaceSubrange(4..<8, with: [3, 3, 3, 255])
        #expect(Mask(Image(width: 40, height: 40, channels: 4, bytes: bytes)).touchedPixelCount == 800)
    }

    @Test func theHoleOfACutOutIsRepainted() throws {
        let image = try ImageFile.decode(contentsOf: fixture("masks/photo-with-hole.png", room: "Pixels")).image
        let holes = stride(from: 3, to: image.bytes.count, by: 4).map { 255 - image.bytes[$0] }
        #expect(Mask(image).values == holes && holes.contains(255) && holes.contains(0))
    }

    @Test func blackAndWhiteWithTransparencyCountByLuminance() {
        let bytes: [UInt8] = [255, 255, 255, 255, 0, 0, 0, 255, 255, 255, 255, 0, 255, 255, 255, 128]
        #expect(Mask(Image(width: 4, height: 1, channels: 4, bytes: bytes)).values == [255, 0, 0, 128])
    }
}

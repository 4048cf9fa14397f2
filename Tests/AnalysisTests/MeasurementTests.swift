import Analysis
import Pixels
import TestSupport
import Testing

private func tags(_ image: Image, originalSize: (width: Int, height: Int)? = nil) -> [String] {
    MeasuredTags(PictureMeasurements(image, originalSize: originalSize)).tags.map(\.name)
}

@Test(arguments: [
    ((220, 30, 30), "red tones"), ((240, 140, 30), "orange tones"), ((250, 230, 40), "yellow tones"), ((40, 160, 60), "green tones"),
    ((30, 190, 190), "turquoise tones"), ((40, 90, 220), "blue tones"), ((15, 20, 80), "navy blue tones"), ((130, 50, 180), "purple tones"),
    ((245, 150, 190), "pink tones"), ((110, 65, 30), "brown tones"), ((225, 205, 170), "beige tones"),
])
func plainColoursHaveTheirEverydayNames(colour: (Int, Int, Int), name: String) {
    // Not one colour alone, which could as well be a tinted photograph.
    let image = painted { x, _ in x < 0.8 ? colour : (90, 100, 140) }
    #expect(tags(image).contains(name), "\(tags(image))")
}

@Test func greyPicturesAreBlackAndWhite() {
    let ramp = painted { x, _ in (Int(x * 255), Int(x * 255), Int(x * 255)) }
    #expect(tags(ramp).contains("black and white"))
    #expect(!tags(ramp).contains { $0.hasSuffix(" tones") })
    let brown = painted { x, y in (Int(40 + (x + y) * 95), Int(30 + (x + y) * 80), Int(20 + (x + y) * 60)) }
    #expect(tags(brown).contains("sepia") && !tags(brown).contains("black and white"), "\(tags(brown))")
}

@Test func orientationFollowsTheOriginal() {
    let image = grey(100)
    #expect(tags(image).contains("landscape orientation"))
    #expect(tags(image, originalSize: (3024, 4032)).contains("portrait orientation"))
    #expect(tags(image, originalSize: (1000, 1010)).contains("square format"))
    #expect(tags(image, originalSize: (3000, 900)).contains("panoramic format"))
    #expect(tags(image, originalSize: (500, 1500)).contains("panoramic format"))
}

@Test func lightIsMeasured() {
    #expect(tags(grey(20)).contains("dark"))
    #expect(tags(grey(250)).contains("bright"))
    #expect(tags(painted { x, _ in x < 0.5 ? (0, 0, 0) : (255, 255, 255) }).contains("high contrast"))
    #expect(tags(grey(120)).contains("low contrast"))
    #expect(tags(grey(5)).contains("low key") && tags(grey(250)).contains("high key"))
}

@Test func aPlainBackgroundIsSeen() {
    let object = painted { x, y in abs(x - 0.5) < 0.25 && abs(y - 0.5) < 0.25 ? (Int(x * 255), Int(y * 255), 30) : (240, 240, 235) }
    #expect(tags(object).contains("plain background"))
    let busy = painted { x, y in (Int(x * 255), Int(y * 255), Int((1 - x) * 255)) }
    #expect(!tags(busy).contains("plain background"))
}

@Test func confidencesAreProbabilitiesWhateverThePicture() {
    var random = SeededGenerator.announced()
    for _ in 0..<60 {
        let (width, height) = (Int.random(in: 1...70, using: &random), Int.random(in: 1...70, using: &random))
        let channels = [1, 3, 4].randomElement(using: &random)!
        let bytes = (0..<(width * height * channels)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let measured = PictureMeasurements(Image(width: width, height: height, channels: channels, bytes: bytes))
        #expect(abs(measured.colours.reduce(0) { $0 + $1.share } - 1) < 1e-4)
        for tag in MeasuredTags(measured).tags {
            #expect((0...1).contains(tag.confidence), "\(tag)")
        }
    }
}

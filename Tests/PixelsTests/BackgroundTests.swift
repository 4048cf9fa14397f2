import Pixels
import TestSupport
import Testing

@Suite struct BackgroundTests {
    @Test func coloursAreReadAsPeopleWriteThem() {
        let cases: [(String, Background?)] = [
            ("white", .white), ("White", .white), ("#fff", .white), ("#FFFFFF", .white), ("keep", .kept),
            ("black", .colour(red: 0, green: 0, blue: 0)), ("#f80", .colour(red: 255, green: 136, blue: 0)),
            ("#12ab9f", .colour(red: 0x12, green: 0xAB, blue: 0x9F)),
            ("", nil), ("#", nil), ("#12", nil), ("#12345", nil), ("#12g", nil), ("fff", nil), ("#１２３", nil), ("plaid", nil),
        ]
        for (text, expected) in cases { #expect(Background(text) == expected, "\(text)") }
        #expect(Background("#12ab9f")?.description == "#12ab9f" && Background.kept.description == "keep")
    }

    @Test func aColourIsLaidUnderWhatIsTransparent() {
        let picture = Image(width: 3, height: 1, channels: 4, bytes: [200, 100, 0, 0, 200, 100, 0, 255, 200, 100, 0, 128])
        let laid = picture.laid(over: .colour(red: 0, green: 0, blue: 255))
        #expect(laid.channels == 3 && laid.bytes[..<6] == [0, 0, 255, 200, 100, 0])
        #expect(picture.laid(over: .kept) == picture)
        #expect(laid.laid(over: .white) == laid)
    }

    /// What lay over white and is lifted off again has the colours it had, as far as eight bits tell.
    @Test func liftingOffWhiteIsTheWayBack() {
        var generator = SeededGenerator.announced()
        for _ in 0..<200 {
            let own = (0..<3).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let alpha = UInt8.random(in: 1...255, using: &generator)
            let picture = Image(width: 1, height: 1, channels: 4, bytes: own + [alpha])
            let back = picture.rgb().liftedOffWhite(alpha: Image(width: 1, height: 1, channels: 1, bytes: [alpha]))
            let allowed = 255 / Double(alpha) + 1
            for i in 0..<3 { #expect(abs(Double(back.bytes[i]) - Double(own[i])) <= allowed, "\(own) \(alpha) \(back.bytes)") }
            #expect(back.bytes[3] == alpha)
        }
    }
}

import TestSupport
import Testing

@testable import Pixels

struct DeflationTests {
    @Test func whatIsPackedIsUnpackedAgain() throws {
        var random = SeededGenerator.announced()
        for count in [0, 1, 100, 65_537, 300_000] {
            // Half of it repeats, half of it does not.
            let bytes = (0..<count).map { index in index % 2 == 0 ? UInt8(index / 2 % 7) : UInt8.random(in: 0...255, using: &random) }
            let packed = try #require(Deflation.gzip(bytes))
            #expect(packed.starts(with: [0x1f, 0x8b]))
            #expect(Inflation.unpacked(packed[...], atMost: max(count, 1)) == .whole(bytes), "\(count) bytes")
        }
    }

    @Test func textsBecomeSmaller() throws {
        let text = Array(String(repeating: "the page is made of words that come again and again; ", count: 1000).utf8)
        #expect(try #require(Deflation.gzip(text)).count < text.count / 50)
    }
}

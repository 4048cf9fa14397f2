import Pixels
import TestSupport
import Testing

@Suite struct ResamplingTests {
    @Test func everySizeAndFilterEqualsPillow() throws {
        let cases = try Expected.load().resize
        #expect(cases.count > 250)
        for wanted in cases {
            let source = pattern(wanted.source.width, wanted.source.height, wanted.channels, seed: wanted.seed)
            let result = source.resized(width: wanted.target.width, height: wanted.target.height, filter: wanted.filter)
            #expect(
                digest(result.bytes) == wanted.digest, "\(wanted.source) x\(wanted.channels) to \(wanted.target), \(wanted.filter)")
        }
    }
}

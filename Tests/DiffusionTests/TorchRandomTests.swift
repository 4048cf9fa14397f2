import Testing

@testable import Diffusion

@Suite struct TorchRandomTests {
    struct Case: Decodable {
        struct Draw: Decodable {
            let count: Int
            let hash: String
            let first: [UInt32]
        }
        let seed: UInt64
        let draws: [Draw]
        let uniforms: String
    }

    /// Every bit of draws of many lengths, one after the other on one generator, as torch 2.15 makes them with AVX2.
    @Test func drawsAreTorchsOwn() throws {
        let cases: [Case] = try json("random.json")
        #expect(cases.count == 5)
        for one in cases {
            var random = TorchRandom(seed: one.seed)
            for draw in one.draws {
                let values = random.normals(draw.count)
                #expect(values.prefix(4).map(\.bitPattern) == draw.first, "seed \(one.seed), \(draw.count) values")
                #expect(hash(values) == draw.hash, "seed \(one.seed), \(draw.count) values")
            }
            #expect(hash(random.uniforms(1000)) == one.uniforms)
        }
    }

    @Test func onlyTheSeedsLowHalfCounts() {
        var one = TorchRandom(seed: 5)
        var other = TorchRandom(seed: 5 + 3 << 32)
        #expect(one.normals(40) == other.normals(40))
    }

    @Test func momentsAreNormal() {
        var random = TorchRandom(seed: 99)
        let values = random.normals(100_000).map(Double.init)
        let mean = values.reduce(0, +) / Double(values.count)
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
        #expect(abs(mean) < 0.02 && abs(variance - 1) < 0.02)
    }
}

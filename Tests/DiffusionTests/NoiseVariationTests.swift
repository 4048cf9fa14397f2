import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Noise between that of two seeds.
@Suite struct NoiseVariationTests {
    struct Goldens: Decodable {
        struct Case: Decodable {
            let seed: UInt64
            let other: UInt64
            let share: Float
            let values: [Float]
        }

        let shape: [Int]
        let cases: [Case]
    }

    /// Within 2e-6 of the web UI's, whose angle is torch's: the last digit of an arc cosine differs from library to library.
    @Test func noiseIsMixedAsTheWebUIMixesIt() throws {
        let goldens: Goldens = try json("variation.json")
        #expect(goldens.cases.count == 5)
        let (channels, height, width) = (goldens.shape[0], goldens.shape[1], goldens.shape[2])
        func noise(_ seed: UInt64) -> Tensor {
            var random = TorchRandom(seed: seed)
            return Tensor(random.normals(channels * height * width), shape: [1, channels, height, width]).permuted([0, 2, 3, 1])
        }
        for one in goldens.cases {
            let made = noise(one.seed).turned(toward: noise(one.other), by: one.share).permuted([0, 3, 1, 2]).values
            let difference = zip(made, one.values).map { abs($0 - $1) }.max() ?? .infinity
            #expect(made.count == one.values.count && difference < 2e-6, "\(one.seed) \(one.other) \(one.share): \(difference)")
        }
    }

    /// None of the way is the seed's picture, all of it the other's, and a little of it is nearer to the first.
    @Test func aPictureGoesFromOneSeedToTheOther() throws {
        let loops = try PipelineTests()
        let pipeline = try loops.pipeline()
        func latent(_ seed: UInt64, _ strength: Double?) throws -> [Float] {
            var request = loops.request(.paint)
            (request.steps, request.seed, request.variationSeed, request.variationStrength) = (3, seed, 8, strength)
            return try pipeline.lastLatent(request).values
        }
        func distance(_ one: [Float], _ other: [Float]) -> Float { zip(one, other).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } }
        let (first, second, none) = (try latent(7, nil), try latent(8, nil), try latent(7, 0))
        #expect(distance(first, none) < 1e-6 * distance(first, second))
        #expect(distance(second, try latent(7, 1)) < 1e-6 * distance(first, second))
        let little = try latent(7, 0.1)
        #expect(little != first && distance(little, first) < distance(little, second) / 4)
    }

    @Test func whatIsNoVariationIsRefused() {
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        (request.variationStrength, request.variationSeed, request.count) = (0.1, 3, 2)
        #expect(throws: GenerationRequestError.variations(2)) { try request.validate() }
        (request.count, request.profile) = (1, .diffusers)
        #expect(throws: GenerationRequestError.onlyRedraw(name: "a variation", profile: "diffusers")) { try request.validate() }
        (request.profile, request.variationStrength) = (.a1111, 1.1)
        #expect(throws: GenerationRequestError.self) { try request.validate() }
        request.variationStrength = 1
        #expect(throws: Never.self) { try request.validate() }
    }
}

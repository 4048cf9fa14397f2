import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Pixels that share another's place in a map's look at itself.
@Suite struct TokenMergingTests {
    private func map(_ height: Int, _ width: Int, _ generator: inout SeededGenerator) -> Tensor {
        Tensor(generator.floats(2 * height * width * 6), shape: [2, height * width, 6])
    }

    /// By the definition: of each square one stays, the others most like one that stays are merged into it, and a place is the mean of its
    /// tokens; every token then gets its place's value.
    @Test func mergesAreAsDefined() throws {
        var generator = SeededGenerator.announced()
        for (height, width, share) in [(48, 44, 0.5), (47, 45, 0.3), (64, 40, 0.75), (50, 50, 0.01)] {
            let x = map(height, width, &generator)
            let merging = try #require(TokenMerging(x, height: height, width: width, share: share))
            let all = height * width
            #expect(merging.count == all - min(all - (height + 1) / 2 * ((width + 1) / 2), Int(share * Double(all))))
            let spread = merging.spread(merging.merged(x))
            #expect(spread.shape == x.shape)
            let (values, spreadValues) = (x.values, spread.values)
            for picture in 0..<2 {
                let tokens = (0..<all).map { token in Array(values[((picture * all + token) * 6)..<((picture * all + token + 1) * 6)]) }
                let expected = Self.spread(tokens, width: width, merged: all - merging.count)
                let given = Array(spreadValues[(picture * all * 6)..<((picture + 1) * all * 6)])
                // Of two that are as good as equally like, rounding may choose the other: that moves a few tokens.
                let others = (0..<all).count { token in (0..<6).contains { abs(given[token * 6 + $0] - expected[token][$0]) > 1e-5 } }
                #expect(others < all / 100, "\(height) \(width) \(share)")
            }
        }
    }

    private static func spread(_ tokens: [[Float]], width: Int, merged: Int) -> [[Float]] {
        func cosine(_ a: [Float], _ b: [Float]) -> Float {
            let (dot, x, y) = zip(a, b).reduce(into: (Float(0), Float(0), Float(0))) {
                $0.0 += $1.0 * $1.1
                $0.1 += $1.0 * $1.0
                $0.2 += $1.1 * $1.1
            }
            return dot / (x * y).squareRoot()
        }
        let stays = tokens.indices.filter { $0 / width % 2 == 0 && $0 % width % 2 == 0 }
        let others = tokens.indices.filter { !($0 / width % 2 == 0 && $0 % width % 2 == 0) }
        let nearest = others.map { other in
            stays.map { (cosine(tokens[other], tokens[$0]), $0) }.max { $0.0 < $1.0 }!
        }
        var members = Dictionary(uniqueKeysWithValues: tokens.indices.map { ($0, [$0]) })
        for index in others.indices.sorted(by: { nearest[$0].0 > nearest[$1].0 }).prefix(merged) {
            members[nearest[index].1]!.append(others[index])
            members[others[index]] = nil
        }
        var result = tokens
        for group in members.values {
            let mean = (0..<tokens[0].count).map { channel in group.reduce(0) { $0 + tokens[$1][channel] } / Float(group.count) }
            for token in group { result[token] = mean }
        }
        return result
    }

    @Test func smallMapsAndNoShareMergeNothing() {
        var generator = SeededGenerator.announced()
        #expect(TokenMerging(map(32, 32, &generator), height: 32, width: 32, share: 0.5) == nil)
        #expect(TokenMerging(map(64, 64, &generator), height: 64, width: 64, share: 0) == nil)
    }

    /// A flat map looks the same to all its pixels: merging changes nothing but rounding. One that is not, it changes.
    @Test func aNetworkThatMerges() throws {
        let network = try PipelineTests().pipeline()
        let context = TextContext(states: .filled(0.3, [1, 7, network.family.textWidth]), mask: .none)
        let shape: Shape = [1, 64, 64, network.family.latentChannels]
        func answer(_ latent: Tensor, _ share: Double) throws -> Tensor {
            try network.denoiser.predict(latent, at: 300, context, Extras(mergedShare: share)) {}
        }
        var generator = SeededGenerator.announced()
        let latent = Tensor(generator.floats(shape.count), shape: shape)
        #expect(try answer(latent, 0) == answer(latent, 0))
        let (plain, merged) = (try answer(latent, 0), try answer(latent, 0.5))
        #expect(plain != merged)
        let error = (plain - merged).values.reduce(0) { $0 + $1 * $1 } / plain.values.reduce(0) { $0 + $1 * $1 }
        #expect(error < 0.25, "\(error)")
    }

    /// The plan's time knows of it, where there is a map large enough.
    @Test func thePlanIsTheShorter() throws {
        let family = try PipelineTests().pipeline().family
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        func work(_ side: Int, _ share: Double?) -> Double {
            request.mergeTokens = share
            return family.workload(PixelSize(width: side, height: side), request).pass
        }
        #expect(work(512, 0.5) < work(512, 0.25) && work(512, 0.25) < work(512, nil))
        #expect(work(64, 0.5) == work(64, nil))
    }

    @Test(arguments: [-0.1, 0.76, .nan]) func onlySoManyMayBeMerged(share: Double) {
        var request = GenerationRequest(mode: .paint, prompt: "a cat")
        request.mergeTokens = share
        #expect(throws: GenerationRequestError.self) { try request.validate() }
        (request.mergeTokens, request.profile) = (0.5, .a1111)
        #expect(throws: GenerationRequestError.onlyRedraw(name: "merging tokens", profile: "a1111")) { try request.validate() }
    }
}

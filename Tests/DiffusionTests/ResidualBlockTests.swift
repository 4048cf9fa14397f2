import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct ResidualBlockTests {
    /// The map that passes by the convolutions is most of what comes out. Rounded to bytes, it made most of the error of a network in int8.
    @Test func whatPassesByIsNotRoundedToBytes() throws {
        let (input, output) = (64, 32)
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("block.safetensors")
        // Convolutions of nothing, so that what passes by is all there is.
        try SafetensorsFile.write(
            tensors: [
                ("norm1.weight", .filled(1, [input])), ("norm1.bias", .filled(0, [input])),
                ("conv1.weight", .filled(0, [output, input, 3, 3])), ("conv1.bias", .filled(0, [output])),
                ("norm2.weight", .filled(1, [output])), ("norm2.bias", .filled(0, [output])),
                ("conv2.weight", .filled(0, [output, output, 3, 3])), ("conv2.bias", .filled(0, [output])),
                ("conv_shortcut.weight", Families.values("shortcut", [output, input, 1, 1])), ("conv_shortcut.bias", .filled(0, [output])),
            ], to: file)
        let map = Families.values("map", [1, 8, 8, input])
        let answers = try [Arithmetic.f32, .bf16, .int8].map { arithmetic in
            let weights = try Weights(url: file).held(WeightHolding(inHalves: arithmetic != .f32, arithmetic: arithmetic))
            let block = try ResidualBlock(weights, input: input, output: output, timeWidth: nil, groups: 8, epsilon: 1e-5)
            return block(map).values
        }
        #expect(answers[0].contains { abs($0) > 0.01 })
        #expect(answers[1] == answers[2])
    }
}

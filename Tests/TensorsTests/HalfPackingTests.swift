import CKernels
import TestSupport
import Testing

@testable import Tensors

/// Weights that are packed out of the halves of a file are those that are packed of the same numbers as floats, byte for byte.
@Suite struct HalfPackingTests {
    /// Any finite numbers: the smallest, zeros of both signs, and what has no exponent among them.
    private func halves(_ count: Int, _ format: HalfFormat, _ generator: inout SeededGenerator) -> [UInt16] {
        let exponent: UInt16 = format == .f16 ? 0x7C00 : 0x7F80
        return (0..<count).map { _ in
            let bits = UInt16.random(in: 0...UInt16.max, using: &generator)
            return bits & exponent == exponent ? bits & ~exponent : bits
        }
    }

    private func floats(_ halves: [UInt16], _ format: HalfFormat) -> [Float] {
        var floats = [Float](repeating: 0, count: halves.count)
        halves.withUnsafeBytes { format.read($0.baseAddress!, to: &floats, count: halves.count) }
        return floats
    }

    @Test(arguments: [HalfFormat.f16, .bf16]) func pairsAreThoseOfFloats(_ format: HalfFormat) {
        var generator = SeededGenerator.announced()
        for round in 0..<80 {
            // One column, full and half panels and what is left over of them; one tap, the nine of a convolution, and more than there is room for.
            let outputs = round % 5 == 0 ? 1 : Int.random(in: 1...100, using: &generator)
            let taps = [1, 9, 1, 4, 20][round % 5]
            let depth = round % 7 == 0 ? 1 : Int.random(in: 1...140, using: &generator)
            let weight = halves(outputs * taps * depth, format, &generator)
            let values = floats(weight, format)
            let panels = (outputs + 31) / 32
            let words = panels * 32 * taps * ((depth + 1) / 2)
            for level in runnableLevels {
                var expected = [UInt32](repeating: 1, count: words)
                var packed = [UInt32](repeating: 2, count: words)
                rd_pack_pairs(values, outputs, taps, depth, taps * depth, 1, taps, 0, panels, &expected, level)
                rd_pack_half_pairs(weight, format.code, outputs, taps, depth, 0, panels, &packed, level)
                #expect(packed == expected, "\(outputs)x\(taps)x\(depth), level \(level)")
            }
        }
    }

    @Test func bytesAreTheSameAtEachLevelOfAKind() {
        var generator = SeededGenerator.announced()
        for _ in 0..<40 {
            let (outputs, depth) = (Int.random(in: 1...70, using: &generator), Int.random(in: 1...700, using: &generator))
            let weight = generator.floats(outputs * depth)
            let panels = (outputs + 31) / 32
            func packed(at level: rd_level) -> [UInt32] {
                var words = [UInt32](repeating: .max, count: panels * 32 * ((depth + 3) / 4))
                var scales = [Float](repeating: .nan, count: panels * 32)
                var offsets = [Int32](repeating: .max, count: panels * 32)
                rd_pack_quads(weight, outputs, depth, 0, panels, &words, &scales, &offsets, level)
                return words + scales.map(\.bitPattern) + offsets.map { UInt32(bitPattern: $0) }
            }
            for levels in Dictionary(grouping: runnableLevels, by: { rd_quads_are_narrow($0) }).values {
                let first = packed(at: levels[0])
                #expect(levels.allSatisfy { packed(at: $0) == first }, "\(outputs)x\(depth)")
            }
        }
    }

    @Test(arguments: [HalfFormat.f16, .bf16]) func infinitiesAreSeenAtEachPlace(_ format: HalfFormat) {
        var generator = SeededGenerator.announced()
        for _ in 0..<60 {
            var weight = halves(Int.random(in: 1...300, using: &generator), format, &generator)
            let place = Int.random(in: 0..<weight.count, using: &generator)
            let bad: UInt16 = (format == .f16 ? 0x7C00 : 0x7F80) | (Bool.random(using: &generator) ? 0x8001 : 0)
            for level in runnableLevels {
                let before = rd_halves_are_finite(weight, weight.count, format.code, level)
                #expect(before == 1)
            }
            weight[place] = bad
            for level in runnableLevels {
                let after = rd_halves_are_finite(weight, weight.count, format.code, level)
                #expect(after == 0, "place \(place) of \(weight.count), level \(level)")
            }
        }
    }

    /// Numbers that a test gives, kept alive.
    private final class Owner: Sendable {
        nonisolated(unsafe) let start: UnsafeMutablePointer<UInt16>

        init(_ values: [UInt16]) {
            start = .allocate(capacity: values.count)
            start.initialize(from: values, count: values.count)
        }

        deinit { start.deallocate() }
    }

    @Test(arguments: [WeightFormat.f32, .halves(.f16), .halves(.bf16), .bf16, .int8])
    func layersAreThoseOfFloats(_ format: WeightFormat) {
        var generator = SeededGenerator.announced()
        for round in 0..<30 {
            let (outputs, inputs) = (Int.random(in: 1...100, using: &generator), Int.random(in: 1...90, using: &generator))
            let stored: HalfFormat = round % 2 == 0 ? .f16 : .bf16
            let side = round % 3 == 0 ? 3 : 1
            let shape: Shape = [outputs, inputs, side, side]
            let numbers = generator.floats(shape.count).map { Float16($0) }
            let bits = numbers.map { stored == .f16 ? $0.bitPattern : UInt16(Float($0).bitPattern >> 16) }
            let owner = Owner(bits)
            let weight = HalfWeight(shape: shape, format: stored, borrowing: owner.start, owner: owner)
            #expect(weight.tensor.values == floats(bits, stored))
            #expect(weight.isFinite)
            let map = Tensor(generator.floats(81 * inputs), shape: [1, 9, 9, inputs])
            let convolutions = [
                PackedConvolution(weight, groups: 1, format: format, keepsTransform: true),
                PackedConvolution(weight.tensor, format: format),
            ].map { convolution(map, $0, padding: Padding(side / 2)) }
            #expect(convolutions[0] == convolutions[1], "\(outputs)x\(inputs)")
            guard side == 1 else { continue }
            let products = [PackedMatrix(weight, format: format), PackedMatrix(weight.tensor, format: format)].map { matmul(map, $0) }
            #expect(products[0] == products[1], "\(outputs)x\(inputs)")
        }
    }
}

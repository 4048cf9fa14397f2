import CKernels
import TestSupport
import Testing

@testable import Tensors

/// The ways to a 3x3 convolution, and which one is taken.
@Suite struct ConvolutionWayTests {
    /// Maps of a single tile and of many, edges cut in every way, weights that are kept, transformed as a whole and a panel at a time.
    private func given(
        _ round: Int, _ generator: inout SeededGenerator
    ) -> (x: Tensor, weight: Tensor, bias: Tensor, padding: Padding) {
        let inputs = Int.random(in: 16...70, using: &generator)
        let outputs = Int.random(in: 16...(round % 3 == 0 ? 130 : 40), using: &generator)
        let most = [4, 9, 30][round % 3]
        let (height, width) = (Int.random(in: 3...most, using: &generator), Int.random(in: 3...most, using: &generator))
        let padding = Padding(
            top: Int.random(in: 0...1, using: &generator), left: Int.random(in: 0...1, using: &generator),
            bottom: Int.random(in: 0...1, using: &generator), right: Int.random(in: 0...1, using: &generator))
        return (
            Tensor(generator.floats(2 * height * width * inputs), shape: [2, height, width, inputs]),
            Tensor(generator.floats(outputs * inputs * 9), shape: [outputs, inputs, 3, 3]),
            Tensor(generator.floats(outputs), shape: [outputs]), padding
        )
    }

    /// The largest of many sums of so many products of numbers that are evenly spread from -1 to 1: four times their root mean square.
    private func magnitude(_ inputs: Int) -> Float { 4 * Float(inputs).squareRoot() }

    @Test func eachWayInSinglePrecisionComesToTheSame() {
        var generator = SeededGenerator.announced()
        for round in 0..<36 {
            let (x, weight, bias, padding) = given(round, &generator)
            let packed = PackedConvolution(weight, keepsTransform: round % 2 == 0)
            let direct = convolution(x, packed, bias: bias, padding: padding, activation: .silu, by: .direct)
            for way in packed.ways() {
                // The second call takes what the first has kept.
                for _ in 0..<2 {
                    let made = convolution(x, packed, bias: bias, padding: padding, activation: .silu, by: way)
                    let error = Agreement(made.values, direct.values).absolute / magnitude(packed.inputs)
                    #expect(error <= 1e-5, "\(way): \(x.shape) by \(weight.shape), \(padding)")
                }
            }
            let ways: [ConvolutionWay] = Processor.level > rd_level_plain ? [.direct, .winograd4] : [.direct]
            #expect(packed.ways() == ways && packed.ways(stride: 2) == [.direct])
        }
    }

    /// By the instructions that this processor has, whether they are quick or not. Errors as in the tests of bfloat16's operations.
    @Test func eachWayInBfloatsComesNearSinglePrecision() {
        var generator = SeededGenerator.announced()
        for round in 0..<24 {
            let (x, weight, bias, padding) = given(round, &generator)
            let packed = PackedConvolution(inPairs: weight)
            let floats = convolution(x, PackedConvolution(weight), bias: bias, padding: padding, by: .direct)
            #expect(packed.ways() == [.direct, .winograd2] && packed.ways(stride: 2) == [.direct])
            for way in packed.ways() {
                let made = convolution(x, packed, bias: bias, padding: padding, by: way)
                var (difference, expected): (Float, Float) = (0, 0)
                for (left, right) in zip(made.values, floats.values) {
                    difference += (left - right) * (left - right)
                    expected += right * right
                }
                #expect(made.shape == floats.shape && (difference / expected).squareRoot() < 0.01, "\(way): \(x.shape) by \(weight.shape)")
            }
        }
    }

    /// Without a name, it is the way that is taken, to the last bit; and a layer that has no other is direct.
    @Test func theWayThatIsTakenIsOneOfThem() {
        var generator = SeededGenerator.announced()
        for round in 0..<12 {
            let (x, weight, _, padding) = given(round, &generator)
            let packed = PackedConvolution(weight)
            let made = convolution(x, packed, padding: padding)
            let shape = ConvolutionShape(
                inputs: packed.inputs, outputs: packed.outputs, batch: 2, height: made.shape[1], width: made.shape[2])
            let taken = ConvolutionWay.taken(for: shape, in: .f32)
            #expect(made == convolution(x, packed, padding: padding, by: packed.ways().contains(taken) ? taken : .direct))
        }
        for shape: Shape in [[15, 64, 3, 3], [64, 15, 3, 3], [64, 64, 1, 1], [64, 64, 5, 5]] {
            #expect(PackedConvolution(.zeros(shape)).ways() == [.direct], "\(shape)")
        }
        #expect(PackedConvolution(.zeros([64, 1, 3, 3]), groups: 64).ways() == [.direct])
    }

    private func square(_ channels: Int, batch: Int = 1, _ height: Int, _ width: Int) -> ConvolutionShape {
        ConvolutionShape(inputs: channels, outputs: channels, batch: batch, height: height, width: width)
    }

    /// Winograd's from 16 tiles and 16 channels on.
    @Test func aKindThatWasNotMeasuredGoesByTheRule() {
        for level in ProcessorKind.Level.allCases {
            func taken(_ shape: ConvolutionShape, _ arithmetic: Arithmetic) -> ConvolutionWay {
                ConvolutionWay.taken(for: shape, in: arithmetic, on: ProcessorKind(.other, level))
            }
            #expect(taken(square(64, 16, 13), .f32) == .winograd4 && taken(square(64, 12, 20), .f32) == .direct)
            #expect(taken(square(64, batch: 2, 8, 13), .f32) == .winograd4 && taken(square(64, batch: 2, 8, 12), .f32) == .direct)
            for arithmetic in [Arithmetic.bf16, .int8] {
                #expect(taken(square(64, 8, 7), arithmetic) == .winograd2 && taken(square(64, 6, 10), arithmetic) == .direct)
            }
            for arithmetic in Arithmetic.allCases {
                #expect(taken(square(15, 64, 64), arithmetic) == .direct && taken(square(16, 64, 64), arithmetic) != .direct)
            }
        }
    }

    @Test func theNearestMeasuredShapeIsTaken() {
        func row(_ channels: Int, tiles: Int, direct: Double) -> ConvolutionTimes {
            ConvolutionTimes(.init(.amd, .avx2), .f32, inputs: channels, outputs: channels, tiles: tiles, direct: direct, winograd4: 5)
        }
        let rows = [row(64, tiles: 16, direct: 1), row(64, tiles: 1024, direct: 9), row(1024, tiles: 16, direct: 3)]
        #expect(rows.map(\.quickest) == [.direct, .winograd4, .direct])
        #expect(rows[1][.direct] == 9 && rows[1][.winograd4] == 5 && rows[1][.winograd2] == nil)
        // Tiles of 4 by 4 in a line. Half way between 16 and 1024 tiles are 128 of them, between 64 and 1024 channels 256.
        for (channels, tiles, nearest) in [
            (64, 16, 0), (64, 120, 0), (64, 136, 1), (64, 1_048_576, 1), (250, 16, 0), (260, 16, 2), (4096, 1, 2), (16, 1, 0),
            (300, 600, 1),
        ] {
            let found = ConvolutionTimes.nearest(to: square(channels, 4, 4 * tiles), of: rows)
            #expect(found?.inputs == rows[nearest].inputs && found?.tiles == rows[nearest].tiles, "\(channels) \(tiles)")
        }
        #expect(ConvolutionTimes.nearest(to: square(64, 64, 64), of: []) == nil)
    }

    /// A row a shape, of processors that are known and of ways that there are; each shape that was measured takes its own row's way.
    @Test func theTableIsSound() {
        var seen: Set<String> = []
        for row in ConvolutionTimes.rows {
            let what = "\(row.kind) \(row.arithmetic) \(row.inputs) \(row.outputs) \(row.tiles)"
            let isNew = seen.insert(what).inserted
            #expect(isNew, "\(what)")
            #expect(row.kind.maker != .other && row.kind.level != .plain && min(row.inputs, row.outputs) >= 16 && row.tiles > 0, "\(what)")
            let fast: ConvolutionWay = row.arithmetic == .f32 ? .winograd4 : .winograd2
            for way in ConvolutionWay.allCases {
                let time = row[way]
                #expect(way == .direct || way == fast ? (time ?? 0) > 0 : time == nil, "\(what)")
            }
            #expect(row.arithmetic == .f32 || row.arithmetic == .bf16 && row.kind.hasBfloats, "\(what)")
            let shape = ConvolutionShape(inputs: row.inputs, outputs: row.outputs, batch: 1, height: 4, width: 4 * row.tiles)
            #expect(ConvolutionWay.taken(for: shape, in: row.arithmetic, on: row.kind) == row.quickest, "\(what)")
        }
    }

    @Test func noShapeIsTooOdd() {
        let others: [ProcessorKind] = [.here, ProcessorKind(.other, .avx2)]
        let kinds = Set(ConvolutionTimes.rows.map(\.kind) + others)
        let sizes = [Int.min, -1, 0, 1, 16, .max]
        for kind in kinds {
            for arithmetic in Arithmetic.allCases {
                for channels in sizes {
                    for side in sizes {
                        let shape = ConvolutionShape(inputs: channels, outputs: .max, batch: side, height: side, width: side)
                        let way = ConvolutionWay.taken(for: shape, in: arithmetic, on: kind)
                        #expect(channels >= 16 || way == .direct)
                        #expect(arithmetic == .f32 ? way != .winograd2 : way != .winograd4)
                    }
                }
            }
        }
    }

    /// Where the fast algorithm is taken for a map of a few tiles, its weights are not kept, and a large map later finds them as they were.
    @Test func aSmallMapKeepsNothing() {
        var generator = SeededGenerator.announced()
        let weight = Tensor(generator.floats(32 * 32 * 9), shape: [32, 32, 3, 3])
        let (small, large) = (PackedConvolution(weight), PackedConvolution(weight))
        guard small.ways().contains(.winograd4) else { return }
        let (few, many) = (
            Tensor(generator.floats(64 * 32), shape: [1, 8, 8, 32]), Tensor(generator.floats(576 * 32), shape: [1, 24, 24, 32])
        )
        let first = convolution(few, small, padding: 1, by: .winograd4)
        #expect(convolution(many, small, padding: 1, by: .winograd4) == convolution(many, large, padding: 1, by: .winograd4))
        #expect(convolution(few, small, padding: 1, by: .winograd4) == first)
        #expect(convolution(few, large, padding: 1, by: .winograd4) == first)
    }
}

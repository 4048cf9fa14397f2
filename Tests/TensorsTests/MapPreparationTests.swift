import TestSupport
import Testing

@testable import Tensors

/// Convolutions that prepare their map in bands: to the last bit what they make of the prepared map as a whole.
@Suite struct MapPreparationTests {
    /// Format, batch, height, width, channels, outputs. All of them are large enough for bands, with odd ends.
    static let maps: [(WeightFormat, Int, Int, Int, Int, Int)] = [
        (.bf16, 1, 97, 99, 128, 40), (.bf16, 2, 140, 133, 70, 33), (.bf16, 1, 9, 2101, 64, 32), (.bf16, 1, 2050, 7, 66, 17),
        (.f32, 1, 301, 297, 100, 32), (.f32, 2, 190, 181, 256, 20),
    ]

    private struct Given {
        let x: Tensor
        let weight: PackedConvolution
        let bias: Tensor
        let residual: Tensor
        let scales: [ChannelScale]
    }

    private func given(_ index: Int, doubled: Bool, _ generator: inout SeededGenerator) -> Given {
        let (format, batch, height, width, channels, outputs) = Self.maps[index]
        let (from, to) = doubled ? ((height / 2, width / 2), (height / 2 * 2, width / 2 * 2)) : ((height, width), (height, width))
        // Few different values: the map is large, and so is the time that drawing it takes.
        let drawn = generator.floats(4099)
        let x = Tensor(shape: [batch, from.0, from.1, channels]) { target in
            for place in target.indices { target[place] = drawn[place % drawn.count] }
        }
        let gamma = Tensor(generator.floats(channels), shape: [channels])
        return Given(
            x: x,
            weight: PackedConvolution(Tensor(generator.floats(outputs * channels * 9), shape: [outputs, channels, 3, 3]), format: format),
            bias: Tensor(generator.floats(outputs), shape: [outputs]),
            residual: Tensor(shape: [batch, to.0, to.1, outputs]) { target in
                for place in target.indices { target[place] = drawn[(place * 3 + 1) % drawn.count] }
            },
            scales: groupScales(x, groups: 1, weight: gamma, bias: nil))
    }

    @Test(arguments: maps.indices) func bandsOfANormalisedMapAreThoseOfTheWhole(_ index: Int) {
        var generator = SeededGenerator.announced()
        let one = given(index, doubled: false, &generator)
        let preparation = MapPreparation.scaled(one.scales, .silu)
        // Where the processor has no bfloat16, such weights are held as halves and multiplied as floats.
        if Self.maps[index].0 == .f32 || Arithmetic.bf16.isNative { #expect(takesBands(one, preparation)) }
        let whole = preparation.whole(one.x)
        for way in one.weight.ways() {
            let banded = convolution(
                one.x, one.weight, bias: one.bias, padding: 1, adding: one.residual, prepared: preparation, by: way)
            #expect(banded == convolution(whole, one.weight, bias: one.bias, padding: 1, adding: one.residual, by: way), "\(way)")
        }
    }

    @Test(arguments: maps.indices.dropLast()) func bandsOfADoubledMapAreThoseOfTheWhole(_ index: Int) {
        var generator = SeededGenerator.announced()
        let one = given(index, doubled: true, &generator)
        let whole = one.x.upsampledNearest(by: 2)
        for way in one.weight.ways() {
            let banded = convolution(one.x, one.weight, bias: one.bias, padding: 1, activation: .relu, prepared: .doubled, by: way)
            #expect(banded == convolution(whole, one.weight, bias: one.bias, padding: 1, activation: .relu, by: way), "\(way)")
        }
    }

    /// The direct way in bands: uneven padding, a last line of tiles that is cut, a residual, and pictures that are several bands each.
    @Test(arguments: [WeightFormat.f32, .bf16]) func bandsOfWindowsAreThoseOfTheWhole(format: WeightFormat) {
        var generator = SeededGenerator.announced()
        let (batch, height, width, channels, outputs) = (2, 203, 61, 700, 17)
        let drawn = generator.floats(4099)
        func repeated(_ shape: Shape) -> Tensor {
            Tensor(shape: shape) { target in
                for place in target.indices { target[place] = drawn[place % drawn.count] }
            }
        }
        let x = repeated([batch, height, width, channels])
        let weight = Tensor(generator.floats(outputs * channels * 9), shape: [outputs, channels, 3, 3])
        let packed = format == .f32 ? PackedConvolution(weight) : PackedConvolution(inPairs: weight)
        let padding = Padding(top: 0, left: 1, bottom: 2, right: 0)
        let window = Window(
            batch: batch, height: height, width: width, channels: channels, kernelHeight: 3, kernelWidth: 3, stride: 1, padding: padding)
        #expect(DirectConvolution.takesBands(window))
        let residual = repeated([batch, window.outputHeight, window.outputWidth, outputs])
        let preparation = MapPreparation.scaled(groupScales(x, groups: 1, weight: nil, bias: nil), .relu)
        let banded = convolution(x, packed, padding: padding, activation: .silu, adding: residual, prepared: preparation, by: .direct)
        #expect(banded == convolution(preparation.whole(x), packed, padding: padding, activation: .silu, adding: residual, by: .direct))
    }

    /// A residual that nobody else holds gives its memory to the result, and the values are the same.
    @Test(arguments: [0, 4]) func aResidualGivesItsPlace(_ index: Int) {
        var generator = SeededGenerator.announced()
        let one = given(index, doubled: false, &generator)
        let preparation = MapPreparation.scaled(one.scales, .none)
        let kept = one.residual.values
        for way in one.weight.ways() {
            let held = convolution(
                one.x, one.weight, bias: one.bias, padding: 1, adding: one.residual, prepared: preparation, by: way)
            let given = convolution(
                one.x, one.weight, bias: one.bias, padding: 1, adding: Tensor(kept, shape: one.residual.shape), prepared: preparation,
                by: way)
            #expect(held == given, "\(way)")
            #expect(one.residual.values == kept, "\(way)")
        }
    }

    /// Small maps, strides and thin layers go by way of the whole map.
    @Test(arguments: [WeightFormat.f32, .bf16]) func whatIsNotTakenInBands(format: WeightFormat) {
        var generator = SeededGenerator.announced()
        for (side, channels, outputs, stride) in [(9, 20, 40, 1), (64, 32, 3, 1), (33, 32, 32, 2)] {
            let x = Tensor(generator.floats(2 * side * side * channels), shape: [2, side, side, channels])
            let weight = PackedConvolution(
                Tensor(generator.floats(outputs * channels * 9), shape: [outputs, channels, 3, 3]), format: format)
            let preparation = MapPreparation.scaled(groupScales(x, groups: 2, weight: nil, bias: nil), .silu)
            let made = convolution(x, weight, stride: stride, padding: 1, prepared: preparation)
            let normed = groupNorm(x, groups: 2, weight: nil, bias: nil, activation: .silu)
            #expect(made == convolution(normed, weight, stride: stride, padding: 1))
        }
    }

    private func takesBands(_ one: Given, _ preparation: MapPreparation) -> Bool {
        guard case .dense(_, let fast?) = one.weight.form else { return false }
        let map = preparation.shape(of: one.x.shape)
        return fast.takesBands(
            Window(batch: map[0], height: map[1], width: map[2], channels: map[3], kernelHeight: 3, kernelWidth: 3, stride: 1, padding: 1))
    }
}

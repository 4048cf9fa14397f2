import Checkpoints
import Layers
import Tensors

/// Maps of several sizes brought to one width, each joined by what the coarser ones say and then mixed on its own (after Lin 2017).
struct PyramidNeck: Sendable {
    /// One for each level, fine to coarse.
    private let laterals: [Conv2D]
    private let mixes: [[SeparableResidual]]

    /// - Parameter inputs: channels of each level's map, fine to coarse.
    init(_ weights: Weights, inputs: [Int], width: Int, mixes count: Int) throws(CheckpointError) {
        var (laterals, mixes) = ([Conv2D](), [[SeparableResidual]]())
        for (level, input) in inputs.enumerated() {
            laterals.append(try Conv2D(weights["lateral"][level], input: input, output: width, kernel: 1))
            var own: [SeparableResidual] = []
            for mix in 0..<count { own.append(try SeparableResidual(weights["mix"][level][mix], width: width)) }
            mixes.append(own)
        }
        (self.laterals, self.mixes) = (laterals, mixes)
    }

    /// - Parameter maps: fine to coarse, `[1, side, side, channels]`, each with half as many places a side as the one before, rounded up.
    /// - Returns: of the same sides, `[1, side, side, width]`.
    func callAsFunction(_ maps: [Tensor]) -> [Tensor] {
        var joined: [Tensor] = []
        for (lateral, map) in zip(laterals, maps).reversed() {
            joined.append(lateral(map, activation: .relu6, adding: joined.last.map { Self.doubled($0, to: map.shape[1]) }))
        }
        return zip(joined.reversed(), mixes).map { map, mixes in mixes.reduce(map) { x, mix in mix(x) } }
    }

    /// Twice the places a side, or one less where the finer map has an odd number of them.
    private static func doubled(_ map: Tensor, to side: Int) -> Tensor {
        let doubled = map.upsampledNearest()
        return doubled.shape[1] == side ? doubled : doubled.sliced(0..<side, axis: 1).sliced(0..<side, axis: 2)
    }
}

/// A depthwise convolution and one over channels, added to what came in.
private struct SeparableResidual: Sendable {
    private let depthwise, pointwise: Conv2D

    init(_ weights: Weights, width: Int) throws(CheckpointError) {
        depthwise = try Conv2D(weights["depthwise"], input: width, output: width, kernel: 5, padding: 2, groups: width)
        pointwise = try Conv2D(weights["pointwise"], input: width, output: width, kernel: 1)
    }

    func callAsFunction(_ x: Tensor) -> Tensor {
        pointwise(depthwise(x, activation: .relu6), activation: .relu6, adding: x)
    }
}

/// The highest value of each channel over all places of maps whose last dimension the channels are.
func highestByChannel(of maps: [Tensor]) -> [Float] {
    var highest = [Float](repeating: -.infinity, count: maps.first.map { $0.shape[$0.shape.rank - 1] } ?? 0)
    for map in maps {
        map.withUnsafeValues { values in
            for place in stride(from: 0, to: values.count, by: highest.count) {
                for channel in highest.indices { highest[channel] = max(highest[channel], values[place + channel]) }
            }
        }
    }
    return highest
}

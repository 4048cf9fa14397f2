import Engines
import Tensors
import Threads

extension Studio {
    /// Times every way to some 3x3 convolutions, in each precision that this processor multiplies in.
    ///
    /// - Parameter rounds: how often, the first call apart.
    package static func timeConvolutions(
        _ layers: [ConvolutionLayer] = ConvolutionLayer.ofKnownNetworks, rounds: Int
    ) async throws -> ConvolutionReport {
        let timed = try await NumericQueue.shared.run {
            var timed: [ConvolutionReport.Timed] = []
            for arithmetic in [Arithmetic.f32, .bf16] where arithmetic.isNative {
                for layer in layers {
                    try Task.checkCancellation()
                    timed.append(layer.timed(in: arithmetic, rounds: rounds))
                }
            }
            return timed
        }
        return ConvolutionReport(threads: ThreadCount.current, processor: .here, rounds: rounds, convolutions: timed)
    }
}

extension ConvolutionLayer {
    /// What is too short to be timed by itself is repeated for so many milliseconds.
    private static let shortest = 4.0

    fileprivate func timed(in arithmetic: Arithmetic, rounds: Int) -> ConvolutionReport.Timed {
        let weight = PackedConvolution(
            Tensor.filled(0.01, [shape.outputs, shape.inputs, 3, 3]), format: arithmetic == .f32 ? .f32 : .bf16,
            keepsTransform: keepsTransform)
        let map = Tensor.filled(0.01, [shape.batch, shape.height, shape.width, shape.inputs])
        let clock = ContinuousClock()
        func milliseconds(by way: ConvolutionWay, repeats: Int) -> Double {
            let time = clock.measure {
                for _ in 0..<repeats { _ = convolution(map, weight, padding: 1, by: way) }
            }
            return time / .milliseconds(1) / Double(repeats)
        }
        let ways = weight.ways()
        // The first call wakes the threads, and makes what is kept.
        let repeats = ways.map { max(1, Int(Self.shortest / max(milliseconds(by: $0, repeats: 1), 0.001))) }
        var times = [[Double]](repeating: [], count: ways.count)
        // In turns, so that what else the machine does meets all ways.
        for _ in 0..<max(1, rounds) {
            for (index, way) in ways.enumerated() { times[index].append(milliseconds(by: way, repeats: repeats[index])) }
        }
        let taken = ConvolutionWay.taken(for: shape, in: arithmetic)
        let medians = zip(ways, times).map { way, times in (way.rawValue, times.sorted()[times.count / 2]) }
        return ConvolutionReport.Timed(
            network: network, precision: arithmetic.rawValue, inputs: shape.inputs, outputs: shape.outputs, batch: shape.batch,
            height: shape.height, width: shape.width, tiles: Int(shape.tiles(4)),
            milliseconds: Dictionary(uniqueKeysWithValues: medians), taken: (ways.contains(taken) ? taken : .direct).rawValue)
    }
}

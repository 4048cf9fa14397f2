import Checkpoints
import Layers
import Tensors

/// Called between blocks; throws where the work is to be given up. It is what lets Ctrl-C end a run within a step.
package typealias CancellationCheck = () throws -> Void

/// diffusers' `ResnetBlock2D`: norm, SiLU, convolution, twice, with the time in between and the input added.
struct ResidualBlock: Sendable {
    private let norm1: GroupNorm
    private let conv1: Conv2D
    /// Adds the time embedding; the autoencoder's blocks have none.
    private let timeProjection: Linear?
    private let norm2: GroupNorm
    private let conv2: Conv2D
    /// 1x1, where the number of channels changes. Never in bytes: it carries the map itself past the norms, and its rounding alone would be most
    /// of the error of `--precision int8` (`Benchmarks/int8_layers.py`), for one in forty of the multiplications.
    private let shortcut: Linear?

    static let shortcutName = "conv_shortcut"

    init(
        _ weights: Weights, input: Int, output: Int, timeWidth: Int?, groups: Int, epsilon: Float
    ) throws(CheckpointError) {
        norm1 = try GroupNorm(weights["norm1"], groups: groups, channels: input, epsilon: epsilon)
        conv1 = try Conv2D(weights["conv1"], input: input, output: output, kernel: 3, padding: 1)
        timeProjection = if let timeWidth { try Linear(weights["time_emb_proj"], input: timeWidth, output: output) } else { nil }
        norm2 = try GroupNorm(weights["norm2"], groups: groups, channels: output, epsilon: epsilon)
        conv2 = try Conv2D(weights["conv2"], input: output, output: output, kernel: 3, padding: 1)
        let passing = weights[Self.shortcutName]
        shortcut = input == output ? nil : try Linear(passing.held(passing.holding.withoutBytes), input: input, output: output)
    }

    /// - Parameters:
    ///   - x: [batch, height, width, input]
    ///   - activatedTime: SiLU of the time embedding, [1, timeWidth] for the whole batch or [batch, timeWidth].
    func callAsFunction(_ x: Tensor, activatedTime: Tensor? = nil) -> Tensor {
        let shift = activatedTime.flatMap { time in timeProjection.map { $0(time) } }
        // What is the same for the whole batch is the convolution's own addend.
        let common = shift.flatMap { $0.shape[0] == 1 ? $0.reshaped([$0.shape[-1]]) : nil }
        var hidden = conv1(x, behind: norm1, .silu, shiftedBy: common)
        if let shift, common == nil { hidden = hidden.addingToEachPixel(shift) }
        return conv2(hidden, behind: norm2, .silu, adding: shortcut?(x) ?? x)
    }
}

/// diffusers' `Downsample2D`: a 3x3 convolution with stride 2.
struct Downsampler: Sendable {
    private let conv: Conv2D

    /// - Parameter evenPadding: a row and a column at every side, as in the UNet; false: below and at the right only, as in the autoencoder.
    init(_ weights: Weights, channels: Int, evenPadding: Bool) throws(CheckpointError) {
        conv = try Conv2D(
            weights["conv"], input: channels, output: channels, kernel: 3, stride: 2,
            padding: evenPadding ? 1 : Padding(top: 0, left: 0, bottom: 1, right: 1))
    }

    func callAsFunction(_ x: Tensor) -> Tensor { conv(x) }
}

/// diffusers' `Upsample2D`: every pixel four times, then a 3x3 convolution.
struct Upsampler: Sendable {
    private let conv: Conv2D

    init(_ weights: Weights, channels: Int) throws(CheckpointError) {
        conv = try Conv2D(weights["conv"], input: channels, output: channels, kernel: 3, padding: 1)
    }

    /// - Parameters:
    ///   - height, width: what comes out; a level of odd size gets its last row and column only once.
    func callAsFunction(_ x: Tensor, height: Int, width: Int) -> Tensor {
        guard height == 2 * x.shape[1], width == 2 * x.shape[2] else { return conv(x.nearestResized(height: height, width: width)) }
        return conv(doubling: x)
    }
}

extension Tensor {
    /// - Parameter rows: [batch, channels]; added at every pixel of [batch, height, width, channels].
    fileprivate func addingToEachPixel(_ rows: Tensor) -> Tensor {
        let channels: Shape = [shape[-1]]
        return Tensor.concatenated((0..<shape[0]).map { sliced($0..<$0 + 1) + rows.sliced($0..<$0 + 1).reshaped(channels) }, axis: 0)
    }

    /// torch's `interpolate(mode: "nearest")` of [batch, height, width, channels].
    func nearestResized(height: Int, width: Int) -> Tensor {
        let (batch, oldHeight, oldWidth, channels) = (shape[0], shape[1], shape[2], shape[3])
        return Tensor(shape: [batch, height, width, channels]) { target in
            withUnsafeValues { from in
                var place = 0
                for image in 0..<batch {
                    for y in 0..<height {
                        let row = (image * oldHeight + y * oldHeight / height) * oldWidth
                        for x in 0..<width {
                            let source = (row + x * oldWidth / width) * channels
                            for channel in 0..<channels { target[place + channel] = from[source + channel] }
                            place += channels
                        }
                    }
                }
            }
        }
    }
}

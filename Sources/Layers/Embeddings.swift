import Checkpoints
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// torch's `Embedding`: rows of a table. Rows are converted as they are asked for, so a large table costs what is read of it.
public struct Embedding: Sendable {
    /// `[count, width]`
    private let table: RowTable

    public init(_ weights: Weights, count: Int, width: Int) throws(CheckpointError) {
        table = try weights.table("weight", rows: count, width: width)
    }

    /// - Parameter indices: each within `0..<count`.
    /// - Returns: `[indices.count, width]`
    public func callAsFunction(_ indices: [Int]) throws(CheckpointError) -> Tensor {
        try table.gather(indices)
    }
}

/// diffusers' `Timesteps`: sin and cos of timestep * exp(-ln(10000) i / (half - shift)), i = 0 ..< half = channels / 2.
///
/// - Parameters:
///   - timesteps: one for each row.
///   - channels: the width of a row; the last value of an odd width is 0.
///   - flipSineToCosine: the cosines come first.
/// - Returns: `[timesteps.count, channels]`
public func sinusoidalEmbedding(
    _ timesteps: [Float], channels: Int, flipSineToCosine: Bool = true, frequencyShift: Float = 0, maximumPeriod: Float = 10000
) -> Tensor {
    let half = channels / 2
    return Tensor(shape: [timesteps.count, channels]) { target in
        target.initialize(repeating: 0)
        for (row, timestep) in timesteps.enumerated() {
            for index in 0..<half {
                // The reference rounds the exponent and the frequency to single precision; at timestep 999 that shows in the fifth digit.
                let angle = timestep * exp(-log(maximumPeriod) * Float(index) / (Float(half) - frequencyShift))
                target[row * channels + index + (flipSineToCosine ? half : 0)] = sin(angle)
                target[row * channels + index + (flipSineToCosine ? 0 : half)] = cos(angle)
            }
        }
    }
}

/// diffusers' `Timesteps` and `TimestepEmbedding` behind it: sinusoid, `linear_1`, SiLU, `linear_2`.
public struct TimestepEmbedding: Sendable {
    private let first: Linear
    private let second: Linear
    private let channels: Int
    private let flipSineToCosine: Bool
    private let frequencyShift: Float

    /// - Parameters:
    ///   - channels: the width of the sinusoid.
    ///   - width: the width of the result.
    public init(
        _ weights: Weights, channels: Int, width: Int, flipSineToCosine: Bool = true, frequencyShift: Float = 0
    ) throws(CheckpointError) {
        first = try Linear(weights["linear_1"], input: channels, output: width)
        second = try Linear(weights["linear_2"], input: width, output: width)
        self.channels = channels
        self.flipSineToCosine = flipSineToCosine
        self.frequencyShift = frequencyShift
    }

    /// - Returns: `[timesteps.count, width]`
    public func callAsFunction(_ timesteps: [Float]) -> Tensor {
        let waves = sinusoidalEmbedding(timesteps, channels: channels, flipSineToCosine: flipSineToCosine, frequencyShift: frequencyShift)
        return second(first(waves, activation: .silu))
    }

    /// - Returns: `[1, width]`
    public func callAsFunction(_ timestep: Float) -> Tensor {
        self([timestep])
    }
}

import Checkpoints
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// torch's `Embedding`: rows of a table. Rows are converted as they are asked for, so a large table costs what is read of it.
package struct Embedding: Sendable {
    /// `[count, width]`
    private let table: RowTable

    package init(_ weights: Weights, count: Int, width: Int) throws(CheckpointError) {
        table = try weights.table("weight", rows: count, width: width)
    }

    /// - Parameter indices: each within `0..<count`.
    /// - Returns: `[indices.count, width]`
    package func callAsFunction(_ indices: [Int]) throws(CheckpointError) -> Tensor {
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
package func sinusoidalEmbedding(
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

/// diffusers' `TimestepEmbedding` without its sinusoid: `linear_1`, SiLU, `linear_2`.
package struct EmbeddingProjection: Sendable {
    private let first: Linear
    private let second: Linear

    package init(_ weights: Weights, input: Int, width: Int) throws(CheckpointError) {
        first = try Linear(weights["linear_1"], input: input, output: width)
        second = try Linear(weights["linear_2"], input: width, output: width)
    }

    /// - Parameter x: `[rows, input]`
    /// - Returns: `[rows, width]`
    package func callAsFunction(_ x: Tensor) -> Tensor {
        second(first(x, activation: .silu))
    }
}

/// diffusers' `Timesteps` and `TimestepEmbedding` behind it: sinusoid, `linear_1`, SiLU, `linear_2`.
package struct TimestepEmbedding: Sendable {
    private let projection: EmbeddingProjection
    /// Adds a condition to the sinusoid, as latent consistency models do with the guidance scale.
    private let condition: Linear?
    private let channels: Int
    private let flipSineToCosine: Bool
    private let frequencyShift: Float

    /// - Parameters:
    ///   - channels: the width of the sinusoid.
    ///   - width: the width of the result.
    ///   - conditionWidth: the width of what `cond_proj` (which has no bias) adds to the sinusoid; nil where there is no such layer.
    package init(
        _ weights: Weights, channels: Int, width: Int, flipSineToCosine: Bool = true, frequencyShift: Float = 0,
        conditionWidth: Int? = nil
    ) throws(CheckpointError) {
        projection = try EmbeddingProjection(weights, input: channels, width: width)
        condition =
            if let conditionWidth {
                try Linear(weights["cond_proj"], input: conditionWidth, output: channels, bias: false)
            } else {
                nil
            }
        self.channels = channels
        self.flipSineToCosine = flipSineToCosine
        self.frequencyShift = frequencyShift
    }

    /// - Parameter condition: `[timesteps.count, conditionWidth]`; read only where the layer for it is there.
    /// - Returns: `[timesteps.count, width]`
    package func callAsFunction(_ timesteps: [Float], condition given: Tensor? = nil) -> Tensor {
        var waves = sinusoidalEmbedding(timesteps, channels: channels, flipSineToCosine: flipSineToCosine, frequencyShift: frequencyShift)
        if let condition, let given { waves = condition(given, adding: waves) }
        return projection(waves)
    }

    /// - Returns: `[1, width]`
    package func callAsFunction(_ timestep: Float, condition: Tensor? = nil) -> Tensor {
        self([timestep], condition: condition)
    }
}

/// In which numbers products are made. Sums, norms and soft-maxes are in single precision whatever the factors are in.
package enum Arithmetic: String, Sendable, Hashable, CaseIterable {
    /// Single precision: the reference.
    case f32
    /// Both factors are rounded to bfloat16 (eight bits of precision), the nearest, ties to even.
    case bf16
    /// Linear layers in whole numbers of eight bits: weights in steps of each output's own, what they meet in steps of each row's own.
    /// Convolutions, those of one tap that pass by a residual block among them, and attention in bfloat16; a network's large convolutions may hold
    /// their weights in one byte a number all the same.
    case int8

    /// Whether products are made so on this processor. Where it has no instructions for bfloat16, or slower ones than for floats, weights are
    /// rounded and held so, and multiplied as floats.
    package var isNative: Bool {
        switch self {
        case .f32: true
        case .bf16: Processor.multipliesBfloats
        case .int8: Processor.multipliesBytes
        }
    }
}

/// How a weight is held and multiplied.
package enum WeightFormat: Sendable, Hashable {
    /// As floats.
    case f32
    /// In two bytes a number, spread out to floats where a product takes it.
    case halves(HalfFormat)
    /// Rounded to bfloat16 and multiplied so, where this processor is quicker with it; else as `halves(.bf16)`.
    case bf16
    /// In one byte a number with a scale for each output, and multiplied so, where this processor can; else as `bf16`. Matrices only.
    case int8

    /// How numbers are held that are multiplied as floats.
    var halves: HalfFormat? {
        switch self {
        case .f32: nil
        case .halves(let format): format
        case .bf16, .int8: .bf16
        }
    }

    var isInBytes: Bool { self == .int8 && Processor.multipliesBytes }
    var isPaired: Bool { (self == .bf16 || self == .int8) && Processor.multipliesBfloats }
}

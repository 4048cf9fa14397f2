/// In which numbers products are made. Sums, norms and soft-maxes are in single precision whatever the factors are in.
public enum Arithmetic: String, Sendable, Hashable, CaseIterable {
    /// Single precision: the reference.
    case f32
    /// Both factors are rounded to bfloat16 (eight bits of precision), the nearest, ties to even.
    case bf16

    /// Whether this processor has instructions for it. Where it has none for bfloat16, weights are rounded and held so, and
    /// multiplied as floats.
    public var isNative: Bool {
        switch self {
        case .f32: true
        case .bf16: Processor.multipliesBfloats
        }
    }
}

/// How a weight is held and multiplied.
public enum WeightFormat: Sendable, Hashable {
    /// As floats.
    case f32
    /// In two bytes a number, spread out to floats where a product takes it.
    case halves(HalfFormat)
    /// Rounded to bfloat16 and multiplied so, where this processor can; else as `halves(.bf16)`.
    case bf16

    /// How numbers are held that are multiplied as floats.
    var halves: HalfFormat? {
        switch self {
        case .f32: nil
        case .halves(let format): format
        case .bf16: .bf16
        }
    }

    var isPaired: Bool { self == .bf16 && Processor.multipliesBfloats }
}

import Glibc

/// In which numbers products are made. Sums, norms and soft-maxes are in single precision whatever the factors are in.
package enum Arithmetic: String, Sendable, Hashable, CaseIterable {
    /// Single precision: the reference.
    case f32
    /// Both factors are rounded to bfloat16 (eight bits of precision), the nearest, ties to even.
    case bf16
    /// Linear layers in whole numbers of eight bits: weights in steps of each output's own, what they meet in steps of each row's own.
    /// Convolutions and attention in bfloat16.
    case int8

    /// Whether this processor has instructions for it. Where it has none for bfloat16, weights are rounded and held so, and
    /// multiplied as floats.
    package var isNative: Bool {
        switch self {
        case .f32: true
        case .bf16: Processor.multipliesBfloats
        case .int8: Processor.multipliesBytes
        }
    }
}

extension Arithmetic {
    /// Whether products in it are quicker here than in single precision, by a fifth at least. Timed once, in a thousandth of a second: there
    /// are processors whose instructions for bfloat16 are slower than those for floats.
    package var isFaster: Bool {
        switch self {
        case .f32: false
        case .bf16: Self.pairsAreFaster
        case .int8: Self.bytesAreFaster
        }
    }

    private static let pairsAreFaster = bf16.isNative && seconds(of: .f32) > 1.2 * seconds(of: .bf16)
    private static let bytesAreFaster = int8.isNative && seconds(of: .f32) > 1.2 * seconds(of: .int8)

    /// The processor's time for a product, so that other programs hardly count.
    private static func seconds(of format: WeightFormat) -> Double {
        let weight = PackedMatrix(.filled(0.01, [320, 320]), format: format)
        let input = Tensor.filled(0.01, [96, 320])
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
            return Double(time.tv_sec) + 1e-9 * Double(time.tv_nsec)
        }
        // The first of them wakes the memory.
        return (0..<8).map { _ in
            let begin = now()
            _ = matmul(input, weight)
            return now() - begin
        }.min() ?? 0
    }
}

/// How a weight is held and multiplied.
package enum WeightFormat: Sendable, Hashable {
    /// As floats.
    case f32
    /// In two bytes a number, spread out to floats where a product takes it.
    case halves(HalfFormat)
    /// Rounded to bfloat16 and multiplied so, where this processor can; else as `halves(.bf16)`.
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

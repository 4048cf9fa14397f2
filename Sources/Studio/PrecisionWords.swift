import Tensors

/// What is said of the numbers that a model multiplies in, beside their name.
enum PrecisionWords {
    /// What this processor makes of a precision, where that is not what its name says; nil where it is.
    ///
    /// - Parameter isNative: whether products are made so here.
    static func departure(
        of arithmetic: Arithmetic, isNative: (Arithmetic) -> Bool = { $0.isNative }
    ) -> String? {
        guard isNative(arithmetic) else {
            return "weights are rounded to bf16 and multiplied as floats: this processor has no fast instructions for "
                + arithmetic.rawValue
        }
        guard arithmetic == .int8, !isNative(.bf16) else { return nil }
        return "linear layers alone: the others' weights are rounded to bf16 and multiplied as floats"
    }

    /// Why `auto` takes a precision on a kind of processor.
    static func reason(for chosen: Arithmetic, on kind: ProcessorKind = .here) -> String {
        guard ProcessorRates.measured(on: kind) != nil else { return "processors of this kind were never measured" }
        return switch chosen {
        case .f32 where kind.hasBfloats: "bf16 was measured to be slower on such a processor"
        case .f32: "this processor has no instructions for bf16"
        case .bf16, .int8: "it was measured to be the fastest on such a processor of those that are near enough"
        }
    }

    /// What `departure` says of a precision by its name; nil for what another program computes in, too.
    static func departure(of precision: String, isNative: (Arithmetic) -> Bool = { $0.isNative }) -> String? {
        Arithmetic(rawValue: precision).flatMap { departure(of: $0, isNative: isNative) }
    }
}

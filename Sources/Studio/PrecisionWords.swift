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

    /// The same by a precision's name; nil for one that another program computes in, too.
    static func departure(of precision: String, isNative: (Arithmetic) -> Bool = { $0.isNative }) -> String? {
        Arithmetic(rawValue: precision).flatMap { departure(of: $0, isNative: isNative) }
    }
}

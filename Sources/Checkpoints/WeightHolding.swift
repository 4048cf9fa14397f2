import Tensors

/// How the layers that are made of weights hold them in memory.
package struct WeightHolding: Sendable, Equatable {
    /// In two bytes a number, spread out to floats where they are used: exactly as stored where the file has F16, BF16 or eight-bit floats.
    package var inHalves: Bool
    /// Whether a convolution keeps what its fast algorithm makes of its weights.
    package var keepsTransforms: Bool

    /// Whether convolutions that multiply in bfloat16 hold their weights in one byte a number.
    package var convolutionsInBytes: Bool

    /// Whether matrices stay in their mapped files until they are used a second time: for models that are often asked just once.
    package var packsAtSecondUse: Bool

    /// In which numbers products are made; in bfloat16, weights are rounded to it, whatever the file has.
    package var arithmetic: Arithmetic

    package init(
        inHalves: Bool = false, keepsTransforms: Bool = true, convolutionsInBytes: Bool = false, packsAtSecondUse: Bool = false,
        arithmetic: Arithmetic = .f32
    ) {
        self.inHalves = inHalves
        self.convolutionsInBytes = convolutionsInBytes
        self.arithmetic = arithmetic
        self.keepsTransforms = keepsTransforms
        self.packsAtSecondUse = packsAtSecondUse
    }

    /// The same for a layer that rounding to bytes would cost too much: in bfloat16 where others multiply in bytes.
    package var withoutBytes: WeightHolding {
        var holding = self
        if arithmetic == .int8 { holding.arithmetic = .bf16 }
        return holding
    }

    /// That of a weight which is made of several tensors, so that it is like none in a file.
    package var format: WeightFormat {
        switch arithmetic {
        case .f32: .f32
        case .bf16: .bf16
        case .int8: .int8
        }
    }
}

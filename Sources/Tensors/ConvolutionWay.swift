/// A way to the outputs of a 3x3 convolution of stride 1.
package enum ConvolutionWay: String, Sendable, CaseIterable {
    /// Windows are read where they lie, over tables of their rows: 9 multiplications for each output and channel.
    case direct
    /// Winograd's F(2x2, 3x3): 4 of them. What there is in bfloat16.
    case winograd2
    /// Winograd's F(4x4, 3x3): 2.25 of them. What there is in single precision.
    case winograd4
}

extension ConvolutionWay {
    /// Fewer tiles than this do not pay, by the rule.
    static let fewestTiles = 16
    /// Thinner layers have no fast algorithm.
    static let fewestChannels = 16

    /// The way that is taken: the quickest by what was measured on processors of this kind, and by the rule on those that were not. Weights in
    /// two bytes that are multiplied as floats go by what floats take, so that how they are held changes no bit of what comes out.
    ///
    /// - Parameter arithmetic: in which the convolution is made.
    package static func taken(
        for shape: ConvolutionShape, in arithmetic: Arithmetic, on kind: ProcessorKind = .here
    ) -> ConvolutionWay {
        guard !shape.isThin else { return .direct }
        return ConvolutionTimes.nearest(to: shape, in: arithmetic, on: kind)?.quickest ?? byRule(shape, in: arithmetic)
    }

    /// Winograd's, where there are some tiles.
    package static func byRule(_ shape: ConvolutionShape, in arithmetic: Arithmetic) -> ConvolutionWay {
        let (way, side): (ConvolutionWay, Double) = arithmetic == .f32 ? (.winograd4, 4) : (.winograd2, 2)
        return !shape.isThin && shape.tiles(side) >= Double(fewestTiles) ? way : .direct
    }
}

/// What of a 3x3 convolution tells how long it takes.
package struct ConvolutionShape: Sendable, Hashable {
    package let inputs: Int
    package let outputs: Int
    /// Of the map of outputs.
    package let batch: Int
    package let height: Int
    package let width: Int

    package init(inputs: Int, outputs: Int, batch: Int, height: Int, width: Int) {
        (self.inputs, self.outputs, self.batch, self.height, self.width) = (inputs, outputs, batch, height, width)
    }

    var isThin: Bool { min(inputs, outputs) < ConvolutionWay.fewestChannels }

    /// Tiles of so many outputs a side. A number that every size has, however large.
    package func tiles(_ side: Double) -> Double {
        Double(batch) * (Double(height) / side).rounded(.up) * (Double(width) / side).rounded(.up)
    }
}

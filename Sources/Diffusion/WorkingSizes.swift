import Pixels

/// The sizes that a model works at where nobody names one, and what every size is filled up to.
package struct WorkingSizes: Sendable, Equatable {
    /// Width and height in pixels of the squares the model was trained on.
    package let usualSide: Int
    /// Multiples of this many pixels suit the network at every level.
    package let evenMultiple: Int
    /// What sizes are filled up to: the side of the square that a latent value stands for.
    package let sizeMultiple: Int

    package init(usualSide: Int, evenMultiple: Int, sizeMultiple: Int) {
        (self.usualSide, self.evenMultiple, self.sizeMultiple) = (usualSide, evenMultiple, sizeMultiple)
    }

    /// The usual area in the picture's proportions, in multiples that halve evenly at every level of the network.
    func size(for picture: PixelSize?) -> PixelSize {
        guard let picture else { return PixelSize(width: usualSide, height: usualSide) }
        let factor = Double(usualSide) / (Double(picture.width) * Double(picture.height)).squareRoot()
        func side(_ length: Int) -> Int {
            max(1, Int((Double(length) * factor / Double(evenMultiple)).rounded())) * evenMultiple
        }
        return PixelSize(width: side(picture.width), height: side(picture.height))
    }

    /// A size filled up at the right and below to what the model takes.
    func canvas(for working: PixelSize) -> PixelSize {
        func filledUp(_ side: Int) -> Int { (side + sizeMultiple - 1) / sizeMultiple * sizeMultiple }
        return PixelSize(width: filledUp(working.width), height: filledUp(working.height))
    }
}

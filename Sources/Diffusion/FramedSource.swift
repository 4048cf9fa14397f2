import Pixels

extension GenerationRequest {
    /// A picture as a result of this request shows it: cut, filled up or stretched to the result's size, as it was for the model.
    ///
    /// - Parameter size: of the result.
    package func framed(_ source: Image, to size: PixelSize) -> Image {
        // A repainted picture, and a result of the picture's own size, show all of it.
        guard source.size != size else { return source }
        guard mode == .generate, outputSize == .working else {
            return source.resized(width: size.width, height: size.height, filter: .lanczos)
        }
        return Framing(picture: source.size, working: size, canvas: size, resize: resize).toCanvas(source.rgb())
    }
}

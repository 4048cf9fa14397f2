import Pixels

/// Part of a picture.
package struct CropEntry: Codable, Sendable, Equatable {
    package let x: Int
    package let y: Int
    package let width: Int
    package let height: Int

    init(_ rectangle: PixelRectangle) {
        (x, y, width, height) = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    }
}

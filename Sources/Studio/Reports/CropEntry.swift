import Pixels

/// Part of a picture.
public struct CropEntry: Codable, Sendable, Equatable {
    public let x: Int
    public let y: Int
    public let width: Int
    public let height: Int

    init(_ rectangle: PixelRectangle) {
        (x, y, width, height) = (rectangle.x, rectangle.y, rectangle.width, rectangle.height)
    }
}

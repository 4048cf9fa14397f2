import Encoders
import Pixels

/// What an encoder looks at: a whole picture, or a part of one.
package struct PictureView: Sendable {
    package let image: Image
    package let isPart: Bool
}

/// A wide or tall picture as several: encoders look at a square, and what stands at the ends of a panorama is squeezed or cut away there.
enum PictureViews {
    /// A longer side by a shorter one above which a picture is looked at in parts, too.
    static let aspect = 1.6
    /// Parts at most: what a look may cost.
    static let limit = 4

    /// The whole picture, then its parts.
    static func views(of image: Image) -> [PictureView] {
        [PictureView(image: image, isPart: false)] + parts(of: image).map { PictureView(image: $0, isPart: true) }
    }

    /// Squares along the longer side, evenly spread, none beyond the ends; none for a picture that is square enough.
    private static func parts(of image: Image) -> [Image] {
        let (short, long) = (min(image.width, image.height), max(image.width, image.height))
        guard short > 0, Double(long) > aspect * Double(short) else { return [] }
        // Half a square of overlap where there is room for it.
        let count = min(limit, max(2, Int((Double(long) / Double(short)).rounded(.up))))
        return (0..<count).map { part in
            let offset = (long - short) * part / (count - 1)
            return image.cropped(
                to: PixelRectangle(
                    x: image.width > image.height ? offset : 0, y: image.width > image.height ? 0 : offset, width: short, height: short))
        }
    }
}

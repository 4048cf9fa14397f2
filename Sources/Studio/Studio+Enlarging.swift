import Engines
import Foundation
import Pixels
import Screening

/// How much wider a picture's canvas becomes at each side, in pixels.
package struct Margins: Codable, Sendable, Equatable {
    package var top: Int?
    package var left: Int?
    package var right: Int?
    package var bottom: Int?

    package static let keys: Set<String> = ["top", "left", "right", "bottom"]
    /// As many pixels as one side may gain.
    package static let most = 4096

    var sides: [(name: String, pixels: Int)] { [("top", top ?? 0), ("left", left ?? 0), ("right", right ?? 0), ("bottom", bottom ?? 0)] }
}

extension Studio {
    /// Of a side's pixels on the wider canvas those that stay: the picture's own, without the strip where it meets what is new.
    private static func kept(_ side: Int, before: Int, after: Int) -> Range<Int> {
        let begin = before + (before > 0 ? overlap : 0)
        return begin..<max(begin, before + side - (after > 0 ? overlap : 0))
    }

    /// The mask reaches this far into the picture, so that new and old meet.
    private static let overlap = 12

    /// Keeps a picture on a wider canvas: every pixel of it where it was, its border continued outwards, so that what is painted there next
    /// begins with the picture's own colours.
    ///
    /// - Throws: `LibraryError.invalid` for margins that are none; ``StudioError/tooManyPixels(name:width:height:)``.
    package func enlarge(picture id: Int64, by margins: Margins) async throws -> EnlargedReport {
        let sides = margins.sides
        if let wrong = sides.first(where: { !(0...Margins.most).contains($0.pixels) }) {
            throw LibraryError.invalid(field: wrong.name, value: "\(wrong.pixels)", rule: "a number of pixels from 0 to \(Margins.most)")
        }
        guard sides.contains(where: { $0.pixels > 0 }) else {
            throw LibraryError.invalid(field: "right", value: "0", rule: "one side at least gains some pixels")
        }
        let (top, left, right, bottom) = (sides[0].pixels, sides[1].pixels, sides[2].pixels, sides[3].pixels)
        let listed = try premises.library().listedPicture(id: id)
        let (width, height) = (listed.width + left + right, listed.height + top + bottom)
        guard width * height <= UploadLimits.pixels else {
            throw StudioError.tooManyPixels(name: listed.name, width: width, height: height)
        }
        let (picture, mask) = try await Studio.takingIn.run { [self] in
            let image = try file(of: premises.library().picture(id: id)).decoded().image
            let enlarged = image.padded(left: left, top: top, right: right, bottom: bottom, with: .edge)
            let columns = Studio.kept(image.width, before: left, after: right)
            let rows = Studio.kept(image.height, before: top, after: bottom)
            var values = [UInt8](repeating: 255, count: width * height)
            for y in rows { for x in columns { values[y * width + x] = 0 } }
            return (
                try ImageFile.encodePNG(enlarged),
                try ImageFile.encodePNG(Image(width: width, height: height, channels: 1, bytes: values))
            )
        }
        let stem = URL(fileURLWithPath: listed.name).deletingPathExtension().lastPathComponent
        let taken = try await takeIn(picture, named: "\(stem) enlarged.png", enlargedFrom: id)
        return EnlargedReport(picture: try self.picture(taken.picture), mask: try await keepMask(mask))
    }
}

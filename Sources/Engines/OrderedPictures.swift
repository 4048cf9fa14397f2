import Diffusion
import Foundation
import Pixels

extension GenerationOrder.Picture {
    /// The file's pixels, upright.
    func decoded() throws -> DecodedImage {
        do {
            return try ImageFile.decode(FileBytes.read(URL(fileURLWithPath: path)))
        } catch {
            throw ImageError.inFile(path: path, error.cause)
        }
    }
}

extension GenerationOrder {
    /// The mask's file as a mask of the picture's size, and what there is to be said of it.
    ///
    /// One of another size but the same proportions is scaled: that is what is left of the picture in many an editor.
    func repaintMask(for picture: PixelSize?) throws -> (mask: Mask?, notes: [String]) {
        guard let file = try mask?.decoded() else { return (nil, []) }
        var mask = Mask(file.image, isLossy: file.format == .jpeg)
        var notes: [String] = []
        if let picture, mask.size != picture {
            let wanted = Double(picture.width) / Double(picture.height)
            guard abs(Double(mask.width) / Double(mask.height) / wanted - 1) <= Self.largestAspectError else { return (mask, []) }
            notes.append("the mask is \(mask.size) and was scaled to the picture's \(picture)")
            mask = mask.resized(width: picture.width, height: picture.height)
        }
        let share = Double(mask.touchedPixelCount) / Double(mask.values.count)
        let told = share < 0.001 && share > 0 ? "less than 0.1" : String(format: "%.1f", share * 100)
        notes.append(
            share > 0.999
                ? "the mask covers all of the picture; --invert repaints what it leaves"
                : "the mask covers \(told) % of the picture" + (share < 0.001 ? "; --invert repaints the rest" : ""))
        return (mask, notes)
    }

    /// How far the proportions of mask and picture may differ: sides are rounded when pictures are scaled.
    private static let largestAspectError = 0.02
}

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
        let touched = request.invert ? mask.values.count { $0 < 255 } : mask.touchedPixelCount
        notes.append(Self.told(Double(touched) / Double(mask.values.count), isInverted: request.invert))
        if Self.looksLikePhotograph(mask) {
            notes.append("the mask looks like a photograph, not like black and white areas: is it the right file?")
        }
        return (mask, notes)
    }

    /// From this share on a mask may well be the wrong way round.
    private static let nearlyAll = 0.95

    /// - Parameter share: of the picture's pixels, those that a mask lets change.
    private static func told(_ share: Double, isInverted: Bool) -> String {
        let turned = isInverted ? "without --invert the rest is repainted" : "invert it to repaint the rest"
        if share == 1 { return "the mask covers all of the picture; \(turned)" }
        let percent = share < 0.001 && share > 0 ? "less than 0.1" : String(format: "%.1f", min(share * 100, 99.9))
        let words = "the mask covers \(percent) % of the picture"
        if share >= nearlyAll { return "\(words), nearly all of it; \(turned)" }
        return share < 0.001 ? "\(words); \(turned)" : words
    }

    /// Whether there are very many values and hardly a pixel that is clearly black or white.
    private static func looksLikePhotograph(_ mask: Mask) -> Bool {
        var counts = [Int](repeating: 0, count: 256)
        for value in mask.values { counts[Int(value)] += 1 }
        let clear = counts[...8].reduce(0, +) + counts[247...].reduce(0, +)
        return clear * 2 < mask.values.count && counts.count { $0 * 10_000 > mask.values.count } >= 100
    }

    /// How far the proportions of mask and picture may differ: sides are rounded when pictures are scaled.
    private static let largestAspectError = 0.02
}

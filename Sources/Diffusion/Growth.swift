import Foundation
import Pixels

/// Pictures that grow: a first, small one is painted, enlarged and redrawn until it has its size.
///
/// A model composes best at the size it learnt whole pictures at; beyond it, things come twice or fall apart. What the web UI calls
/// "Hires. fix" does it in one leap; here no leap more than doubles a side. What fills a mask anew grows in the same way, and,
/// where that is asked for, a picture that is redrawn so far that little of it is left.
extension ModelFamily {
    /// The sizes a painting goes through, the smallest first and the working size last; that alone where it does not grow.
    ///
    /// - Parameter painted: how much of the working size is painted anew, which begins at the request's first side: all of it, or the box
    ///   around a mask.
    func stages(_ request: GenerationRequest, working: PixelSize, painted: PixelSize) -> [PixelSize] {
        guard request.grows, let side = request.firstSide else { return [working] }
        let growth = (Double(painted.width) * Double(painted.height)).squareRoot() / Double(side)
        // A leap of less than a quarter is not worth a second picture.
        guard growth > 1.25 else { return [working] }
        let leaps = max(1, Int(log2(growth).rounded(.up)))
        return (0..<leaps).map { leap in
            evenSize(like: working, scale: pow(growth, Double(leap) / Double(leaps) - 1))
        } + [working]
    }

    /// The size in even multiples that comes nearest to a scaled one; its proportions count four times as much as its area, for what is
    /// composed in other proportions is stretched later.
    private func evenSize(like size: PixelSize, scale: Double) -> PixelSize {
        let (width, height) = (Double(size.width) * scale, Double(size.height) * scale)
        func candidates(_ length: Double) -> [Double] {
            let units = max(1, (length / Double(evenMultiple)).rounded(.down))
            return [units * Double(evenMultiple), (units + 1) * Double(evenMultiple)]
        }
        let sizes = candidates(width).flatMap { w in candidates(height).map { h in (w, h) } }
        func error(_ size: (Double, Double)) -> Double {
            4 * abs(log(size.0 / size.1 * height / width)) + abs(log(size.0 * size.1 / (width * height)))
        }
        let best = sizes.min { error($0) < error($1) } ?? (width, height)
        return PixelSize(width: Int(best.0), height: Int(best.1))
    }
}

extension GenerationRequest {
    /// From this strength on a redrawn picture keeps hardly more of the old one than colours and masses.
    static let growingStrength = 0.75
    /// Under a mask from this one on: below it, what stands there is to be kept, and would be lost in a small picture.
    static let growingStrengthOfRepainting = 0.9

    /// Whether things are composed anew, so that a first side counts.
    package var grows: Bool { grows(at: strength) }

    /// The same at another strength.
    func grows(at strength: Double) -> Bool {
        switch mode {
        case .paint: true
        case .generate: strength >= Self.growingStrength
        case .repaint: strength >= Self.growingStrengthOfRepainting
        }
    }

    /// What a stage of what grows asks for: the first is what was asked for, in small, the others are redrawn from the one before, as far as
    /// the mask reaches where there is one.
    func stage(_ number: Int, at size: PixelSize) -> GenerationRequest {
        var stage = self
        (stage.width, stage.height) = (size.width, size.height)
        (stage.count, stage.drafts, stage.firstSide) = (1, 1, nil)
        // The picture was brought to the working size's proportions before.
        if mode == .generate { (stage.resize, stage.outputSize) = (.stretch, .working) }
        guard number > 0 else { return stage }
        if mode == .paint { (stage.mode, stage.resize) = (.generate, .stretch) }
        (stage.strength, stage.fill) = (refine, .original)
        return stage
    }
}

/// How near a draft is to what was asked for: of a picture's drafts the one with the highest value grows, the first of equals.
package typealias DraftScore = (Image) throws -> Float

extension ModelFamily {
    /// Drafts are compared at the first stage where what is painted is as large as a square of this side: of less an encoder tells little.
    static var comparedSide: Double { 96 }

    /// The drafts of a request that composes something anew and grows; nil for every other, and where nothing smaller than the picture comes
    /// before it. A picture of more than twice that side is not made several times as a whole, however small what is painted in it.
    func drafts(
        _ request: GenerationRequest, working: PixelSize, painted: PixelSize, _ sizes: [PixelSize]
    ) -> Pipeline.Drafts? {
        guard request.drafts > 1, request.grows, request.firstSide != nil else { return nil }
        let share = (Double(painted.pixelCount) / Double(working.pixelCount)).squareRoot()
        let compared = sizes.firstIndex { Double($0.pixelCount).squareRoot() * share >= Self.comparedSide }
        let most = Double(working.pixelCount).squareRoot() > 2 * Self.comparedSide ? sizes.count - 1 : sizes.count
        let tried = min((compared ?? sizes.count - 1) + 1, most)
        return tried > 0 ? Pipeline.Drafts(count: request.drafts, stages: tried) : nil
    }
}

extension RunTask {
    /// Of a picture that was made, what the mask covers and a little around it; all of it where there is no mask.
    func repaintedPart(of picture: Image) -> Image {
        guard let box = mask?.boundingBox else { return picture }
        let (across, down) = (box.width / 16, box.height / 16)
        let (left, top) = (max(0, box.x - across), max(0, box.y - down))
        let (right, bottom) = (min(picture.width, box.x + box.width + across), min(picture.height, box.y + box.height + down))
        return picture.cropped(to: PixelRectangle(x: left, y: top, width: right - left, height: bottom - top))
    }
}

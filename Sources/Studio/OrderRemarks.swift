import Engines
import Screening

extension Studio {
    /// What an order takes that its wish did not say, in words for people: the prompt of the approved tags, the picture's negative prompt; and that
    /// nothing is asked for, where the prompt was said to be empty.
    package func remarks(on order: GenerationOrder, _ wish: GenerationWish) -> [String] {
        let request = order.request
        guard request.mode != .paint, let sha256 = order.picture?.sha256,
            let library = try? premises.library(), let picture = try? library.picture(sha256: sha256)
        else { return Studio.remarks(onEmpty: request.prompt, hasPicture: order.picture != nil) }
        // Without guidance nothing is kept out.
        let negative = request.guidance > 1 && wish.negative == nil ? request.negative : ""
        if let number = order.promptNumber {
            let kept = negative.isEmpty ? "" : "; negative: \(negative)"
            return ["version \(number) of this picture's prompt: \(request.prompt)\(kept)"]
        }
        var remarks = Studio.remarks(onEmpty: request.prompt, hasPicture: true)
        if !negative.isEmpty, negative == (try? standingNegative(of: picture, besides: request.prompt)) {
            remarks.append("negative prompt, as this picture has it (--negative gives another): \(negative)")
        }
        return remarks
    }

    private static func remarks(onEmpty prompt: String, hasPicture: Bool) -> [String] {
        guard prompt.allSatisfy(\.isWhitespace) else { return [] }
        let instead = hasPicture ? "; without --prompt the tags that you approved are taken" : ""
        return ["the prompt is empty, so nothing in particular is asked for\(instead)"]
    }
}

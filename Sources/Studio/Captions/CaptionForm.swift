import Screening
import Vocabulary

/// How a picture's tags become the one line that trainers of LoRAs read beside it: kohya's sd-scripts take `photo.txt` for `photo.jpg`.
package struct CaptionForm: Codable, Sendable, Equatable {
    /// Whose tags they are.
    package enum Tags: String, Codable, Sendable, CaseIterable {
        /// What the person approved.
        case approved
        /// That, and what nobody decided on yet.
        case suggested
    }

    package var tags = Tags.approved
    /// Before the tags and behind them, such as the word that a LoRA is to learn. They keep their places when tags are shuffled.
    package var prefix = ""
    package var suffix = ""
    package var separator = ", "
    /// `tabby_cat` for "tabby cat", as collections of drawings write their tags.
    package var underscores = false
    /// Seed of another order for each picture; nil: the subject first, colours last, the likeliest first among those of a facet.
    package var shuffle: UInt64?

    package init() {}

    /// The line; nil where there is no tag to write.
    ///
    /// - Parameters:
    ///   - suggestions: as the library lists them, best first. Rejected ones are never written.
    ///   - sha256: the picture's, so that one seed shuffles each picture in its own way.
    func line(_ suggestions: [Suggestion], sha256: String) -> String? {
        var seen: Set<String> = []
        let written = suggestions.filter { $0.state == .approved || tags == .suggested && $0.state == .pending }
        var words = Dictionary(grouping: written) { Self.position(ofFacet: $0.facet) }.sorted { $0.key < $1.key }.flatMap(\.value)
            .map { underscores ? $0.text.replacing(" ", with: "_") : $0.text }
            .filter { seen.insert($0).inserted }
        guard !words.isEmpty else { return nil }
        if let shuffle {
            var random = SeededChoice(seed: shuffle ^ (UInt64(sha256.prefix(16), radix: 16) ?? 0))
            random.shuffle(&words)
        }
        return ([prefix] + words + [suffix]).filter { !$0.isEmpty }.joined(separator: separator)
    }

    /// What stands first in a caption counts most in training, and what is cut off there is its end: tones, which every picture has.
    private static func position(ofFacet facet: String) -> Int {
        facet == Facet.colour.rawValue ? .max : ScreeningDesk.position(ofFacet: facet)
    }
}

import Encoders
import Vocabulary

/// Tags with what is certain of the things that they name: "red car", "blue dress", "woman in red", "man in white and black".
struct DescribedTags {
    private let vocabulary: TagVocabulary
    /// Tags of what is worn above, and of what is worn below.
    private let garments: Set<String>
    private let garmentsBelow: Set<String>
    /// Where the likeliest garment is less likely than this, the person is described instead.
    private let leastGarment: Float
    private let counted: Set<String>
    /// Code points of what the library keeps with a tag.
    private static let longest = 200

    /// - Parameters:
    ///   - judgement: the encoder's own numbers; nil where nobody fitted any.
    ///   - counted: tags of several, of which one's colour says nothing.
    init(vocabulary: TagVocabulary, judgement: EncoderConfiguration.Judgement?, counted: Set<String>) {
        self.vocabulary = vocabulary
        garments = Set(judgement?.colours?.garments ?? [])
        garmentsBelow = Set(judgement?.colours?.below?.garments ?? [])
        leastGarment = judgement.map { $0.promptConfidences?[Facet.subject.rawValue] ?? $0.promptConfidence } ?? 1
        self.counted = counted
    }

    /// - Parameter suggestions: the likeliest first.
    /// - Returns: the same, but that what would be longer than the library keeps is not described.
    func described(_ suggestions: [Suggested], by things: [SeenThing]) -> [Suggested] {
        var described = suggestions
        func first(_ isMeant: (Suggested) -> Bool) -> Int? {
            described.firstIndex { $0.facet == .subject && $0.described == nil && isMeant($0) && takesColour($0.tag) }
        }
        func garment(_ garments: Set<String>) -> Int? { first { $0.confidence >= leastGarment && isKind($0, of: garments) } }
        for thing in things {
            guard thing.name == ThingColours.person else {
                if let colour = thing.colour, let index = first({ isKind($0, of: [thing.name]) }) {
                    described[index].described = "\(colour) \(described[index].tag)"
                }
                continue
            }
            var below = thing.colourBelow
            if let colour = below, let index = garment(garmentsBelow) {
                described[index].described = "\(colour) \(described[index].tag)"
                below = nil
            }
            guard let colour = thing.colour else { continue }
            if let index = garment(garments) {
                described[index].described = "\(colour) \(described[index].tag)"
            } else if let index = first({ isKind($0, of: [thing.name]) && !isKind($0, of: counted) }) {
                let both = below.flatMap { $0 == colour ? nil : " and \($0)" } ?? ""
                described[index].described = "\(described[index].tag) in \(colour)\(both)"
            }
        }
        return described.map { suggestion in
            var kept = suggestion
            if let text = kept.described, text.unicodeScalars.count > Self.longest { kept.described = nil }
            return kept
        }
    }

    private func isKind(_ suggestion: Suggested, of names: Set<String>) -> Bool {
        names.contains(suggestion.tag) || vocabulary.implied(by: suggestion.entry).contains { names.contains($0.name) }
    }

    /// Neither several things nor what has its colour in its name, as a brown bear has, nor "back of a person".
    private func takesColour(_ tag: String) -> Bool {
        let words = tag.split(separator: " ").map(String.init)
        return !counted.contains(tag) && words.allSatisfy { !Self.colours.contains($0) } && NounPhrase.head(of: words) == words.last
    }

    private static let colours = Set(ColourName.allCases.map(\.rawValue) + ["golden", "ginger", "gray", "tan"])
}

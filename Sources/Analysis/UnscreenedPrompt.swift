import Encoders
import Vocabulary

/// What of suggestions stands in a prompt that nobody has screened: what a person would leave in it. Where not even the likeliest subject
/// is sure enough, the prompt names none.
package struct UnscreenedPrompt: Sendable {
    private let vocabulary: TagVocabulary
    private let least: Float
    private let leastOf: [Facet: Float]
    private let limits: [Facet: Int]
    private let parts: [String: String]

    /// - Parameter judgement: the encoder's own numbers; nil where nobody fitted any.
    package init(vocabulary: TagVocabulary, judgement: EncoderConfiguration.Judgement?) {
        self.vocabulary = vocabulary
        least = judgement?.promptConfidence ?? Self.leastConfidence
        leastOf = [Facet: Float](byName: judgement?.promptConfidences ?? [:])
        limits = [Facet: Int](byName: judgement?.promptLimits ?? [:])
        parts = judgement?.parts ?? [:]
    }

    /// Less certain suggestions are for a person to decide on where the encoder's recipe says nothing else.
    private static let leastConfidence: Float = 0.25

    private static let room = "indoors"
    private static let plain = "plain background"

    /// - Parameters:
    ///   - suggestions: the likeliest first.
    ///   - isApproved: whether a person wants it: then it stays, whatever it is.
    package func chosen<S>(
        from suggestions: [S], tag: (S) -> String, facet: (S) -> Facet, confidence: (S) -> Float, isApproved: (S) -> Bool = { _ in false }
    ) -> [S] {
        // What a canvas is like the size says already, and a fault nobody wants drawn.
        func isLikely(_ suggestion: S, _ least: Float) -> Bool {
            confidence(suggestion) >= least && !FormatTags.contains(tag(suggestion))
        }
        func isNamed(_ suggestion: S) -> Bool {
            isApproved(suggestion) || isLikely(suggestion, leastOf[facet(suggestion)] ?? least)
        }
        // A picture is of something: where no subject is as sure as one beside others has to be, the likeliest is right more often than
        // not.
        func isMain(_ suggestion: S) -> Bool { facet(suggestion) == .subject && parts[tag(suggestion)] == nil }
        let isAnyNamed = suggestions.contains { isMain($0) && isNamed($0) }
        let main = isAnyNamed ? nil : suggestions.first { isMain($0) && isLikely($0, least) }.map(tag)
        let likely = suggestions.filter { isNamed($0) || facet($0) == .subject && tag($0) == main }
        let named = Set(
            likely.flatMap { suggestion in
                vocabulary.tag(named: tag(suggestion)).map { [$0.name] + vocabulary.implied(by: $0).map(\.name) } ?? []
            })
        var counts: [Facet: Int] = [:]
        return likely.filter { suggestion in
            if isApproved(suggestion) { return true }
            // Whoever is drawn has a face.
            if let whole = parts[tag(suggestion)], named.contains(whole) { return false }
            // Where nothing stands behind a thing there is no room either: it is the white of a drawing or of a shop's photograph.
            if tag(suggestion) == Self.room, named.contains(Self.plain) { return false }
            counts[facet(suggestion), default: 0] += 1
            return counts[facet(suggestion)]! <= limits[facet(suggestion)] ?? .max
        }
    }
}

extension Dictionary where Key == Facet {
    /// A facet that this version does not know is passed over.
    init(byName values: [String: Value]) {
        self.init(uniqueKeysWithValues: values.compactMap { name, value in Facet(rawValue: name).map { ($0, value) } })
    }
}

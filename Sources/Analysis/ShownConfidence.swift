import Encoders
import Vocabulary

/// Takes the confidences by which selection weighs tags to those that are shown, and back. On an encoder's fitted scale that is how often a
/// person agreed; where nobody judged a facet, a confidence is shown as it is.
struct ShownConfidence: Sendable {
    private let scales: [Facet: EncoderConfiguration.Scale]

    /// - Parameter judgement: the encoder's own numbers; nil where nobody fitted any.
    init(_ judgement: EncoderConfiguration.Judgement?) {
        guard let judgement else {
            scales = [:]
            return
        }
        let common = EncoderConfiguration.Scale(slope: judgement.shownSlope, offset: judgement.shownOffset)
        let shared = Dictionary(judgement.shownFacets.map { ($0, common) }) { first, _ in first }
        scales = .init(byName: shared.merging(judgement.shownScales ?? [:]) { _, own in own })
    }

    /// What a step of selection's log-odds is worth in those that are shown.
    func slope(of facet: Facet) -> Float { scales[facet]?.slope ?? 1 }

    /// What is shown of a confidence of selection's.
    func confidence(_ weighed: Float, facet: Facet) -> Float {
        guard let scale = scales[facet] else { return weighed }
        return Float(logOdds: scale.slope * weighed.logOdds - scale.offset)
    }

    /// The confidence of selection's that is shown as `probability`.
    func weighed(_ probability: Float, facet: Facet) -> Float {
        guard let scale = scales[facet] else { return probability }
        return Float(logOdds: (probability.logOdds + scale.offset) / scale.slope)
    }

    /// With the confidence that is shown. What the encoder saw was put on selection's scale; what a head, a tagger or a measurement says never
    /// was.
    func told(_ suggestion: Suggested) -> Suggested {
        guard Self.isWeighed(suggestion.source) else { return suggestion }
        var told = suggestion
        told.confidence = confidence(suggestion.confidence, facet: suggestion.facet)
        return told
    }

    /// What is hidden is told on the scale of what is shown.
    func told(_ dropped: Dropped) -> Dropped {
        guard Self.isWeighed(dropped.source) else { return dropped }
        var reason = dropped.reason
        if case .unlikely(let threshold) = reason { reason = .unlikely(threshold: confidence(threshold, facet: dropped.facet)) }
        return Dropped(
            tag: dropped.tag, facet: dropped.facet, confidence: confidence(dropped.confidence, facet: dropped.facet),
            source: dropped.source, reason: reason)
    }

    private static func isWeighed(_ source: Suggested.Source) -> Bool { source == .ranked || source == .seen }
}

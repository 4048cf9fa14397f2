import Foundation
import Vocabulary

extension Analyzer {
    /// How the picture was made: as the encoder's head says or, where it has none, a soft-max over the vocabulary's main mediums.
    ///
    /// The head knows few mediums. Where one that it does not know was seen, or a kind of one, the rest share what that leaves. What is less
    /// likely than not is no ground to take the head's word for less.
    func mediums(_ look: Look, _ seen: SeenTags?, cosines: [Float]) -> [AnalysisResult.Medium] {
        guard look.whole.mediums.isEmpty else {
            var shares = Dictionary(look.whole.mediums.map { ($0.name, $0.probability) }) { first, _ in first }
            for tag in mediumTags {
                guard let share = seen?.confidences[tag.name], share >= 0.5 else { continue }
                shares = shares.mapValues { $0 * (1 - share) }
                shares[vocabulary.implied(by: tag).last?.name ?? tag.name, default: 0] += share
            }
            return shares.map { AnalysisResult.Medium(name: $0.key, probability: $0.value) }
                .sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
        }
        let rows = Self.mainMediums.compactMap { name in
            vocabulary.tag(named: name).flatMap { tag in tag.facet == .medium ? row(of: tag).map { (tag.name, $0) } : nil }
        }
        guard rows.count > 1, let nearest = rows.map({ cosines[$0.1] }).max() else { return [] }
        let powers = rows.map { exp(encoder.softmaxScale * (cosines[$0.1] - nearest)) }
        let sum = powers.reduce(0, +)
        return zip(rows, powers).map { AnalysisResult.Medium(name: $0.0, probability: $1 / sum) }
            .sorted { ($1.probability, $0.name) < ($0.probability, $1.name) }
    }

    private static let mainMediums = ["photo", "painting", "cartoon", "sketch", "3d render"]
}

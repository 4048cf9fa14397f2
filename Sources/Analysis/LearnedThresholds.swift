import Vocabulary
import Foundation

/// A suggestion that a person decided on, as it was shown.
package struct DecidedSuggestion: Sendable, Hashable {
    package let facet: Facet
    /// As it was shown, from 0 to 1.
    package let confidence: Double
    package let approved: Bool

    package init(facet: Facet, confidence: Double, approved: Bool) {
        (self.facet, self.confidence, self.approved) = (facet, confidence, approved)
    }
}

/// What a person's decisions say of confidences, facet by facet: whoever rejects most styles that were 60 % sure wants styles surer.
///
/// For a facet, log-odds of approval = log-odds of the confidence + shift; the shift is fitted by maximum likelihood with a normal prior of
/// deviation 1 about 0, so that few decisions move it little. With fewer than `minimumDecisions` its own error (about 2 / √n, 0.45 for 20)
/// comes near the prior's width and it would mostly be noise; with all answers alike it would only run away: nothing is learned then.
package struct LearnedThresholds: Sendable, Equatable {
    /// What the decisions on a facet's suggestions come to.
    package struct Entry: Sendable, Equatable, Codable {
        package let facet: String
        package let decisions: Int
        package let approved: Int
        /// Added to the log-odds of this facet's confidences; 0 where nothing is learned yet.
        package let shift: Double
        /// Whether there were enough decisions.
        package let isLearned: Bool
    }

    package static let minimumDecisions = 20
    /// Of each answer.
    package static let minimumOfEach = 3
    static let limit = 2.0

    /// Facets with decisions, in their usual order.
    package let entries: [Entry]

    package static let none = LearnedThresholds(from: [])

    package init(from decisions: [DecidedSuggestion]) {
        let byFacet = Dictionary(grouping: decisions, by: \.facet)
        entries = byFacet.keys.sorted().map { facet in
            let own = byFacet[facet] ?? []
            let approved = own.count(where: \.approved)
            let isEnough =
                own.count >= Self.minimumDecisions && approved >= Self.minimumOfEach && own.count - approved >= Self.minimumOfEach
            return Entry(
                facet: facet.rawValue, decisions: own.count, approved: approved, shift: isEnough ? Self.shift(own) : 0, isLearned: isEnough)
        }
    }

    /// What is added to the log-odds of a facet's confidences.
    package func shift(of facet: Facet) -> Float {
        Float(entries.first { $0.facet == facet.rawValue }?.shift ?? 0)
    }

    /// Where the log-posterior's slope, which only falls, is zero: by bisection, for Newton's method runs away where the answers contradict sure
    /// confidences.
    private static func shift(_ decisions: [DecidedSuggestion]) -> Double {
        let odds = decisions.map { min(max($0.confidence, 0.01), 0.99).logOdds }
        let approved = Double(decisions.count(where: \.approved))
        var (low, high) = (-limit, limit)
        for _ in 0..<40 {
            let middle = (low + high) / 2
            let slope = approved - odds.reduce(0) { $0 + Double(logOdds: $1 + middle) } - middle
            if slope > 0 { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

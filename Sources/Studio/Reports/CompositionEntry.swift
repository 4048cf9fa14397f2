import Analysis
import Screening

/// How a prompt was composed, in the shape that scripts read and that the library keeps with an analysis.
package struct CompositionEntry: Codable, Sendable, Equatable {
    /// What a tag does for a prompt.
    package struct Gain: Codable, Sendable, Equatable {
        package let tag: String
        /// What the prompt's cosine with the picture loses without the tag.
        package let gain: Double
    }

    /// How one thing stands to another, by the tags that name them: the prompt says it where both are in it.
    package struct Relation: Codable, Sendable, Equatable {
        package let subject: String
        package let preposition: String
        package let support: String
    }

    /// `full` or `fast`.
    package let mode: String
    /// Cosine of the prompt with the picture; nil where the text tower was not asked.
    @OrNull package internal(set) var similarity: Double?
    /// Prompts that were compared.
    package let tried: Int
    package let gains: [Gain]
    /// Nil where the encoder does not see where things are, and in analyses that were made before anything told.
    @OrNull package internal(set) var relations: [Relation]?

    init(_ scores: CompositionScores, _ told: [ThingRelation]?) {
        func rounded(_ value: Float) -> Double { (Double(value) * 10_000).rounded() / 10_000 }
        mode = scores.mode.rawValue
        similarity = scores.similarity.map(rounded)
        tried = scores.tried
        gains = scores.gains.map { Gain(tag: $0.tag, gain: rounded($0.gain)) }
        relations = told?.map { Relation(subject: $0.subject, preposition: $0.preposition.rawValue, support: $0.support) }
    }

    /// What the library keeps of it; nil in analyses that were made before anything told.
    init?(_ analysis: AnalysisRecord) throws {
        guard let kept: CompositionEntry = try analysis.composition?.decoded() else { return nil }
        self = kept
    }

    /// Those relations that this version can say; a newer one may know more.
    var told: [ThingRelation] {
        (relations ?? []).compactMap { relation in
            ThingRelation.Preposition(rawValue: relation.preposition).map {
                ThingRelation(subject: relation.subject, preposition: $0, support: relation.support)
            }
        }
    }
}

extension Library {
    /// How the things in a picture stand to each other, as the latest analysis says that looked for it.
    func relations(of picture: Int64) throws -> [ThingRelation] {
        let kept = try analyses(of: picture).lazy.compactMap { $0.composition?.listed(as: CompositionEntry.self).value }
        return kept.first { $0.relations != nil }?.told ?? []
    }
}

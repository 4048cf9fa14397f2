/// How one thing in a picture stands to another: a cat on a sofa. Both go by the tags that name them.
package struct ThingRelation: Sendable, Hashable {
    /// The word between them.
    package enum Preposition: String, Sendable, Hashable, CaseIterable {
        case on
        case `in`
        case at
    }

    package let subject: String
    package let preposition: Preposition
    /// What the subject stands, sits, lies or rides on, or is in.
    package let support: String

    package init(subject: String, preposition: Preposition, support: String) {
        (self.subject, self.preposition, self.support) = (subject, preposition, support)
    }
}

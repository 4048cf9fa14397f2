import Screening

/// One thing that a person decides at the desk. Editing or weighing a suggestion approves it.
///
/// A suggestion is meant by its number, or by its tag, another name of the tag or its edited text; letter case, hyphens and underscores do
/// not count then.
package struct ScreeningDecision: Sendable, Hashable {
    let change: Change

    private init(_ change: Change) { self.change = change }

    package static func approve(suggestion id: Int64) -> ScreeningDecision { .init(.approve(.id(id))) }
    package static func approve(tag: String) -> ScreeningDecision { .init(.approve(.tag(tag))) }

    package static func reject(suggestion id: Int64) -> ScreeningDecision { .init(.reject(.id(id))) }
    package static func reject(tag: String) -> ScreeningDecision { .init(.reject(.tag(tag))) }

    /// Takes a decision back: the suggestion is pending again.
    package static func reset(suggestion id: Int64) -> ScreeningDecision { .init(.reset(.id(id))) }
    package static func reset(tag: String) -> ScreeningDecision { .init(.reset(.tag(tag))) }

    /// Approves with another text, in place of the tag's own.
    package static func edit(suggestion id: Int64, to text: String) -> ScreeningDecision { .init(.edit(.id(id), to: text)) }
    package static func edit(tag: String, to text: String) -> ScreeningDecision { .init(.edit(.tag(tag), to: text)) }

    /// Approves with a weight within ``weights``.
    package static func weigh(suggestion id: Int64, _ weight: Double) -> ScreeningDecision { .init(.weigh(.id(id), weight)) }
    package static func weigh(tag: String, _ weight: Double) -> ScreeningDecision { .init(.weigh(.tag(tag), weight)) }

    /// A tag of the person's own. One that is suggested already is approved instead.
    package static func add(tag: String, facet: String) -> ScreeningDecision { .init(.add(tag: tag, facet: facet)) }

    /// Approves every pending suggestion at or above this confidence, from 0 to 1.
    package static func approveAbove(_ confidence: Double) -> ScreeningDecision { .init(.approveAbove(confidence)) }

    /// Weights that are taken. 1 is no weight at all.
    package static let weights = Suggestion.weights
}

/// What deciding or undoing leaves.
package struct DecisionsTaken: Sendable {
    /// Empty where nothing had to change.
    package let decisions: [HistoryReport.Taken]
    /// All of the picture's, best first.
    package let suggestions: [SuggestionReport]

    init(_ outcome: DecisionOutcome) {
        decisions = outcome.decisions.map(HistoryReport.Taken.init)
        suggestions = outcome.suggestions.map(SuggestionReport.init)
    }
}

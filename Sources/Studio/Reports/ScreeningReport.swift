/// What deciding leaves of a picture.
package struct ScreeningReport: Encodable, Sendable {
    package let suggestions: [SuggestionReport]
    package let counts: PictureSummary.Counts
    package let compose: ComposedReport
    /// As in ``PictureSummary``.
    @OrNull package internal(set) var lastDecision: Int64?
    @OrNull package internal(set) var lastPrompt: Int?
}

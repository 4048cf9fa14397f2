import Analysis

/// How an analysis composes its prompt.
package enum PromptComposition: String, Sendable, CaseIterable {
    /// Compares whole prompts with the picture.
    case full
    /// Joins the likely tags.
    case fast

    var mode: CompositionMode {
        switch self {
        case .full: .full
        case .fast: .fast
        }
    }
}

import Screening

/// What an import brought into the library.
package struct ImportReport: Encodable, Sendable, Equatable {
    package let picturesAdded: Int
    package let picturesMerged: Int
    package let analysesAdded: Int
    package let suggestionsAdded: Int
    /// Decisions taken over for suggestions that were not decided here.
    package let decisionsTaken: Int
    /// Suggestions decided differently here, which stay as they are.
    package let decisionsKept: Int
    package let promptsAdded: Int
    package let generationsAdded: Int

    init(_ tally: ImportTally) {
        (picturesAdded, picturesMerged, analysesAdded) = (tally.picturesAdded, tally.picturesMerged, tally.analysesAdded)
        (suggestionsAdded, decisionsTaken, decisionsKept) = (tally.suggestionsAdded, tally.decisionsTaken, tally.decisionsKept)
        (promptsAdded, generationsAdded) = (tally.promptsAdded, tally.generationsAdded)
    }
}

import Screening

/// What an import brought into the library.
package struct ImportedReport: Encodable, Sendable, Equatable {
    package let picturesAdded: Int
    /// Pictures that were here already.
    package let picturesMerged: Int
    /// Places where pictures were seen.
    package let pathsAdded: Int
    package let analysesAdded: Int
    package let suggestionsAdded: Int
    /// Decisions taken over for suggestions that were not decided here.
    package let decisionsTaken: Int
    /// Suggestions decided differently here, which stay as they are.
    package let decisionsKept: Int
    package let promptsAdded: Int
    package let generationsAdded: Int
    /// Where encoders place pictures: another library brings them, a text does not.
    package let embeddingsAdded: Int
    /// Pictures of another library that did not come in, a line each: which, what of it cannot be read, and what to do.
    package let leftOut: [String]
    /// Whether nothing came in that was not here before. Scripts are not told it.
    package let isNothing: Bool

    private enum CodingKeys: CodingKey {
        case picturesAdded, picturesMerged, pathsAdded, analysesAdded, suggestionsAdded, decisionsTaken, decisionsKept, promptsAdded
        case generationsAdded, embeddingsAdded, leftOut
    }

    init(_ report: ImportReport) {
        (picturesAdded, picturesMerged, pathsAdded) = (report.picturesAdded, report.picturesMerged, report.pathsAdded)
        (analysesAdded, suggestionsAdded) = (report.analysesAdded, report.suggestionsAdded)
        (decisionsTaken, decisionsKept) = (report.decisionsTaken, report.decisionsKept)
        (promptsAdded, generationsAdded, embeddingsAdded) = (report.promptsAdded, report.generationsAdded, report.embeddingsAdded)
        (leftOut, isNothing) = (report.leftOut, report.isNothing)
    }
}

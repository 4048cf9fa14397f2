import Foundation
import Screening

/// A picture of the library as a list shows it; no path of the machine is in it.
package struct PictureSummary: Codable, Sendable, Equatable {
    /// How many suggestions are in each state.
    package struct Counts: Codable, Sendable, Equatable {
        package let approved: Int
        package let rejected: Int
        package let pending: Int
    }

    package let id: Int64
    package let name: String
    package let width: Int
    package let height: Int
    package let sha256: String
    package let added: Date
    /// `none`, `waiting`, `running`, `done` or `failed`.
    package let analysis: String
    /// Why the analysis failed.
    @OrNull package internal(set) var message: String?
    package let counts: Counts
    /// The latest prompt version's text.
    @OrNull package internal(set) var prompt: String?
    /// The number of the last decision, and of the latest prompt version: whoever shows another one shows what was.
    @OrNull package internal(set) var lastDecision: Int64?
    @OrNull package internal(set) var lastPrompt: Int?
    /// Generations that are done.
    package let generations: Int
    /// The most stars that one of them has; 0 for none.
    package let bestStars: Int
    /// The generation that made this picture.
    @OrNull package internal(set) var parent: Int64?
    /// The picture that this one was enlarged from.
    @OrNull package internal(set) var enlargedFrom: Int64?
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?

    init(_ picture: ListedPicture, isAnalysed: Bool) {
        (id, name, width, height) = (picture.id, picture.name, picture.width, picture.height)
        (sha256, added, message, prompt) = (picture.sha256, picture.addedAt, picture.analysisFailure, picture.prompt)
        analysis =
            isAnalysed
            ? "running"
            : picture.wantedAnalysis != nil
                ? "waiting" : picture.analysisFailure != nil ? "failed" : picture.analyses > 0 ? "done" : "none"
        counts = Counts(approved: picture.approved, rejected: picture.rejected, pending: picture.pending)
        (lastDecision, lastPrompt) = (picture.lastDecision, picture.lastPrompt)
        (generations, bestStars, parent) = (picture.generations, picture.bestStars, picture.madeBy)
        (enlargedFrom, damaged) = (picture.enlargedFrom, picture.damaged)
    }
}

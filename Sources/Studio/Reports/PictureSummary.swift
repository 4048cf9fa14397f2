public import Foundation
import Screening

/// A picture of the library as a list shows it; no path of the machine is in it.
public struct PictureSummary: Codable, Sendable, Equatable {
    public struct Counts: Codable, Sendable, Equatable {
        public let approved: Int
        public let rejected: Int
        public let pending: Int
    }

    public let id: Int64
    public let name: String
    public let width: Int
    public let height: Int
    public let sha256: String
    public let added: Date
    /// `none`, `waiting`, `running`, `done` or `failed`.
    public let analysis: String
    /// Why the analysis failed.
    @OrNull public internal(set) var message: String?
    public let counts: Counts
    /// The latest prompt version's text.
    @OrNull public internal(set) var prompt: String?
    /// The number of the last decision, and of the latest prompt version: whoever shows another one shows what was.
    @OrNull public internal(set) var lastDecision: Int64?
    @OrNull public internal(set) var lastPrompt: Int?
    /// Generations that are done.
    public let generations: Int
    /// The most stars that one of them has; 0 for none.
    public let bestStars: Int
    /// The generation that made this picture.
    @OrNull public internal(set) var parent: Int64?

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
    }
}

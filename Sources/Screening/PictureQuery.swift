import Foundation

/// Which pictures of the library are wanted, and in which order.
package struct PictureQuery: Sendable, Hashable {
    /// How far the screening of a picture is.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// Analysed, and nothing decided yet.
        case unscreened
        /// Something waits for a decision.
        case pending
        /// Something is approved.
        case approved
        /// Something is rejected.
        case rejected
        /// Its analysis waits or runs.
        case analysing
        /// Its analysis failed.
        case failed
    }

    /// By when a picture came, or by its file's name.
    package enum Order: String, Sendable, Hashable, CaseIterable {
        case newest, oldest, name
    }

    /// Words that all stand in the tags, the prompt or the name; the last one may be the beginning of a word.
    package var words = ""
    package var state: State?
    /// A tag, or another name of it, that is suggested or approved.
    package var tag: String?
    /// Some result of it has at least so many stars.
    package var stars: Int?
    /// Added at this moment or later.
    package var since: Date?
    /// Redrawn with this model, or made by it.
    package var model: String?
    package var order = Order.newest
    package var offset = 0
    package var limit = 50
    /// Those in the bin instead of those that are not.
    package var isBinned = false

    package init() {}
}

/// A picture as a list shows it.
package struct ListedPicture: Sendable, Hashable, Identifiable {
    package let id: Int64
    package let sha256: String
    package let name: String
    package let width: Int
    package let height: Int
    package let addedAt: Date
    package let binnedAt: Date?
    /// Analyses that the library holds of it.
    package let analyses: Int
    /// How the analysis that waits for its turn is wanted, as JSON; nil where none waits.
    package let wantedAnalysis: String?
    /// Why the last analysis failed.
    package let analysisFailure: String?
    package let approved: Int
    package let rejected: Int
    package let pending: Int
    /// Generations that are done, those in the bin apart.
    package let generations: Int
    /// The most stars that one of them has; 0 for none.
    package let bestStars: Int
    /// Its latest prompt version's text.
    package let prompt: String?
    /// The number of the last decision on it, of a change taken back too.
    package let lastDecision: Int64?
    /// The number of its latest prompt version.
    package let lastPrompt: Int?
    /// The first generation that made this very file.
    package let madeBy: Int64?
    /// The picture that it was enlarged from.
    package let enlargedFrom: Int64?
    /// What of it cannot be read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

public import Foundation

/// Which pictures of the library are wanted, and in which order.
public struct PictureQuery: Sendable, Hashable {
    /// How far the screening of a picture is.
    public enum State: String, Sendable, Hashable, CaseIterable {
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

    public enum Order: String, Sendable, Hashable, CaseIterable {
        case newest, oldest, name
    }

    /// Words that all stand in the tags, the prompt or the name; the last one may be the beginning of a word.
    public var words = ""
    public var state: State?
    /// A tag, or another name of it, that is suggested or approved.
    public var tag: String?
    /// Some result of it has at least so many stars.
    public var stars: Int?
    public var order = Order.newest
    public var offset = 0
    public var limit = 50
    /// Those in the bin instead of those that are not.
    public var isBinned = false

    public init() {}
}

/// A picture as a list shows it.
public struct ListedPicture: Sendable, Hashable, Identifiable {
    public let id: Int64
    public let sha256: String
    public let name: String
    public let width: Int
    public let height: Int
    public let addedAt: Date
    public let binnedAt: Date?
    /// Analyses that the library holds of it.
    public let analyses: Int
    /// How the analysis that waits for its turn is wanted, as JSON; nil where none waits.
    public let wantedAnalysis: String?
    /// Why the last analysis failed.
    public let analysisFailure: String?
    public let approved: Int
    public let rejected: Int
    public let pending: Int
    /// Generations that are done, those in the bin apart.
    public let generations: Int
    /// The most stars that one of them has; 0 for none.
    public let bestStars: Int
    /// Its latest prompt version's text.
    public let prompt: String?
    /// The number of the last decision on it, of a change taken back too.
    public let lastDecision: Int64?
    /// The number of its latest prompt version.
    public let lastPrompt: Int?
    /// The first generation that made this very file.
    public let madeBy: Int64?
}

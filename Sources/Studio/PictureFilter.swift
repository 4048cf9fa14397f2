import Screening

/// Which pictures of the library are wanted, and in which order.
package struct PictureFilter: Sendable, Hashable {
    /// How far the screening of a picture is.
    package enum State: String, Sendable, Hashable, CaseIterable {
        /// `unscreened`: analysed, and nothing decided yet; `pending`: something waits for a decision.
        case unscreened, pending, approved, rejected
        /// Its analysis waits or runs, or failed.
        case analysing, failed
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
    package var order = Order.newest
    package var offset = 0
    package var limit = 50
    /// Those in the bin instead of those that are not.
    package var isBinned = false

    package init() {}

    /// The same in the library's words.
    var query: PictureQuery {
        var query = PictureQuery()
        (query.words, query.tag, query.stars) = (words, tag, stars)
        (query.offset, query.limit, query.isBinned) = (offset, limit, isBinned)
        query.state = state.map { state in
            switch state {
            case .unscreened: .unscreened
            case .pending: .pending
            case .approved: .approved
            case .rejected: .rejected
            case .analysing: .analysing
            case .failed: .failed
            }
        }
        query.order =
            switch order {
            case .newest: .newest
            case .oldest: .oldest
            case .name: .name
            }
        return query
    }
}

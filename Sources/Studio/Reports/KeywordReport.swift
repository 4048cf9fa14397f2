/// What became of a picture's keywords.
package struct KeywordReport: Codable, Sendable {
    /// What became of them.
    package enum State: String, Codable, Sendable {
        case written
        /// The file said so already.
        case same
        /// Nothing was left in the sidecar, and it went.
        case removed
        /// There is no approved tag, and none of ours stood there.
        case empty
    }

    package let picture: String
    package let file: String
    /// Those that Redraw put there.
    package let keywords: [String]
    /// How many are somebody else's, and stay.
    package let others: Int
    package let state: State
}

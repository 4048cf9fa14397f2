import Foundation

/// A picture that a search found, with where it lies.
package struct FoundPicture: Codable, Sendable {
    package let id: Int64
    package let name: String
    /// Where it was last seen; nil for one that only an export brought.
    @OrNull package internal(set) var path: String?
    package let sha256: String
    package let width: Int
    package let height: Int
    package let added: Date
    package let approved: Int
    package let rejected: Int
    package let pending: Int
    /// The latest prompt version's text.
    @OrNull package internal(set) var prompt: String?
    package let generations: Int
    /// The most stars that one of them has; 0 for none.
    package let stars: Int
}

import Foundation

/// A generation with all that is known of it; no path of the machine is in it.
package struct GenerationDetail: Codable, Sendable {
    /// A picture that was made. Its number within the generation counts from 1.
    package struct Output: Codable, Sendable {
        package let number: Int
        @OrNull package internal(set) var width: Int?
        @OrNull package internal(set) var height: Int?
        package let sha256: String
        /// Its number as a picture of the library; nil where it was not taken in.
        @OrNull package internal(set) var picture: Int64?
        @OrNull package internal(set) var seed: UInt64?
    }

    package let id: Int64
    package let kind: String
    package let status: String
    @OrNull package internal(set) var message: String?
    package let outputs: [Output]
    package let seed: UInt64
    package let steps: GenerationEntry.Steps
    package let model: String
    package let profile: String
    package let precision: String
    @OrNull package internal(set) var seconds: [String: Double]?
    @OrNull package internal(set) var untouched: GenerationEntry.Untouched?
    /// The picture that was redrawn.
    @OrNull package internal(set) var picture: Int64?
    /// The version of its prompt that was used.
    @OrNull package internal(set) var promptVersion: Int?
    /// Empty, as the negative one, where it cannot be read.
    package let prompt: String
    package let negative: String
    @OrNull package internal(set) var strength: Double?
    @OrNull package internal(set) var mask: String?
    package let stars: Int
    package let kept: Bool
    /// What makes it again; nil where nobody knows that.
    @OrNull package internal(set) var wish: LibraryWish?
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?
    package let created: Date
    @OrNull package internal(set) var finished: Date?
}

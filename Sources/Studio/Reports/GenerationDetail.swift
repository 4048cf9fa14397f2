public import Foundation

/// A generation with all that is known of it; no path of the machine is in it.
public struct GenerationDetail: Codable, Sendable {
    /// A picture that was made. Its number within the generation counts from 1.
    public struct Output: Codable, Sendable {
        public let number: Int
        @OrNull public internal(set) var width: Int?
        @OrNull public internal(set) var height: Int?
        public let sha256: String
        /// Its number as a picture of the library; nil where it was not taken in.
        @OrNull public internal(set) var picture: Int64?
        @OrNull public internal(set) var seed: UInt64?
    }

    public let id: Int64
    public let kind: String
    public let status: String
    @OrNull public internal(set) var message: String?
    public let outputs: [Output]
    public let seed: UInt64
    public let steps: GenerationEntry.Steps
    public let model: String
    public let profile: String
    public let precision: String
    @OrNull public internal(set) var seconds: [String: Double]?
    @OrNull public internal(set) var untouched: GenerationEntry.Untouched?
    /// The picture that was redrawn.
    @OrNull public internal(set) var picture: Int64?
    /// The version of its prompt that was used.
    @OrNull public internal(set) var promptVersion: Int?
    public let prompt: String
    public let negative: String
    @OrNull public internal(set) var strength: Double?
    @OrNull public internal(set) var mask: String?
    public let stars: Int
    public let kept: Bool
    /// What makes it again.
    public let wish: LibraryWish
    public let created: Date
    @OrNull public internal(set) var finished: Date?
}

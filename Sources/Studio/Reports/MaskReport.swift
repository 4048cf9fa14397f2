/// A mask that the library keeps.
package struct MaskReport: Codable, Sendable {
    /// SHA-256 of its file.
    package let id: String
    package let width: Int
    package let height: Int
    /// How much of it is repainted, from 0 to 1.
    package let share: Double
}

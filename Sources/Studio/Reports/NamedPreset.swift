/// A preset, and where it is kept.
package struct NamedPreset: Codable, Sendable, Equatable {
    package let name: String
    /// `file` or `library`.
    package let place: String
}

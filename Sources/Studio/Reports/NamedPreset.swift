/// A preset, and where it is kept.
package struct NamedPreset: Codable, Sendable, Equatable {
    package let name: String
    /// `file` or `library`.
    package let place: String
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String? = nil
}

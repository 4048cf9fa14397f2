/// A wish that a person keeps under a name.
package struct PresetReport: Codable, Sendable {
    package let name: String
    /// Empty where it cannot be read.
    package let wish: LibraryWish
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String? = nil

    /// - Throws: ``StudioError/damagedPreset(_:reason:)`` where it cannot be read.
    func readable() throws(StudioError) -> PresetReport {
        if let damaged { throw .damagedPreset(name, reason: damaged) }
        return self
    }
}

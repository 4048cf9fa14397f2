/// A wish that a person keeps under a name.
package struct PresetReport: Codable, Sendable {
    package let name: String
    package let wish: LibraryWish
}

/// What a pasted text of settings comes to.
package struct InfotextReport: Codable, Sendable {
    package let wish: LibraryWish
    /// What of it was left out, and why.
    package let notes: [String]
}

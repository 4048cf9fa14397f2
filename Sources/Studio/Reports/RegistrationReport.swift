/// What became of a file that was to be registered.
package struct RegistrationReport: Codable, Sendable {
    /// What it is called from now on; nil where it was not registered.
    @OrNull package internal(set) var name: String?
    package let path: String
    /// `added`, `known` (registered before), `passed over`.
    package let state: String
    /// What it is: "checkpoint, SDXL".
    package let what: String
    /// How to use it, or why it was passed over.
    package let use: String
}

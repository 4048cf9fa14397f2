/// A model that is known here.
package struct ModelEntry: Codable, Sendable {
    package let name: String
    package let title: String
    package let kind: String
    package let family: String
    package let license: String
    package let source: String
    package let description: String
    package let installed: Bool
    /// Of its files here; nil where it is not installed.
    package let bytes: Int?
    package let folder: String?
    /// About how much a complete copy takes; nil where nobody says.
    package internal(set) var gigabytes: Double?
    /// How its prompts are written: phrase, tags or sentence; nil where nobody says.
    package internal(set) var prompts: String?
}

/// A model that is known here.
public struct ModelEntry: Codable, Sendable {
    public let name: String
    public let title: String
    public let kind: String
    public let family: String
    public let license: String
    public let source: String
    public let description: String
    public let installed: Bool
    /// Of its files here; nil where it is not installed.
    public let bytes: Int?
    public let folder: String?
}

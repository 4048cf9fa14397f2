/// Something that was looked at, and how it was found.
public struct Finding: Codable, Sendable {
    public let subject: String
    public let isSound: Bool
    public let text: String
}

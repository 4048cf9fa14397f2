/// Something that was looked at, and how it was found.
package struct Finding: Codable, Sendable {
    package let subject: String
    package let isSound: Bool
    package let text: String
}

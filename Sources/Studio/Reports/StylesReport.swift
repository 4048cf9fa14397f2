/// What taking a table of styles in came to.
package struct StylesReport: Codable, Sendable {
    package let added: [String]
    package let replaced: [String]
    /// Of these names there was another one, which stays.
    package let kept: [String]
}

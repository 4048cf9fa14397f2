/// How much there is in a library.
package struct StatusReport: Codable, Sendable {
    package let pictures: Int
    /// Those with suggestions that nobody decided on.
    package let pending: Int
    package let bin: Int
    /// That wait or run.
    package let jobs: Int
}

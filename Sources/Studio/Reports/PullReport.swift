/// What was fetched.
package struct PullReport: Codable, Sendable {
    /// What it is called with `--model`.
    package let name: String
    package let files: [String]
    package let bytes: Int
    package let what: String
    package let use: String
}

/// What was fetched.
package struct PullReport: Codable, Sendable {
    /// What it is called with `--model`.
    package let name: String
    package let files: [String]
    /// Of what was fetched or stood there already; 0 where nothing might be fetched.
    package let bytes: Int
    package let what: String
    package let use: String
}

/// What forgetting a picture takes out of the library, and which files go with it.
package struct ForgottenReport: Codable, Sendable {
    package let picture: Int64
    package let sha256: String
    package let analyses: Int
    package let decisions: Int
    package let prompts: Int
    package let generations: Int
    /// Files of the library's own that are removed.
    package let removed: [String]
    /// Files of the person's that stay where they are: the picture's own, and what was made of it.
    package let stays: [String]
}

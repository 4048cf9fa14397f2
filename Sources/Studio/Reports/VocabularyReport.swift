/// A vocabulary, and what its checker has to say.
package struct VocabularyReport: Codable, Sendable {
    /// What is wrong with a line, and in which file.
    package struct Problem: Codable, Sendable {
        package let file: String
        package let line: Int
        package let reason: String
    }
    package let name: String
    package let sha256: String
    package let tags: Int
    package let facets: [String: Int]
    package let problems: [Problem]
}

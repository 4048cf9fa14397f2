/// A vocabulary, and what its checker has to say.
public struct VocabularyReport: Codable, Sendable {
    public struct Problem: Codable, Sendable {
        public let file: String
        public let line: Int
        public let reason: String
    }
    public let name: String
    public let sha256: String
    public let tags: Int
    public let facets: [String: Int]
    public let problems: [Problem]
}

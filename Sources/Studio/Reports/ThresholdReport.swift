import Foundation

/// What is learned of a facet, in the shape that scripts read.
package struct ThresholdEntry: Codable, Sendable {
    package let facet: String
    /// Decisions that count, and how many of them approve.
    package let decisions: Int
    package let approved: Int
    /// Whether there are enough decisions.
    package let learned: Bool
    /// What is added to the log-odds of the facet's confidences.
    package let shift: Double
    /// The confidence from which tags are suggested without what is learned, and with it.
    package let threshold: Double
    package let learnedThreshold: Double
}

/// All that is learned from decisions for one encoder and vocabulary.
package struct ThresholdReport: Codable, Sendable {
    package let encoder: String
    package let vocabulary: String
    package let confidence: ConfidenceEntry
    /// So many decisions on a facet are needed, and so many of each answer.
    package let minimumDecisions: Int
    package let minimumOfEach: Int
    package let facets: [ThresholdEntry]
    /// When earlier decisions were set aside.
    package let resetAt: Date?
}

/// What a calibration found.
package struct CalibrationReport: Codable, Sendable {
    package let encoder: String
    package let vocabulary: String
    package let tags: Int
    package let pictures: Int
    package let confidence: ConfidenceEntry
    /// Files that could not be read, and why.
    package let failures: [String]
}

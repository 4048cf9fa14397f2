public import Foundation

/// What is learned of a facet, in the shape that scripts read.
public struct ThresholdEntry: Codable, Sendable {
    public let facet: String
    /// Decisions that count, and how many of them approve.
    public let decisions: Int
    public let approved: Int
    /// Whether there are enough decisions.
    public let learned: Bool
    /// What is added to the log-odds of the facet's confidences.
    public let shift: Double
    /// The confidence from which tags are suggested without what is learned, and with it.
    public let threshold: Double
    public let learnedThreshold: Double
}

/// All that is learned from decisions for one encoder and vocabulary.
public struct ThresholdReport: Codable, Sendable {
    public let encoder: String
    public let vocabulary: String
    public let confidence: ConfidenceEntry
    /// So many decisions on a facet are needed, and so many of each answer.
    public let minimumDecisions: Int
    public let minimumOfEach: Int
    public let facets: [ThresholdEntry]
    /// When earlier decisions were set aside.
    public let resetAt: Date?
}

/// What a calibration found.
public struct CalibrationReport: Codable, Sendable {
    public let encoder: String
    public let vocabulary: String
    public let tags: Int
    public let pictures: Int
    public let confidence: ConfidenceEntry
    /// Files that could not be read, and why.
    public let failures: [String]
}

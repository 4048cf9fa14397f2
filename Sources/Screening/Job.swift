public import Foundation

/// An order on its way to pictures.
public struct Job: Sendable, Hashable, Identifiable {
    public enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case queued, running, done, failed, cancelled

        public var isOver: Bool { self != .queued && self != .running }
    }

    public let id: Int64
    /// The whole order.
    public let order: StoredJSON
    /// Name of the engine that is to make it.
    public let engine: String
    /// Whether the process that ordered it waits for it and runs it itself; else whoever works the queue off does.
    public let isAttended: Bool
    public let state: State
    /// Share done, from 0 to 1.
    public let progress: Double
    public let secondsLeft: Double?
    /// Bytes that it was planned to take.
    public let memory: Int?
    /// Whether somebody asked it to stop while it ran.
    public let isAskedToStop: Bool
    /// What it made, from its start on.
    public let generationID: Int64?
    /// Why it failed.
    public let message: String?
    public let createdAt: Date
    public let startedAt: Date?
    public let finishedAt: Date?
}

/// How far a job is.
public struct JobProgress: Sendable, Hashable {
    /// From 0 to 1.
    public var share: Double
    public var secondsLeft: Double?

    public init(share: Double, secondsLeft: Double? = nil) {
        (self.share, self.secondsLeft) = (share, secondsLeft)
    }
}

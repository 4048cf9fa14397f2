import Foundation

/// An order on its way to pictures.
package struct Job: Sendable, Hashable, Identifiable {
    /// How far it is. A job that is over never runs again.
    package enum State: String, Sendable, Hashable, Codable, CaseIterable {
        case queued, running, done, failed, cancelled

        package var isOver: Bool { self != .queued && self != .running }
    }

    package let id: Int64
    /// The whole order.
    package let order: StoredJSON
    /// Name of the engine that is to make it.
    package let engine: String
    /// Whether the process that ordered it waits for it and runs it itself; else whoever works the queue off does.
    package let isAttended: Bool
    package let state: State
    /// Share done, from 0 to 1.
    package let progress: Double
    package let secondsLeft: Double?
    /// Bytes that it was planned to take.
    package let memory: Int?
    /// Whether somebody asked it to stop while it ran.
    package let isAskedToStop: Bool
    /// What it made, from its start on.
    package let generationID: Int64?
    /// Why it failed.
    package let message: String?
    package let createdAt: Date
    package let startedAt: Date?
    package let finishedAt: Date?
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

/// How far a job is.
package struct JobProgress: Sendable, Hashable {
    /// From 0 to 1.
    package var share: Double
    package var secondsLeft: Double?

    package init(share: Double, secondsLeft: Double? = nil) {
        (self.share, self.secondsLeft) = (share, secondsLeft)
    }
}

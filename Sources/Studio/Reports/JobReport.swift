public import Foundation
import Screening

/// A job of the queue, in the shape that scripts read.
public struct JobReport: Codable, Sendable {
    public let id: Int64
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    public let state: String
    public let engine: String
    /// `generate`, `repaint` or `paint`; nil where the order cannot be read any more.
    @OrNull public internal(set) var mode: String?
    @OrNull public internal(set) var model: String?
    @OrNull public internal(set) var prompt: String?
    /// Whether the process that ordered it waits for it.
    public let attended: Bool
    /// From 0 to 1.
    public let progress: Double
    @OrNull public internal(set) var secondsLeft: Double?
    /// Bytes it was planned to take.
    @OrNull public internal(set) var memory: Int?
    /// What it made, or is making: `redraw show` tells more of it.
    @OrNull public internal(set) var generation: Int64?
    @OrNull public internal(set) var message: String?
    public let created: Date
    @OrNull public internal(set) var started: Date?
    @OrNull public internal(set) var finished: Date?
}

import Foundation
import Screening

/// A job of the queue, in the shape that scripts read.
package struct JobReport: Codable, Sendable {
    package let id: Int64
    /// `queued`, `running`, `done`, `failed` or `cancelled`.
    package let state: String
    package let engine: String
    /// `generate`, `repaint` or `paint`; nil where the order cannot be read any more.
    @OrNull package internal(set) var mode: String?
    @OrNull package internal(set) var model: String?
    @OrNull package internal(set) var prompt: String?
    /// Whether the process that ordered it waits for it.
    package let attended: Bool
    /// From 0 to 1.
    package let progress: Double
    @OrNull package internal(set) var secondsLeft: Double?
    /// Bytes it was planned to take.
    @OrNull package internal(set) var memory: Int?
    /// What it made, or is making: `redraw show` tells more of it.
    @OrNull package internal(set) var generation: Int64?
    @OrNull package internal(set) var message: String?
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?
    package let created: Date
    @OrNull package internal(set) var started: Date?
    @OrNull package internal(set) var finished: Date?
}

/// How many jobs were taken out of the list.
package struct ClearedReport: Codable, Sendable {
    package let cleared: Int
}

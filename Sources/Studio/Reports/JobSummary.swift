/// A job with what a page shows of it.
package struct JobSummary: Codable, Sendable {
    package let report: JobReport
    /// The picture that is redrawn.
    @OrNull package internal(set) var picture: Int64?
    /// How far it is redrawn; nil for what is painted, and for several strengths.
    @OrNull package internal(set) var strength: Double?
    @OrNull package internal(set) var seed: UInt64?
    /// How many pictures it made.
    package let outputs: Int
    /// Its place among those that wait, from 1; nil where it does not wait.
    @OrNull package internal(set) var position: Int?
}

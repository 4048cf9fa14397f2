/// How far the pictures are that wait for being analysed.
package struct AnalysisProgress: Codable, Sendable, Equatable {
    /// Analyses that ended since none waited, and how many there are with those that wait; both 0 where none waits.
    package let done: Int
    package let total: Int
    /// The one that is being analysed, and what its analysis is at.
    @OrNull package internal(set) var picture: Int64?
    @OrNull package internal(set) var stage: AnalysisStage?
    /// Of the stage, from 0 to 1.
    @OrNull package internal(set) var share: Double?
}

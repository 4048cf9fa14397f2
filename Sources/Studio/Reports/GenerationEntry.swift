public import Foundation
public import Screening

public struct GenerationEntry: Codable, Sendable {
    public struct Steps: Codable, Sendable {
        public let requested: Int
        public let run: Int
        @OrNull public internal(set) var firstTimestep: Double?
    }

    public struct Untouched: Codable, Sendable {
        public let pixels: Int
        public let identical: Bool
    }

    public let id: Int64
    public let kind: String
    public let status: String
    @OrNull public internal(set) var message: String?
    public let outputs: [String]
    public let seed: UInt64
    public let steps: Steps
    public let model: String
    public let profile: String
    public let precision: String
    @OrNull public internal(set) var seconds: [String: Double]?
    @OrNull public internal(set) var untouched: Untouched?
    @OrNull public internal(set) var picture: Int64?
    @OrNull public internal(set) var prompt: Int?
    public let created: Date

    /// - Parameters:
    ///   - naming: what an output's path is told as.
    ///   - telling: what a message is told as.
    public init(
        _ generation: Generation, naming: (String) -> String = { $0 }, telling: (String) -> String = { $0 }
    ) throws {
        (id, kind, status) = (generation.id, generation.kind.rawValue, generation.status.rawValue)
        message = generation.message.map(telling)
        outputs = generation.outputs.map { naming($0.path) }
        seed = generation.seed
        steps = Steps(requested: generation.stepsRequested, run: generation.stepsRun, firstTimestep: generation.firstTimestep)
        (model, profile, precision) = (generation.model, generation.profile, generation.precision)
        seconds = try generation.seconds?.decoded()
        untouched = generation.untouched.map { Untouched(pixels: $0.pixels, identical: $0.identical) }
        (picture, prompt, created) = (generation.pictureID, generation.promptNumber, generation.createdAt)
    }
}

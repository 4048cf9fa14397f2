import Foundation
import Screening

/// A generation, in the shape that scripts read.
package struct GenerationEntry: Encodable, Sendable {
    /// Steps that were asked for and that ran, and the training step of the first.
    package struct Steps: Codable, Sendable {
        package let requested: Int
        package let run: Int
        @OrNull package internal(set) var firstTimestep: Double?
    }

    /// How many pixels lie outside the mask, and whether they are the original's.
    package struct Untouched: Codable, Sendable {
        package let pixels: Int
        package let identical: Bool
    }

    package let id: Int64
    package let kind: String
    package let status: String
    @OrNull package internal(set) var message: String?
    package let outputs: [String]
    package let seed: UInt64
    package let steps: Steps
    package let model: String
    package let profile: String
    package let precision: String
    @OrNull package internal(set) var seconds: [String: Double]?
    @OrNull package internal(set) var untouched: Untouched?
    @OrNull package internal(set) var picture: Int64?
    @OrNull package internal(set) var prompt: Int?
    /// What the library keeps of it and that cannot be read, with the remedy.
    @OrNull package internal(set) var damaged: String?
    package let created: Date
    /// The whole request, and the seconds that each part took, as the library keeps them; scripts are not told them so.
    package let requestText: String
    package let secondsText: String?

    private enum CodingKeys: CodingKey {
        case id, kind, status, message, outputs, seed, steps, model, profile, precision, seconds, untouched, picture, prompt, damaged,
            created
    }

    /// - Parameters:
    ///   - naming: what an output's path is told as.
    ///   - telling: what a message is told as.
    init(_ generation: Generation, naming: (String) -> String = { $0 }, telling: (String) -> String = { $0 }) {
        (id, kind, status) = (generation.id, generation.kind.rawValue, generation.status.rawValue)
        message = generation.message.map(telling)
        outputs = generation.outputs.map { naming($0.path) }
        seed = generation.seed
        steps = Steps(requested: generation.stepsRequested, run: generation.stepsRun, firstTimestep: generation.firstTimestep)
        (model, profile, precision) = (generation.model, generation.profile, generation.precision)
        let kept = generation.seconds?.listed(as: [String: Double].self)
        seconds = kept?.value
        damaged = (generation.damaged ?? generation.request.listed(as: KeptRequest?.self).damaged ?? kept?.damaged).map(telling)
        untouched = generation.untouched.map { Untouched(pixels: $0.pixels, identical: $0.identical) }
        (requestText, secondsText) = (generation.request.text, generation.seconds?.text)
        (picture, prompt, created) = (generation.pictureID, generation.promptNumber, generation.createdAt)
    }
}

import Screening

/// What a generation gave, in the shape that scripts read.
package struct GenerationReport: Codable, Sendable {
    /// Steps that were asked for and that ran, and the training step of the first.
    package struct Steps: Codable, Sendable {
        package let requested: Int
        package let run: Int
        @OrNull package internal(set) var firstTimestep: Double?
    }
    /// How long each part took, and all of it.
    package struct Seconds: Codable, Sendable {
        package let load: Double
        package let encode: Double
        package let denoise: Double
        package let decode: Double
        package let total: Double
    }
    /// A picture of a sheet.
    package struct Part: Codable, Sendable {
        package let strength: Double
        package let run: Int
        @OrNull package internal(set) var firstTimestep: Double?
    }
    /// A picture that another grew through.
    package struct Stage: Codable, Sendable {
        package let width: Int
        package let height: Int
        package let run: Int
    }
    /// Repainting only: how many pixels lie outside the mask, and that they are the original's.
    package struct Untouched: Codable, Sendable {
        package let pixels: Int
        package let identical: Bool
        /// SHA-256 over their bytes, row by row.
        package let sha256: String
    }

    /// The generation's number in the library.
    package let id: Int64
    package let outputs: [String]
    /// Of the first picture, and of each.
    package let seed: UInt64
    package let seeds: [UInt64]
    package let steps: Steps
    /// Sheets of several strengths only: each picture's own, from left to right.
    @OrNull package internal(set) var strengths: [Part]?
    /// Single pictures that grew only: those they grew through, the last of the working size.
    @OrNull package internal(set) var stages: [Stage]?
    package let model: String
    package let profile: String
    /// How the weights were held: `f32`, or `bf16` for two bytes a number.
    package let precision: String
    package let seconds: Seconds
    @OrNull package internal(set) var untouched: Untouched?
    /// SHA-256 of each output file.
    package let digests: [String]
}

extension GenerationReport {
    /// What the library keeps of it.
    func outcome() throws -> GenerationOutcome {
        GenerationOutcome(
            status: .done, seed: seed, stepsRun: steps.run, firstTimestep: steps.firstTimestep, seconds: try JSON.text(seconds),
            outputs: outputs.indices.map { GenerationOutput(path: outputs[$0], sha256: digests[$0], seed: seeds[$0]) },
            untouched: untouched.map { UntouchedProof(pixels: $0.pixels, identical: $0.identical, sha256: $0.sha256) })
    }
}

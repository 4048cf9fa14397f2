import Screening

/// What a generation gave, in the shape that scripts read.
public struct GenerationReport: Codable, Sendable {
    public struct Steps: Codable, Sendable {
        public let requested: Int
        public let run: Int
        @OrNull public internal(set) var firstTimestep: Double?
    }
    public struct Seconds: Codable, Sendable {
        public let load: Double
        public let encode: Double
        public let denoise: Double
        public let decode: Double
        public let total: Double
    }
    /// A picture of a sheet.
    public struct Part: Codable, Sendable {
        public let strength: Double
        public let run: Int
        @OrNull public internal(set) var firstTimestep: Double?
    }
    /// A picture that another grew through.
    public struct Stage: Codable, Sendable {
        public let width: Int
        public let height: Int
        public let run: Int
    }
    /// Repainting only: how many pixels lie outside the mask, and that they are the original's.
    public struct Untouched: Codable, Sendable {
        public let pixels: Int
        public let identical: Bool
        /// SHA-256 over their bytes, row by row.
        public let sha256: String
    }

    /// The generation's number in the library.
    public let id: Int64
    public let outputs: [String]
    /// Of the first picture, and of each.
    public let seed: UInt64
    public let seeds: [UInt64]
    public let steps: Steps
    /// Sheets of several strengths only: each picture's own, from left to right.
    @OrNull public internal(set) var strengths: [Part]?
    /// Single pictures that grew only: those they grew through, the last of the working size.
    @OrNull public internal(set) var stages: [Stage]?
    public let model: String
    public let profile: String
    /// How the weights were held: `f32`, or `bf16` for two bytes a number.
    public let precision: String
    public let seconds: Seconds
    @OrNull public internal(set) var untouched: Untouched?
    /// SHA-256 of each output file.
    public let digests: [String]
}

extension GenerationReport {
    /// What the library keeps of it.
    func outcome() throws -> GenerationOutcome {
        GenerationOutcome(
            status: .done, seed: seed, stepsRun: steps.run, firstTimestep: steps.firstTimestep, seconds: try JSON.text(seconds),
            outputs: zip(outputs, digests).map { GenerationOutput(path: $0, sha256: $1) },
            untouched: untouched.map { UntouchedProof(pixels: $0.pixels, identical: $0.identical, sha256: $0.sha256) })
    }
}

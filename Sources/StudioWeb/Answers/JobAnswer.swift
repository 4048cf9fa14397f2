import Foundation
import Studio

/// A job as the page sees it: the keys of `JobReport` and these.
struct JobAnswer: Encodable, Sendable {
    let job: JobSummary
    let shown: PreviewShelf.Entry?

    init(_ job: JobSummary, _ shown: PreviewShelf.Entry?) {
        (self.job, self.shown) = (job, shown)
    }

    private enum CodingKeys: String, CodingKey { case picture, strength, seed, outputs, previewAt, step, steps, position }

    func encode(to encoder: any Encoder) throws {
        try job.report.encode(to: encoder)
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(job.picture, forKey: .picture)
        try values.encode(job.strength, forKey: .strength)
        try values.encode(job.seed, forKey: .seed)
        let generation = job.report.generation
        let outputs = generation.map { id in job.outputs == 0 ? [] : (1...job.outputs).map { Address.output($0, of: id) } } ?? []
        try values.encode(outputs, forKey: .outputs)
        try values.encode(shown?.at.map { ($0.timeIntervalSince1970 * 1000).rounded() }, forKey: .previewAt)
        try values.encode(shown?.step?.step, forKey: .step)
        try values.encode(shown?.step?.steps, forKey: .steps)
        try values.encode(job.position, forKey: .position)
    }
}

/// Addresses within this server.
enum Address {
    static let root = "/api/v1"
    /// Digits of a digest that an address carries at least, to mean one content for ever.
    static let versionLength = 12
    static func version(_ sha256: String) -> String { "?v=\(sha256.prefix(versionLength))" }
    static func output(_ number: Int, of generation: Int64) -> String { "\(root)/generations/\(generation)/outputs/\(number)" }
}

import Foundation
import GRDB

/// A row of the table `generation`, as it is written: at its start, at its end, and when it comes in from another library.
struct GenerationRow: Encodable, PersistableRecord {
    static let databaseTableName = "generation"

    var kind: String
    var request: String
    /// SQLite's integers are signed; a seed keeps its 64 bits.
    var seed: Int64
    var model: String
    var profile: String
    var precision: String
    var stepsRequested: Int
    var stepsRun: Int
    var firstTimestep: Double?
    var seconds: String?
    var pictureId: Int64?
    var promptNumber: Int?
    var untouchedPixels: Int?
    var untouchedIdentical: Bool?
    var untouchedSha256: String?
    var status: String
    var message: String?
    var createdAt: Date
    var finishedAt: Date?

    init(_ new: NewGeneration, at moment: Date) {
        let outcome = new.outcome
        (kind, request, model, profile, precision) = (new.kind.rawValue, new.request, new.model, new.profile, new.precision)
        seed = Int64(bitPattern: outcome.seed ?? new.seed)
        (stepsRequested, stepsRun, firstTimestep, seconds) = (
            new.stepsRequested, outcome.stepsRun, outcome.firstTimestep, outcome.seconds
        )
        (pictureId, promptNumber) = (new.pictureID, new.promptNumber)
        (untouchedPixels, untouchedIdentical, untouchedSha256) = (
            outcome.untouched?.pixels, outcome.untouched?.identical, outcome.untouched?.sha256
        )
        (status, message, createdAt) = (outcome.status.rawValue, outcome.message, moment)
        finishedAt = outcome.status == .running ? nil : moment
    }

    init(_ exported: ExportedGeneration, picture: Int64?, promptNumber: Int?) {
        (kind, request, model) = (exported.kind.rawValue, exported.request, exported.model)
        (profile, precision, seed) = (exported.profile, exported.precision, Int64(bitPattern: exported.seed))
        (stepsRequested, stepsRun, firstTimestep, seconds) = (
            exported.stepsRequested, exported.stepsRun, exported.firstTimestep, exported.seconds
        )
        (pictureId, self.promptNumber) = (picture, promptNumber)
        (untouchedPixels, untouchedIdentical, untouchedSha256) = (
            exported.untouched?.pixels, exported.untouched?.identical, exported.untouched?.sha256
        )
        // Whatever ran over there does not run here.
        let isRunning = exported.status == .running
        status = isRunning ? Generation.Status.cancelled.rawValue : exported.status.rawValue
        (message, createdAt, finishedAt) = (
            exported.message, exported.createdAt, isRunning ? exported.createdAt : exported.finishedAt
        )
    }
}

extension Generation {
    /// - Parameters:
    ///   - rows: of the table `generation`.
    ///   - isListed: whether something empty stands in for what cannot be read, which is told.
    static func all(_ rows: [Row], isListed: Bool = false, _ db: Database) throws -> [Generation] {
        guard !rows.isEmpty else { return [] }
        let rows = StoredRow.all(rows, of: "generation").map { isListed ? $0.listed : $0 }
        let ids: [Int64] = try rows.map { try $0.value("id") }
        let outputs = try Library.children(
            "SELECT generationId, path, sha256, seed FROM generationOutput WHERE generationId IN (%) ORDER BY generationId, position",
            of: ids, by: "generationId", table: "generationOutput", db
        ) { row -> (GenerationOutput, damaged: String?) in
            let row = isListed ? row.listed : row
            let output = GenerationOutput(path: try row.value("path"), sha256: try row.value("sha256"), seed: try row.optionalSeed("seed"))
            return (output, row.unreadable)
        }
        return try zip(rows, ids).map { try Generation($0, outputs: outputs[$1] ?? []) }
    }

    private init(_ row: StoredRow, outputs: [(GenerationOutput, damaged: String?)]) throws {
        id = try row.value("id")
        kind = try row.choice("kind", listing: .generate)
        request = try row.requiredJSON("request")
        seed = try row.seed("seed")
        model = try row.value("model")
        profile = try row.value("profile")
        precision = try row.value("precision")
        stepsRequested = try row.value("stepsRequested")
        stepsRun = try row.value("stepsRun")
        firstTimestep = try row.optional("firstTimestep")
        seconds = try row.json("seconds")
        pictureID = try row.optional("pictureId")
        promptNumber = try row.optional("promptNumber")
        let untouchedPixels: Int? = try row.optional("untouchedPixels")
        untouched = try untouchedPixels.map {
            UntouchedProof(pixels: $0, identical: try row.value("untouchedIdentical"), sha256: try row.optional("untouchedSha256"))
        }
        status = try row.choice("status", listing: .failed)
        message = try row.optional("message")
        self.outputs = outputs.map(\.0)
        createdAt = try row.moment("createdAt")
        finishedAt = try row.optionalMoment("finishedAt")
        damaged = row.unreadable ?? outputs.lazy.compactMap(\.damaged).first
    }
}

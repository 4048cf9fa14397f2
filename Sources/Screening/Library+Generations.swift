public import Foundation
internal import GRDB

extension Library {
    /// Keeps a generation, at its start (status `running`) or when it is over.
    @discardableResult
    public func record(_ generation: NewGeneration, at moment: Date = Date()) throws(LibraryError) -> Generation {
        try Text.json(generation.request, field: "the request")
        let outcome = try Library.checked(generation.outcome)
        return try write { db in
            if let picture = generation.pictureID { _ = try Library.picture(picture, db) }
            try db.execute(
                sql: """
                    INSERT INTO generation (kind, request, seed, model, profile, "precision", stepsRequested, stepsRun, firstTimestep, seconds,
                        pictureId, promptNumber, untouchedPixels, untouchedIdentical, untouchedSha256, status, message, createdAt, finishedAt)
                    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                    """,
                arguments: [
                    generation.kind.rawValue, generation.request, Int64(bitPattern: outcome.seed ?? generation.seed), generation.model,
                    generation.profile,
                    generation.precision, generation.stepsRequested, outcome.stepsRun, outcome.firstTimestep, outcome.seconds,
                    generation.pictureID, generation.promptNumber, outcome.untouched?.pixels, outcome.untouched?.identical,
                    outcome.untouched?.sha256, outcome.status.rawValue, outcome.message, moment, outcome.status == .running ? nil : moment,
                ])
            let id = db.lastInsertedRowID
            try Library.insert(outcome.outputs, generation: id, db)
            return try Library.generation(id, db)
        }
    }

    /// Says what became of a generation that was recorded as running.
    /// - Throws: `LibraryError.generationFinished` where that was said before.
    @discardableResult
    public func finish(
        generation id: Int64, _ outcome: GenerationOutcome, at moment: Date = Date()
    ) throws(LibraryError) -> Generation {
        let outcome = try Library.checked(outcome)
        guard outcome.status != .running else {
            throw .invalid(field: "the outcome", value: "running", rule: "done, failed or cancelled")
        }
        return try write { db in
            guard try Library.generation(id, db).status == .running else { throw LibraryError.generationFinished(id) }
            try db.execute(
                sql: """
                    UPDATE generation SET seed = COALESCE(?, seed), stepsRun = ?, firstTimestep = ?, seconds = ?, untouchedPixels = ?,
                        untouchedIdentical = ?, untouchedSha256 = ?, status = ?, message = ?, finishedAt = ? WHERE id = ?
                    """,
                arguments: [
                    outcome.seed.map { Int64(bitPattern: $0) }, outcome.stepsRun, outcome.firstTimestep, outcome.seconds,
                    outcome.untouched?.pixels, outcome.untouched?.identical, outcome.untouched?.sha256, outcome.status.rawValue,
                    outcome.message, moment, id,
                ])
            try Library.insert(outcome.outputs, generation: id, db)
            return try Library.generation(id, db)
        }
    }

    /// The latest generation that wrote a file of that SHA-256.
    public func generation(ofOutput sha256: String) throws(LibraryError) -> Generation? {
        try read { db in
            let sql = "SELECT generationId FROM generationOutput WHERE sha256 = ? ORDER BY generationId DESC LIMIT 1"
            return try Int64.fetchOne(db, sql: sql, arguments: [sha256.lowercased()]).map { try Library.generation($0, db) }
        }
    }

    /// - Throws: `LibraryError.noSuchGeneration`.
    public func generation(id: Int64) throws(LibraryError) -> Generation {
        try read { db in try Library.generation(id, db) }
    }

    /// Generations, the latest first; of one picture, or of all.
    public func generations(of picture: Int64? = nil, limit: Int = .max) throws(LibraryError) -> [Generation] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM generation WHERE ?1 IS NULL OR pictureId = ?1 ORDER BY id DESC LIMIT ?2",
                arguments: [picture, max(0, limit)]
            ).map { try Generation($0, db) }
        }
    }

    /// What happened, the latest first: analyses, decisions, prompt versions and generations, of one picture or of all.
    public func history(of picture: Int64? = nil, limit: Int = 50) throws(LibraryError) -> [HistoryEntry] {
        try read { db in
            func rows(_ table: String, _ order: String) throws -> [Row] {
                try Row.fetchAll(
                    db, sql: "SELECT * FROM \(table) WHERE ?1 IS NULL OR pictureId = ?1 ORDER BY \(order) DESC LIMIT ?2",
                    arguments: [picture, max(0, limit)])
            }
            var entries: [HistoryEntry] = []
            entries += try rows("generation", "createdAt DESC, id").map { .generation(try Generation($0, db)) }
            entries += try rows("prompt", "createdAt DESC, number").map { .prompt(try PromptVersion($0)) }
            entries += try rows("decision", "decidedAt DESC, id").map { .decision(try Decision($0)) }
            entries += try rows("analysis", "createdAt DESC, id").map { .analysis(AnalysisRecord($0)) }
            let latestFirst = entries.enumerated().sorted { a, b in
                a.element.date == b.element.date ? a.offset < b.offset : a.element.date > b.element.date
            }
            return latestFirst.prefix(max(0, limit)).map(\.element)
        }
    }

    static func generation(_ id: Int64, _ db: Database) throws -> Generation {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM generation WHERE id = ?", arguments: [id]) else {
            throw LibraryError.noSuchGeneration(id)
        }
        return try Generation(row, db)
    }

    static func insert(_ outputs: [GenerationOutput], generation: Int64, _ db: Database) throws {
        for (index, output) in outputs.enumerated() {
            try db.execute(
                sql: "INSERT INTO generationOutput (generationId, position, path, sha256) VALUES (?, ?, ?, ?)",
                arguments: [generation, index + 1, output.path, output.sha256])
        }
    }

    private static func checked(_ outcome: GenerationOutcome) throws(LibraryError) -> GenerationOutcome {
        var outcome = outcome
        if let seconds = outcome.seconds { try Text.json(seconds, field: "the seconds") }
        for index in outcome.outputs.indices {
            outcome.outputs[index].sha256 = try Text.sha256(outcome.outputs[index].sha256, field: "the output's digest")
        }
        return outcome
    }
}

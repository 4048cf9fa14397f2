import Foundation
import GRDB

extension Library {
    /// Keeps a generation, at its start (status `running`) or when it is over.
    ///
    /// - Parameter job: the one that makes it.
    @discardableResult
    package func record(_ generation: NewGeneration, ofJob job: Int64? = nil, at moment: Date = Date()) throws(LibraryError) -> Generation {
        try Text.json(generation.request, field: "the request")
        let outcome = try Library.checked(generation.outcome)
        return try write { db in
            if let picture = generation.pictureID { _ = try Library.picture(picture, db) }
            var checked = generation
            checked.outcome = outcome
            try GenerationRow(checked, at: moment).insert(db)
            let id = db.lastInsertedRowID
            try Library.insert(outcome.outputs, generation: id, db)
            if let mask = generation.mask {
                try db.execute(
                    sql: "INSERT INTO generationMask (generationId, sha256) VALUES (?, ?)",
                    arguments: [id, try Text.sha256(mask, field: "the mask's digest")])
            }
            if let job { try db.execute(sql: "UPDATE job SET generationId = ? WHERE id = ?", arguments: [id, job]) }
            return try Library.generation(id, db)
        }
    }

    /// Says what became of a generation that was recorded as running.
    /// - Throws: `LibraryError.generationFinished` where that was said before.
    @discardableResult
    package func finish(
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
    package func generation(ofOutput sha256: String) throws(LibraryError) -> Generation? {
        try read { db in
            let sql = "SELECT generationId FROM generationOutput WHERE sha256 = ? ORDER BY generationId DESC LIMIT 1"
            return try Int64.fetchOne(db, sql: sql, arguments: [sha256.lowercased()]).map { try Library.generation($0, db) }
        }
    }

    /// - Throws: `LibraryError.noSuchGeneration`.
    package func generation(id: Int64) throws(LibraryError) -> Generation {
        try read { db in try Library.generation(id, db) }
    }

    /// Generations, the latest first; of one picture, or of all.
    package func generations(of picture: Int64? = nil, limit: Int = .max) throws(LibraryError) -> [Generation] {
        try read { db in
            try Generation.all(Library.latest("generation", of: picture, order: "id DESC", limit, db), isListed: true, db)
        }
    }

    /// What happened, the latest first: analyses, decisions, prompt versions and generations, of one picture or of all.
    package func history(of picture: Int64? = nil, limit: Int = 50) throws(LibraryError) -> [HistoryEntry] {
        try read { db in
            // Of each kind as many as may be wanted at most, and of these no more than who and when, which stand in an index.
            let since = try Library.begin(ofLatest: limit, of: picture, db)
            func rows(_ table: String, _ moment: String, _ number: String) throws -> [Row] {
                try Library.latest(
                    table, of: picture, since: since.map { (moment, $0) }, order: "\(moment) DESC, \(number) DESC", limit, db)
            }
            var entries: [HistoryEntry] = []
            entries += try Generation.all(rows("generation", "createdAt", "id"), isListed: true, db).map { .generation($0) }
            func stored(_ table: String, _ moment: String, _ number: String) throws -> [StoredRow] {
                StoredRow.all(try rows(table, moment, number), of: table).map(\.listed)
            }
            entries += try stored("prompt", "createdAt", "number").map { .prompt(try PromptVersion($0)) }
            entries += try stored("decision", "decidedAt", "id").map { .decision(try Decision($0)) }
            entries += try stored("analysis", "createdAt", "id").map { .analysis(try AnalysisRecord($0)) }
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
        return try Generation.all([row], db)[0]
    }

    /// The last rows of a table, of one picture or of all: each found by an index of its own.
    ///
    /// - Parameter since: a column and what it has at least.
    private static func latest(
        _ table: String, of picture: Int64?, since: (column: String, least: String)? = nil, order: String, _ limit: Int, _ db: Database
    ) throws -> [Row] {
        var (conditions, arguments): ([String], StatementArguments) = ([], [])
        if let picture {
            conditions.append("pictureId = ?")
            arguments += [picture]
        }
        if let since {
            conditions.append("\(since.column) >= ?")
            arguments += [since.least]
        }
        let condition = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
        return try Row.fetchAll(
            db, sql: "SELECT * FROM \(table) \(condition) ORDER BY \(order) LIMIT ?", arguments: arguments + [max(0, limit)])
    }

    /// The moment, as the tables keep it, before which nothing is among the latest so many entries of the history; nil where all may be.
    private static func begin(ofLatest limit: Int, of picture: Int64?, _ db: Database) throws -> String? {
        let tables = [("generation", "createdAt"), ("prompt", "createdAt"), ("decision", "decidedAt"), ("analysis", "createdAt")]
        let condition = picture.map { "WHERE pictureId = \($0)" } ?? ""
        let parts = tables.map { table, moment in
            "SELECT * FROM (SELECT \(moment) AS moment FROM \(table) \(condition) ORDER BY \(moment) DESC LIMIT \(max(0, limit)))"
        }
        let row = try Row.fetchOne(
            db, sql: "SELECT moment FROM (\(parts.joined(separator: " UNION ALL "))) ORDER BY moment DESC LIMIT 1 OFFSET ?",
            arguments: [max(0, limit - 1)])
        // A value of another kind is told where its row is read.
        return row.flatMap { String.fromDatabaseValue($0["moment"]) }
    }

    static func insert(_ outputs: [GenerationOutput], generation: Int64, _ db: Database) throws {
        for (index, output) in outputs.enumerated() {
            try db.execute(
                sql: "INSERT INTO generationOutput (generationId, position, path, sha256, seed) VALUES (?, ?, ?, ?, ?)",
                arguments: [generation, index + 1, output.path, output.sha256, output.seed.map { Int64(bitPattern: $0) }])
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

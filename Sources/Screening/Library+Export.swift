import Foundation
import GRDB

extension Library {
    /// The whole library, or the given pictures with all that belongs to them.
    ///
    /// What lies in the bin is left out, but a picture that is named.
    ///
    /// - Parameter types: what the library's JSON is read as.
    /// - Throws: `LibraryError.damagedValue`, `LibraryError.unfit` where there is something that no import would take.
    package func export(pictures ids: [Int64]? = nil, reading types: StoredTypes = .own) throws(LibraryError) -> LibraryExport {
        try read { db in
            let wanted = try ids ?? Library.pictureNumbers(db)
            let pictures = try wanted.map { try Library.exported(try Library.picture($0, db), isWithBin: false, types, db) }
            let generations = ids == nil ? try Library.freeGenerations(isWithBin: false, types, db) : []
            return LibraryExport(pictures: pictures, generations: generations)
        }
    }

    /// Of the pictures that are not in the bin.
    func pictureNumbers() throws(LibraryError) -> [Int64] {
        try read(Library.pictureNumbers)
    }

    private static func pictureNumbers(_ db: Database) throws -> [Int64] {
        try Int64.fetchAll(db, sql: "SELECT id FROM picture WHERE binnedAt IS NULL ORDER BY id")
    }

    /// Those of the pictures that are there.
    ///
    /// - Parameter isWithBin: whether results of theirs that lie in the bin are among them.
    /// - Throws: as ``export(pictures:reading:)``.
    func exported(_ ids: [Int64], isWithBin: Bool, reading types: StoredTypes) throws(LibraryError) -> [ExportedPicture] {
        try read { db in
            try ids.compactMap { id in
                guard try db.number("SELECT id FROM picture WHERE id = ?", [id]) != nil else { return nil }
                return try Library.exported(try Library.picture(id, db), isWithBin: isWithBin, types, db)
            }
        }
    }

    /// Generations that belong to no picture.
    ///
    /// - Parameter isWithBin: whether those that lie in the bin are among them.
    func freeGenerations(isWithBin: Bool, reading types: StoredTypes) throws(LibraryError) -> [ExportedGeneration] {
        try read { db in try Library.freeGenerations(isWithBin: isWithBin, types, db) }
    }

    private static func freeGenerations(isWithBin: Bool, _ types: StoredTypes, _ db: Database) throws -> [ExportedGeneration] {
        let sql = "SELECT * FROM generation WHERE pictureId IS NULL\(isWithBin ? "" : isNotInBin) ORDER BY id"
        return try Generation.all(Row.fetchAll(db, sql: sql), db).map { run in
            let exported = try ExportedGeneration(run, types)
            try fitting { () throws(LibraryError) in try exported.check(ImportCheck("generation \(run.id)"), nil) }
            return exported
        }
    }

    /// Runs `check` as it is run where what it checks is taken in.
    private static func fitting(_ check: () throws(LibraryError) -> Void) throws(LibraryError) {
        do {
            try check()
        } catch .notAnExport(let detail) {
            throw .unfit(detail: detail)
        }
    }

    /// A condition more for rows of `generation`.
    private static let isNotInBin =
        " AND NOT EXISTS (SELECT 1 FROM generationMark WHERE generationId = generation.id AND binnedAt IS NOT NULL)"

    /// Takes an export in, as one transaction. What is decided here stays as it is; what is not takes over the export's decisions.
    ///
    /// Importing the same text again changes nothing. A picture that is new here gets its log of decisions, too.
    ///
    /// - Parameters:
    ///   - first: positions of its first picture and its first generation in the text that they are from, for what is refused.
    ///   - types: what its JSON will be read as; nil where that is known to be so.
    /// - Throws: `LibraryError.notAnExport` that names the value which is not accepted.
    @discardableResult
    package func `import`(
        _ export: LibraryExport, by person: String, at moment: Date = Date(), first: (picture: Int, generation: Int) = (0, 0),
        reading types: StoredTypes? = .own
    ) throws(LibraryError) -> ImportReport {
        for (index, picture) in export.pictures.enumerated() {
            try picture.check(ImportCheck().at("pictures", first.picture + index), types)
        }
        for (index, generation) in export.generations.enumerated() {
            try generation.check(ImportCheck().at("generations", first.generation + index), types)
        }
        return try take(export, by: person, at: moment)
    }

    /// Takes in what has been checked, as one transaction.
    func take(_ export: LibraryExport, by person: String, at moment: Date) throws(LibraryError) -> ImportReport {
        try write { db in
            var report = ImportReport()
            for picture in export.pictures {
                try Library.take(picture, by: person, at: moment, &report, db)
            }
            for generation in export.generations {
                try Library.take(generation, picture: nil, promptNumbers: [:], &report, db)
            }
            return report
        }
    }
}

// MARK: - Out

extension Library {
    private static func aliases(of picture: Int64, _ db: Database) throws -> [String]? {
        let found = try db.rows("SELECT sha256 FROM pictureAlias WHERE pictureId = ? ORDER BY sha256", [picture])
        return found.isEmpty ? nil : try found.map { try StoredRow($0, of: "pictureAlias").value("sha256") }
    }

    private static func exported(
        _ picture: PictureRecord, isWithBin: Bool, _ types: StoredTypes, _ db: Database
    ) throws -> ExportedPicture {
        func rows(of table: String, _ order: String) throws -> [StoredRow] {
            StoredRow.all(try db.rows("SELECT * FROM \(table) WHERE pictureId = ? ORDER BY \(order)", [picture.id]), of: table)
        }
        let analyses = try rows(of: "analysis", "id").map { try AnalysisRecord($0) }
        let positions = Dictionary(uniqueKeysWithValues: analyses.enumerated().map { ($1.id, $0) })
        let log = try rows(of: "decision", "id").map { (decision: try Decision($0), row: $0) }
        let entries = Dictionary(uniqueKeysWithValues: log.enumerated().map { ($1.decision.id, $0) })
        let exported = ExportedPicture(
            sha256: picture.sha256, width: picture.width, height: picture.height, addedAt: picture.addedAt,
            paths: try rows(of: "picturePath", "path").map { try ExportedPicture.Path($0) },
            analyses: try analyses.map { try ExportedAnalysis($0, types) },
            suggestions: try Suggestion.all(of: picture.id, db).map { $0.exported(positions) },
            decisions: try log.map { decision, row in
                ExportedDecision(
                    tag: decision.tag, action: decision.action, batch: decision.batch,
                    before: try DecisionLog.state(row, "before").map { $0.exported(positions) },
                    after: try DecisionLog.state(row, "after").map { $0.exported(positions) },
                    undoes: decision.undoes.flatMap { entries[$0] }, decidedAt: decision.decidedAt, decidedBy: decision.decidedBy)
            },
            prompts: try rows(of: "prompt", "number").map { ExportedPrompt(try PromptVersion($0)) },
            generations: try Generation.all(
                db.rows("SELECT * FROM generation WHERE pictureId = ?\(isWithBin ? "" : isNotInBin) ORDER BY id", [picture.id]), db
            ).map { try ExportedGeneration($0, types) },
            pixels: try db.rows("SELECT id, pixels FROM picture WHERE id = ?", [picture.id]).first.flatMap {
                try StoredRow($0, of: "picture").optional("pixels")
            },
            aliases: try Library.aliases(of: picture.id, db))
        try fitting { () throws(LibraryError) in try exported.check(ImportCheck("picture \(picture.id)"), nil) }
        return exported
    }
}

extension ExportedPicture.Path {
    fileprivate init(_ row: StoredRow) throws {
        (path, seenAt) = (try row.value("path"), try row.moment("seenAt"))
        (bytes, modified) = (try row.optional("bytes"), try row.optional("modified"))
    }
}

extension ExportedAnalysis {
    /// - Throws: `LibraryError.damagedValue` for JSON that cannot be read.
    init(_ record: AnalysisRecord, _ types: StoredTypes) throws(LibraryError) {
        func text(_ json: StoredJSON?) throws(LibraryError) -> String? { try json?.text(readAs: types) }
        (encoder, vocabulary, seconds, positive, negative) = (
            record.encoder, record.vocabulary, record.seconds, record.positive, record.negative
        )
        (composition, calibration, things) = (try text(record.composition), try text(record.calibration), try text(record.things))
        (model, size) = (try text(record.model), try text(record.size))
        (recovered, dropped) = (try text(record.recovered), try text(record.dropped))
        (wording, createdAt) = (record.wording, record.createdAt)
    }
}

extension Suggestion {
    /// - Parameter positions: of the analyses by their ids.
    fileprivate func exported(_ positions: [Int64: Int]) -> Suggestion {
        var exported = self
        (exported.id, exported.analysisID) = (0, analysisID.flatMap { positions[$0] }.map(Int64.init))
        return exported
    }

    /// - Parameter analyses: the ids here of the export's analyses, in its order.
    func taken(_ analyses: [Int64]) throws -> Suggestion {
        var taken = self
        taken.tag = try Text.tag(tag, field: "the tag")
        taken.analysisID = try analysisID.map { position in
            guard let index = Int(exactly: position), analyses.indices.contains(index) else {
                throw LibraryError.notAnExport("the suggestion \(tag) names analysis \(position) of \(analyses.count)")
            }
            return analyses[index]
        }
        return taken
    }
}

extension ExportedPrompt {
    init(_ prompt: PromptVersion) {
        (number, parent, positive, negative) = (prompt.number, prompt.parent, prompt.positive, prompt.negative)
        (model, width, height, source, createdAt) = (prompt.model, prompt.width, prompt.height, prompt.source, prompt.createdAt)
    }
}

extension ExportedGeneration {
    /// - Throws: `LibraryError.damagedValue` for JSON that cannot be read.
    init(_ run: Generation, _ types: StoredTypes) throws(LibraryError) {
        (kind, seed, model, profile) = (run.kind, run.seed, run.model, run.profile)
        (precision, stepsRequested, stepsRun) = (run.precision, run.stepsRequested, run.stepsRun)
        (request, seconds) = (try run.request.text(readAs: types), try run.seconds?.text(readAs: types))
        (firstTimestep, promptNumber) = (run.firstTimestep, run.promptNumber)
        (untouched, status, message, outputs) = (run.untouched, run.status, run.message, run.outputs)
        (createdAt, finishedAt) = (run.createdAt, run.finishedAt)
    }
}

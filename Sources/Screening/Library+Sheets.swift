import Foundation
import GRDB

/// Results beside each other: every value of one setting against every value of another.
package struct SheetRecord: Sendable, Hashable, Identifiable {
    /// What stands, or will stand, at one place of it.
    package struct Cell: Sendable, Hashable {
        /// Nil once the job was cleared away.
        package let job: Int64?
        package let jobState: Job.State?
        package let generation: Int64?
        package let status: Generation.Status?
        /// SHA-256 of the first picture that was made.
        package let sha256: String?
        package let isBinned: Bool
    }

    package let id: Int64
    package let pictureID: Int64?
    package let axes: StoredJSON
    package let createdAt: Date
    /// Row by row.
    package let cells: [Cell]
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

extension Library {
    /// Keeps a sheet.
    ///
    /// - Parameters:
    ///   - axes: JSON of what runs over it.
    ///   - picture: the one that is redrawn.
    ///   - jobs: what makes its cells, row by row.
    package func keep(
        sheet axes: String, of picture: Int64?, jobs: [Int64], at moment: Date = Date()
    ) throws(LibraryError) -> SheetRecord {
        try Text.json(axes, field: "the sheet")
        return try write { db in
            if let picture { _ = try Library.picture(picture, db) }
            try db.execute(sql: "INSERT INTO sheet (pictureId, axes, createdAt) VALUES (?, ?, ?)", arguments: [picture, axes, moment])
            let id = db.lastInsertedRowID
            for (index, job) in jobs.enumerated() {
                // The first may be under way by now.
                try db.execute(
                    sql: """
                        INSERT INTO sheetCell (sheetId, position, jobId, generationId) SELECT ?, ?, id, generationId FROM job WHERE id = ?
                        """,
                    arguments: [id, index + 1, job])
            }
            return try SheetRecord.all(Row.fetchAll(db, sql: "SELECT * FROM sheet WHERE id = ?", arguments: [id]), db)[0]
        }
    }

    /// Sheets, the latest first; those of pictures in the bin apart.
    ///
    /// - Parameters:
    ///   - picture: of this one only.
    ///   - isPainted: of none only: what was painted from words.
    package func sheets(
        of picture: Int64? = nil, isPainted: Bool = false, offset: Int = 0, limit: Int
    ) throws(LibraryError) -> (total: Int, sheets: [SheetRecord]) {
        try read { db in
            var conditions = ["(pictureId IS NULL OR (SELECT binnedAt FROM picture WHERE id = pictureId) IS NULL)"]
            var arguments = StatementArguments()
            if let picture {
                conditions.append("pictureId = ?")
                arguments += [picture]
            }
            if isPainted { conditions.append("pictureId IS NULL") }
            let rest = "FROM sheet WHERE \(conditions.joined(separator: " AND "))"
            let total = try Int.fetchOne(db, sql: "SELECT count(*) \(rest)", arguments: arguments) ?? 0
            let rows = try Row.fetchAll(
                db, sql: "SELECT * \(rest) ORDER BY id DESC LIMIT ? OFFSET ?", arguments: arguments + [max(0, limit), max(0, offset)])
            return (total, try SheetRecord.all(rows, isListed: true, db))
        }
    }

    /// Nil where there is none of that number.
    package func sheet(id: Int64) throws(LibraryError) -> SheetRecord? {
        try read { db in
            try SheetRecord.all(Row.fetchAll(db, sql: "SELECT * FROM sheet WHERE id = ?", arguments: [id]), db).first
        }
    }

    /// Has another job make what stands at one place of a sheet.
    ///
    /// - Parameter position: row by row, from 0.
    package func renew(cell position: Int, ofSheet sheet: Int64, by job: Int64) throws(LibraryError) {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE sheetCell SET jobId = ?, generationId = (SELECT generationId FROM job WHERE id = ?)
                    WHERE sheetId = ? AND position = ?
                    """, arguments: [job, job, sheet, position + 1])
        }
    }

    /// Takes a sheet away; its pictures stay.
    ///
    /// - Returns: whether there was one.
    package func remove(sheet id: Int64) throws(LibraryError) -> Bool {
        try write { db in
            try db.execute(sql: "DELETE FROM sheet WHERE id = ?", arguments: [id])
            return db.changesCount > 0
        }
    }
}

extension SheetRecord {
    /// - Parameters:
    ///   - rows: of the table `sheet`.
    ///   - isListed: whether something empty stands in for what cannot be read, which is told.
    static func all(_ rows: [Row], isListed: Bool = false, _ db: Database) throws -> [SheetRecord] {
        let rows = rows.map { isListed ? StoredRow($0, of: "sheet").listed : StoredRow($0, of: "sheet") }
        let ids: [Int64] = try rows.map { try $0.value("id") }
        let cells = try Library.children(
            """
            SELECT sheetId, jobId, sheetCell.generationId, job.state AS jobState, generation.status, sha256, binnedAt
            FROM sheetCell LEFT JOIN job ON job.id = jobId LEFT JOIN generation ON generation.id = sheetCell.generationId
                LEFT JOIN generationOutput ON generationOutput.generationId = generation.id AND generationOutput.position = 1
                LEFT JOIN generationMark ON generationMark.generationId = generation.id
            WHERE sheetId IN (%) ORDER BY sheetId, sheetCell.position
            """, of: ids, by: "sheetId", table: "sheetCell", db
        ) { row -> (Cell, damaged: String?) in
            let row = isListed ? row.listed : row
            let (state, status): (String?, String?) = (try row.optional("jobState"), try row.optional("status"))
            let cell = Cell(
                job: try row.optional("jobId"), jobState: state.flatMap(Job.State.init), generation: try row.optional("generationId"),
                status: status.flatMap(Generation.Status.init), sha256: try row.optional("sha256"),
                isBinned: try row.optionalMoment("binnedAt") != nil)
            return (cell, row.unreadable)
        }
        return try zip(rows, ids).map { row, id in
            let cells = cells[id] ?? []
            let (picture, created): (Int64?, Date) = (try row.optional("pictureId"), try row.moment("createdAt"))
            return SheetRecord(
                id: id, pictureID: picture, axes: try row.requiredJSON("axes"), createdAt: created, cells: cells.map(\.0),
                damaged: row.unreadable ?? cells.lazy.compactMap(\.damaged).first)
        }
    }
}

public import Foundation
internal import GRDB

/// What emptying the bin took out of the library: files that nothing of it refers to any more are the caller's to remove.
public struct EmptiedBin: Sendable, Hashable {
    /// SHA-256 of the pictures that went.
    public internal(set) var pictures: [String] = []
    /// Files that the generations that went had written, unless a picture that stays is such a file.
    public internal(set) var outputs: [String] = []
    public internal(set) var generations = 0
}

extension Library {
    /// Puts a picture into the bin, and with it the generations of it that are over.
    ///
    /// - Throws: `LibraryError.noSuchPicture`.
    public func bin(picture id: Int64, at moment: Date = Date()) throws(LibraryError) {
        let moment = Moment.rounded(moment)
        try write { db in
            _ = try Library.picture(id, db)
            try db.execute(sql: "UPDATE picture SET binnedAt = ? WHERE id = ? AND binnedAt IS NULL", arguments: [moment, id])
            let generations = try Int64.fetchAll(
                db, sql: "SELECT id FROM generation WHERE pictureId = ? AND status <> 'running'", arguments: [id])
            for generation in generations { try Library.bin(generation, at: moment, db) }
        }
    }

    /// Takes a picture out of the bin, and the generations that went into it at the same moment.
    public func restore(picture id: Int64) throws(LibraryError) {
        try write { db in
            _ = try Library.picture(id, db)
            try db.execute(
                sql: """
                    UPDATE generationMark SET binnedAt = NULL
                    WHERE generationId IN (SELECT id FROM generation WHERE pictureId = ?)
                        AND binnedAt = (SELECT binnedAt FROM picture WHERE id = ?)
                    """, arguments: [id, id])
            try db.execute(sql: "UPDATE picture SET binnedAt = NULL WHERE id = ?", arguments: [id])
        }
    }

    /// - Throws: `LibraryError.noSuchGeneration`; `LibraryError.invalid` for one that runs.
    public func bin(generation id: Int64, at moment: Date = Date()) throws(LibraryError) {
        try write { db in
            guard try Library.generation(id, db).status != .running else {
                throw LibraryError.invalid(field: "generation", value: "\(id)", rule: "one that runs is cancelled first")
            }
            try Library.bin(id, at: Moment.rounded(moment), db)
        }
    }

    private static func bin(_ generation: Int64, at moment: Date, _ db: Database) throws {
        try makeMark(of: generation, db)
        try db.execute(
            sql: "UPDATE generationMark SET binnedAt = ? WHERE generationId = ? AND binnedAt IS NULL", arguments: [moment, generation])
    }

    public func restore(generation id: Int64) throws(LibraryError) {
        try write { db in
            _ = try Library.generation(id, db)
            try db.execute(sql: "UPDATE generationMark SET binnedAt = NULL WHERE generationId = ?", arguments: [id])
        }
    }

    /// How much lies in the bin.
    public func binCount() throws(LibraryError) -> Int {
        try read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM picture WHERE binnedAt IS NOT NULL)
                        + (SELECT count(*) FROM generationMark WHERE binnedAt IS NOT NULL)
                    """) ?? 0
        }
    }

    /// Removes what lies in the bin for good. A picture stays in it as long as a generation of it is kept outside.
    public func emptyBin() throws(LibraryError) -> EmptiedBin {
        try write { db in
            var emptied = EmptiedBin()
            let generations = try Int64.fetchAll(
                db,
                sql: """
                    SELECT generationId FROM generationMark WHERE binnedAt IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM job WHERE job.generationId = generationMark.generationId AND state IN ('queued', 'running'))
                    """)
            for generation in generations {
                emptied.outputs += try String.fetchAll(
                    db,
                    sql: """
                        SELECT path FROM generationOutput WHERE generationId = ?
                            AND NOT EXISTS (SELECT 1 FROM picture WHERE picture.sha256 = generationOutput.sha256 AND binnedAt IS NULL)
                        """, arguments: [generation])
                for table in ["generationEmbedding", "generationOutput", "generationMask"] {
                    try db.execute(sql: "DELETE FROM \(table) WHERE generationId = ?", arguments: [generation])
                }
                try db.execute(
                    sql: "DELETE FROM job WHERE generationId = ? AND state NOT IN ('queued', 'running')", arguments: [generation])
                try db.execute(sql: "DELETE FROM generation WHERE id = ?", arguments: [generation])
            }
            emptied.generations = generations.count
            let pictures = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sha256 FROM picture WHERE binnedAt IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM generation WHERE pictureId = picture.id)
                    """
            ).map { StoredRow($0, of: "picture") }
            for picture in pictures {
                let id: Int64 = try picture.value("id")
                for table in ["embedding", "suggestion", "decision", "prompt", "analysis", "picturePath"] {
                    try db.execute(sql: "DELETE FROM \(table) WHERE pictureId = ?", arguments: [id])
                }
                try db.execute(sql: "DELETE FROM picture WHERE id = ?", arguments: [id])
                emptied.pictures.append(try picture.value("sha256"))
            }
            return emptied
        }
    }
}

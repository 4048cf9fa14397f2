import Foundation
import GRDB

/// What emptying the bin took out of the library: files that nothing of it refers to any more are the caller's to remove.
package struct EmptiedBin: Sendable, Hashable {
    /// A file that went out of the library's sight.
    package struct File: Sendable, Hashable {
        package let path: String
        package let sha256: String
    }

    /// SHA-256 of the pictures that went.
    package internal(set) var pictures: [String] = []
    /// What the generations that went had written, and where the pictures that went were seen, unless something that stays needs the file.
    package internal(set) var files: [File] = []
    /// SHA-256 of the masks that only generations that went were repainted under.
    package internal(set) var masks: [String] = []
    package internal(set) var generations = 0
}

extension Library {
    /// Puts a picture into the bin, and with it the generations of it that are over.
    ///
    /// - Throws: `LibraryError.noSuchPicture`.
    package func bin(picture id: Int64, at moment: Date = Date()) throws(LibraryError) {
        try write { db in
            _ = try Library.picture(id, db)
            // What went along comes back along: what went before, however shortly, has another moment.
            let before = try Date.fetchOne(
                db,
                sql: """
                    SELECT max(binnedAt) FROM generationMark JOIN generation ON generation.id = generationId WHERE pictureId = ?
                    """, arguments: [id])
            let moment = Moment.rounded(max(moment, before?.addingTimeInterval(0.001) ?? moment))
            try db.execute(sql: "UPDATE picture SET binnedAt = ? WHERE id = ? AND binnedAt IS NULL", arguments: [moment, id])
            let generations = try Int64.fetchAll(
                db, sql: "SELECT id FROM generation WHERE pictureId = ? AND status <> 'running'", arguments: [id])
            for generation in generations { try Library.bin(generation, at: moment, db) }
        }
    }

    /// Takes a picture out of the bin, and the generations that went into it at the same moment. One that is not in it stays as it is.
    package func restore(picture id: Int64) throws(LibraryError) {
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
    package func bin(generation id: Int64, at moment: Date = Date()) throws(LibraryError) {
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

    /// Takes a generation out of the bin; one that is not in it stays as it is.
    package func restore(generation id: Int64) throws(LibraryError) {
        try write { db in
            _ = try Library.generation(id, db)
            try db.execute(sql: "UPDATE generationMark SET binnedAt = NULL WHERE generationId = ?", arguments: [id])
        }
    }

    /// How much lies in the bin.
    package func binCount() throws(LibraryError) -> Int {
        try read { db in
            try Int.fetchOne(
                db,
                sql: """
                    SELECT (SELECT count(*) FROM picture WHERE binnedAt IS NOT NULL)
                        + (SELECT count(*) FROM generationMark WHERE binnedAt IS NOT NULL)
                    """) ?? 0
        }
    }

    /// Removes what lies in the bin for good. A picture stays in it as long as a generation of it is kept outside, or a job is about it.
    package func emptyBin() throws(LibraryError) -> EmptiedBin {
        try write { db in
            var emptied = EmptiedBin()
            let generations = try Int64.fetchAll(
                db,
                sql: """
                    SELECT generationId FROM generationMark WHERE binnedAt IS NOT NULL AND NOT EXISTS (
                        SELECT 1 FROM job WHERE job.generationId = generationMark.generationId AND state IN ('queued', 'running'))
                    """)
            for generation in generations { try Library.remove(generation: generation, &emptied, db) }
            emptied.generations = generations.count
            let pictures = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, sha256 FROM picture WHERE binnedAt IS NOT NULL
                        AND NOT EXISTS (SELECT 1 FROM generation WHERE pictureId = picture.id)
                        AND NOT EXISTS (
                            SELECT 1 FROM job WHERE state IN ('queued', 'running') AND instr("order", picture.sha256) > 0)
                    """
            ).map { StoredRow($0, of: "picture") }
            for picture in pictures { try Library.remove(picture: picture.value("id"), picture.value("sha256"), &emptied, db) }
            try Library.keepNeeded(&emptied, db)
            return emptied
        }
    }

    /// Only once all is removed is it known what stays: a picture may be the very file that a generation wrote.
    static func keepNeeded(_ emptied: inout EmptiedBin, _ db: Database) throws {
        emptied.files = try emptied.files.filter { try !Library.needs($0, db) }
        emptied.masks = try Set(emptied.masks).sorted().filter { try !Library.needs(mask: $0, db) }
    }

    static func remove(generation: Int64, _ emptied: inout EmptiedBin, _ db: Database) throws {
        let outputs = try Row.fetchAll(db, sql: "SELECT path, sha256 FROM generationOutput WHERE generationId = ?", arguments: [generation])
        for output in outputs.map({ StoredRow($0, of: "generationOutput") }) {
            emptied.files.append(.init(path: try output.value("path"), sha256: try output.value("sha256")))
        }
        emptied.masks += try String.fetchAll(
            db, sql: "SELECT sha256 FROM generationMask WHERE generationId = ?", arguments: [generation])
        for table in ["generationEmbedding", "generationOutput", "generationMask"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE generationId = ?", arguments: [generation])
        }
        try db.execute(sql: "DELETE FROM job WHERE generationId = ? AND state NOT IN ('queued', 'running')", arguments: [generation])
        try db.execute(sql: "DELETE FROM generation WHERE id = ?", arguments: [generation])
    }

    static func remove(picture id: Int64, _ sha256: String, _ emptied: inout EmptiedBin, _ db: Database) throws {
        let paths = try String.fetchAll(db, sql: "SELECT path FROM picturePath WHERE pictureId = ?", arguments: [id])
        emptied.files += paths.map { EmptiedBin.File(path: $0, sha256: sha256) }
        for table in ["embedding", "suggestion", "decision", "prompt", "analysis", "picturePath"] {
            try db.execute(sql: "DELETE FROM \(table) WHERE pictureId = ?", arguments: [id])
        }
        try db.execute(sql: "DELETE FROM picture WHERE id = ?", arguments: [id])
        emptied.pictures.append(sha256)
    }

    /// Whether something of the library is still in need of a file: a picture that is this very file, a generation that wrote it, or a job
    /// under way that starts from it. Asked again right before a file is removed, since others may have brought it meanwhile.
    package func needs(_ file: EmptiedBin.File) throws(LibraryError) -> Bool {
        try read { db in try Library.needs(file, db) }
    }

    /// Whether a generation, or a job under way, is repainted under a mask.
    package func needs(mask sha256: String) throws(LibraryError) -> Bool {
        try read { db in try Library.needs(mask: sha256, db) }
    }

    /// Whether a picture, or what a generation made, has that digest.
    package func isShown(_ sha256: String) throws(LibraryError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM picture WHERE sha256 = ?) OR EXISTS (SELECT 1 FROM generationOutput WHERE sha256 = ?)
                    """, arguments: [sha256, sha256]) ?? false
        }
    }

    private static func needs(_ file: EmptiedBin.File, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM picture WHERE sha256 = ?) OR EXISTS (SELECT 1 FROM generationOutput WHERE path = ?)
                    OR EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running') AND instr("order", ?) > 0)
                """, arguments: [file.sha256, file.path, file.sha256]) ?? false
    }

    private static func needs(mask sha256: String, _ db: Database) throws -> Bool {
        try Bool.fetchOne(
            db,
            sql: """
                SELECT EXISTS (SELECT 1 FROM generationMask WHERE sha256 = ?)
                    OR EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running') AND instr("order", ?) > 0)
                """, arguments: [sha256, sha256]) ?? false
    }
}

import Foundation
import GRDB

/// What the library holds of a picture.
package struct PictureExtent: Sendable, Hashable {
    package let sha256: String
    package let analyses: Int
    package let decisions: Int
    package let prompts: Int
    package let generations: Int
    /// Where the picture was seen, and what was made of it.
    package let files: [EmptiedBin.File]
}

extension Library {
    /// - Throws: `LibraryError.noSuchPicture`; `LibraryError.invalid` where a job is about the picture.
    package func extent(ofPicture id: Int64) throws(LibraryError) -> PictureExtent {
        try read { db in
            let picture = try Library.picture(id, db)
            let underWay = try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running') AND instr(\"order\", ?) > 0)",
                arguments: [picture.sha256])
            guard underWay != true else {
                throw LibraryError.invalid(
                    field: "picture", value: "\(id)", rule: "a job is about it; wait for it, or cancel it (redraw jobs)")
            }
            func count(_ table: String) throws -> Int {
                try Int.fetchOne(db, sql: "SELECT count(*) FROM \(table) WHERE pictureId = ?", arguments: [id]) ?? 0
            }
            let made = try Row.fetchAll(
                db,
                sql: """
                    SELECT path, generationOutput.sha256 FROM generationOutput
                    JOIN generation ON generation.id = generationOutput.generationId WHERE pictureId = ? ORDER BY path
                    """, arguments: [id]
            ).map { row in
                let row = StoredRow(row, of: "generationOutput")
                return EmptiedBin.File(path: try row.value("path"), sha256: try row.value("sha256"))
            }
            return PictureExtent(
                sha256: picture.sha256, analyses: try count("analysis"), decisions: try count("decision"), prompts: try count("prompt"),
                generations: try count("generation"),
                files: picture.paths.map { EmptiedBin.File(path: $0, sha256: picture.sha256) } + made)
        }
    }

    /// Removes a picture for good, with all that was said and decided of it and the generations of it, whether in the bin or not.
    ///
    /// - Returns: what became free, as after emptying the bin.
    /// - Throws: `LibraryError.noSuchPicture`; `LibraryError.invalid` where a job is about the picture.
    package func forget(picture id: Int64) throws(LibraryError) -> EmptiedBin {
        _ = try extent(ofPicture: id)
        return try write { db in
            let picture = try Library.picture(id, db)
            // The rules of the tables let go only of what lies in the bin.
            try db.execute(sql: "UPDATE picture SET binnedAt = coalesce(binnedAt, ?) WHERE id = ?", arguments: [Date(), id])
            var emptied = EmptiedBin()
            let generations = try Int64.fetchAll(db, sql: "SELECT id FROM generation WHERE pictureId = ?", arguments: [id])
            for generation in generations { try Library.remove(generation: generation, &emptied, db) }
            emptied.generations = generations.count
            try Library.remove(picture: id, picture.sha256, &emptied, db)
            try Library.keepNeeded(&emptied, db)
            return emptied
        }
    }
}

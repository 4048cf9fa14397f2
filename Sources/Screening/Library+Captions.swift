import Foundation
import GRDB

/// Texts that were written beside pictures as their captions: nobody's words, to be told from those that people write there.
extension Library {
    /// - Parameter sha256: of the text's file.
    /// - Throws: `LibraryError.noSuchPicture`.
    package func note(caption sha256: String, of picture: Int64) throws(LibraryError) {
        let sha256 = try Text.sha256(sha256, field: "the caption's digest")
        try write { db in
            _ = try Library.picture(picture, db)
            try db.execute(
                sql: "INSERT INTO writtenCaption (pictureId, sha256) VALUES (?, ?) ON CONFLICT DO NOTHING", arguments: [picture, sha256])
        }
    }

    /// Whether a text of that digest was written beside the picture.
    package func wrote(caption sha256: String, of picture: Int64) throws(LibraryError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM writtenCaption WHERE pictureId = ? AND sha256 = ?)",
                arguments: [picture, sha256.lowercased()]) ?? false
        }
    }

    /// The folders that files were written into: what generations made, and captions. At most so many.
    package func writtenFolders(limit: Int) throws(LibraryError) -> [String] {
        try read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT rtrim(path, replace(path, '/', '')) FROM (
                        SELECT path FROM generationOutput
                        UNION ALL SELECT path FROM picturePath WHERE pictureId IN (SELECT pictureId FROM writtenCaption))
                    LIMIT ?
                    """, arguments: [max(0, limit)])
        }
    }
}

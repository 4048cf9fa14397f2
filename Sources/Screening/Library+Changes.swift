import Foundation
import GRDB

extension Library {
    /// Brings counts and the index of words in step with the pictures that this transaction changed. One statement each, however many.
    static func tellChanges(_ db: Database) throws {
        guard try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM pictureChanged)") == true else { return }
        try db.execute(
            sql: """
                UPDATE picture SET
                    analyses = (SELECT count(*) FROM analysis WHERE pictureId = picture.id),
                    approved = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'approved'),
                    rejected = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'rejected'),
                    pending = (SELECT count(*) FROM suggestion WHERE pictureId = picture.id AND state = 'pending'),
                    generations = (
                        SELECT count(*) FROM generation LEFT JOIN generationMark ON generationMark.generationId = generation.id
                        WHERE pictureId = picture.id AND status = 'done' AND generationMark.binnedAt IS NULL),
                    bestStars = coalesce((
                        SELECT max(stars) FROM generation JOIN generationMark ON generationMark.generationId = generation.id
                        WHERE pictureId = picture.id AND generationMark.binnedAt IS NULL), 0)
                WHERE id IN (SELECT pictureId FROM pictureChanged);
                DELETE FROM pictureText WHERE rowid IN (SELECT pictureId FROM pictureChanged);
                INSERT INTO pictureText (rowid, name, tags, prompt)
                SELECT id, name,
                    coalesce((
                        SELECT group_concat(suggestionName.name, ', ') FROM suggestion
                        JOIN suggestionName ON suggestionName.suggestionId = suggestion.id
                        WHERE suggestion.pictureId = picture.id AND suggestion.state <> 'rejected'), '') || ', ' || coalesce((
                        SELECT group_concat(editedText, ', ') FROM suggestion
                        WHERE suggestion.pictureId = picture.id AND state = 'approved' AND editedText IS NOT NULL), '') || ', ' || coalesce((
                        SELECT group_concat(described, ', ') FROM suggestion
                        WHERE suggestion.pictureId = picture.id AND state <> 'rejected' AND editedText IS NULL AND described IS NOT NULL), ''),
                    coalesce((SELECT positive FROM prompt WHERE pictureId = picture.id ORDER BY number DESC LIMIT 1), '') || ' ' || coalesce((
                        SELECT CASE WHEN json_valid(recovered) THEN json_extract(recovered, '$.positive') END FROM analysis
                        WHERE pictureId = picture.id AND recovered IS NOT NULL ORDER BY id DESC LIMIT 1), '')
                FROM picture WHERE id IN (SELECT pictureId FROM pictureChanged);
                DELETE FROM pictureChanged;
                """)
    }

    static func name(ofPath path: String) -> String {
        path.split(separator: "/").last.map(String.init) ?? path
    }

    /// A number that is another one once some other process, or another value, changed the file.
    package func foreignChanges() throws(LibraryError) -> Int {
        // The writer's connection: what it changes itself does not count.
        try onWriter { db in try Int.fetchOne(db, sql: "PRAGMA data_version") ?? 0 }
    }

    /// How far the library's records go: it differs where anything but the progress of jobs has changed.
    package func extent() throws(LibraryError) -> LibraryExtent {
        try read { db in
            func number(_ sql: String) throws -> Int64 { try Int64.fetchOne(db, sql: sql) ?? 0 }
            return LibraryExtent(
                numbers: [
                    try number("SELECT max(id) FROM picture"), try number("SELECT max(id) FROM decision"),
                    try number("SELECT max(id) FROM analysis"), try number("SELECT max(id) FROM generation"),
                    try number("SELECT count(*) FROM prompt"), try number("SELECT count(*) FROM generation WHERE status = 'running'"),
                    try number("SELECT count(*) FROM picture WHERE binnedAt IS NOT NULL"),
                    try number("SELECT count(*) FROM generationMark WHERE binnedAt IS NOT NULL"),
                    try number("SELECT coalesce(sum(stars * 2 + isKept), 0) FROM generationMark"),
                    try number("SELECT count(*) FROM preset"), try number("SELECT max(id) FROM sheet"),
                    // Some are taken out of the list once they are over.
                    try number("SELECT count(*) FROM job"),
                ])
        }
    }
}

/// See `Library.extent()`.
package struct LibraryExtent: Sendable, Hashable {
    let numbers: [Int64]
}

import Foundation
import GRDB

extension Library {
    /// Keeps a picture, or finds it by its digest, and notes where it was seen.
    ///
    /// - Returns: the picture, with the places where it was seen last.
    @discardableResult
    package func record(_ picture: NewPicture, at moment: Date = Date()) throws(LibraryError) -> PictureRecord {
        let picture = try Library.checked(picture)
        return try write { db in try Library.insert(picture, at: moment, db) }
    }

    /// Places of a picture that are told to whoever comes by it, the latest: one that lies in thousands is come by thousands of times.
    static let mostPathsTold = 8

    /// The picture with a tidy digest, or what is wrong with it.
    static func checked(_ picture: NewPicture) throws(LibraryError) -> NewPicture {
        var checked = picture
        checked.sha256 = try Text.sha256(picture.sha256, field: "the picture's digest")
        checked.pixels = try picture.pixels.map { pixels throws(LibraryError) in try Text.sha256(pixels, field: "the digest of pixels") }
        guard picture.width > 0, picture.height > 0 else {
            throw .invalid(field: "the picture's size", value: "\(picture.width)x\(picture.height)", rule: "both are at least 1")
        }
        return checked
    }

    /// Writes a picture's row; of one that is there, the name where it had none.
    static func insertRow(_ sha256: String, width: Int, height: Int, addedAt: Date, name: String, _ db: Database) throws {
        try db.run(
            """
            INSERT INTO picture (sha256, width, height, addedAt, name) VALUES (?, ?, ?, ?, ?)
            ON CONFLICT (sha256) DO UPDATE SET name = excluded.name WHERE name = ''
            """, [sha256, width, height, addedAt, name])
    }

    static func insert(_ picture: NewPicture, at moment: Date, _ db: Database) throws -> PictureRecord {
        // One that lies in the bin stays there: a folder or a job that comes by it again is nobody's wish to have it back.
        let name = picture.name ?? picture.path.map(Library.name) ?? ""
        var picture = picture
        if let known = try Library.aliased(picture.sha256, db) { picture.sha256 = known }
        try insertRow(picture.sha256, width: picture.width, height: picture.height, addedAt: moment, name: name, db)
        let id = try Int64.fetchOne(db, sql: "SELECT id FROM picture WHERE sha256 = ?", arguments: [picture.sha256])!
        if let pixels = picture.pixels {
            try db.execute(sql: "UPDATE picture SET pixels = ? WHERE id = ? AND pixels IS NULL", arguments: [pixels, id])
        }
        if let parent = picture.enlargedFrom {
            // The first to say so is right, and nothing comes from itself.
            try db.execute(
                sql: "UPDATE picture SET enlargedFrom = ? WHERE id = ? AND id <> ? AND enlargedFrom IS NULL",
                arguments: [parent, id, parent])
        }
        if let path = picture.path, !path.isEmpty {
            try db.execute(
                sql: """
                    INSERT INTO picturePath (path, pictureId, seenAt, bytes, modified) VALUES (?, ?, ?, ?, ?)
                    ON CONFLICT (path, pictureId) DO UPDATE
                    SET seenAt = max(seenAt, excluded.seenAt), bytes = excluded.bytes, modified = excluded.modified
                    """,
                arguments: [path, id, moment, picture.stamp?.bytes, picture.stamp?.modified])
        }
        return try Library.picture(id, paths: mostPathsTold, db)
    }

    /// - Throws: `LibraryError.noSuchPicture`.
    package func picture(id: Int64) throws(LibraryError) -> PictureRecord {
        try read { db in try Library.picture(id, db) }
    }

    /// The picture of that digest, or that has had it since its file was changed beside its pixels; nil where none is kept.
    package func picture(sha256: String) throws(LibraryError) -> PictureRecord? {
        try read { db in
            let known = try Library.aliased(sha256.lowercased(), db) ?? sha256.lowercased()
            return try Row.fetchOne(db, sql: "SELECT * FROM picture WHERE sha256 = ?", arguments: [known])
                .map { try PictureRecord.all([$0], db)[0] }
        }
    }

    /// The number of that picture. No more of it is read, so that what is wrong with the rest ends no list.
    package func number(ofPicture sha256: String) throws(LibraryError) -> Int64? {
        try read { db in
            let known = try Library.aliased(sha256.lowercased(), db) ?? sha256.lowercased()
            return try db.number("SELECT id FROM picture WHERE sha256 = ?", [known])
        }
    }

    /// Notes that a file of that digest is the picture too: its pixels are the same, something else was written into it.
    ///
    /// A digest that is a picture's own already stays so.
    package func note(alias sha256: String, of picture: Int64) throws(LibraryError) {
        let sha256 = try Text.sha256(sha256, field: "the picture's digest")
        try write { db in
            _ = try Library.picture(picture, db)
            try Library.insert(alias: sha256, of: picture, db)
        }
    }

    /// A digest that is a picture's own stays so.
    static func insert(alias sha256: String, of picture: Int64, _ db: Database) throws {
        try db.run(
            """
            INSERT INTO pictureAlias (sha256, pictureId)
            SELECT ?, ? WHERE NOT EXISTS (SELECT 1 FROM picture WHERE sha256 = ?) ON CONFLICT DO NOTHING
            """, [sha256, picture, sha256])
    }

    /// Whether there is a picture of that size whose pixels are known.
    package func knowsPixels(width: Int, height: Int) throws(LibraryError) -> Bool {
        try read { db in
            try Bool.fetchOne(
                db, sql: "SELECT EXISTS (SELECT 1 FROM picture WHERE width = ? AND height = ? AND pixels IS NOT NULL)",
                arguments: [width, height]) ?? false
        }
    }

    /// The picture with these pixels that was kept first; nil where none is known to have them.
    ///
    /// - Parameter pixels: see ``NewPicture/pixels``.
    package func picture(pixels: String) throws(LibraryError) -> PictureRecord? {
        try read { db in
            try Row.fetchOne(db, sql: "SELECT * FROM picture WHERE pixels = ? ORDER BY id LIMIT 1", arguments: [pixels])
                .map { try PictureRecord.all([$0], db)[0] }
        }
    }

    /// The digest under which the picture is kept that has this one, too.
    static func aliased(_ sha256: String, _ db: Database) throws -> String? {
        let sql = "SELECT picture.sha256 FROM pictureAlias JOIN picture ON picture.id = pictureId WHERE pictureAlias.sha256 = ?"
        return try String.fetchOne(try db.cachedStatement(sql: sql), arguments: [sha256])
    }

    /// The picture whose digest starts so.
    /// - Throws: `LibraryError.ambiguousPicture` where several do, `LibraryError.noSuchPicture` where none does.
    package func picture(sha256Prefix prefix: String) throws(LibraryError) -> PictureRecord {
        let lower = prefix.lowercased()
        let isHexadecimal = !lower.isEmpty && lower.utf8.allSatisfy { (48...57).contains($0) || (97...102).contains($0) }
        guard isHexadecimal else { throw .noSuchPicture(prefix) }
        return try read { db in
            let rows = try Row.fetchAll(
                db, sql: "SELECT * FROM picture WHERE sha256 >= ? AND sha256 < ? ORDER BY sha256 LIMIT 20", arguments: [lower, lower + "g"])
            guard rows.count < 2 else {
                throw LibraryError.ambiguousPicture(
                    prefix, candidates: try PictureRecord.all(rows, db).map { $0.sha256.prefix(12).description })
            }
            guard let row = rows.first else { throw LibraryError.noSuchPicture(prefix) }
            return try PictureRecord.all([row], db)[0]
        }
    }

    /// The picture last seen at that path, even where the file is gone now.
    package func picture(path: String) throws(LibraryError) -> PictureRecord? {
        try read { db in
            let sql = """
                SELECT picture.* FROM picture JOIN picturePath ON picturePath.pictureId = picture.id
                WHERE path = ? ORDER BY seenAt DESC LIMIT 1
                """
            return try Row.fetchOne(db, sql: sql, arguments: [path]).map { try PictureRecord.all([$0], db)[0] }
        }
    }

    /// The pictures, the latest added first.
    package func pictures(limit: Int = .max, offset: Int = 0) throws(LibraryError) -> [PictureRecord] {
        try read { db in
            try PictureRecord.all(
                Row.fetchAll(
                    db, sql: "SELECT * FROM picture ORDER BY id DESC LIMIT ? OFFSET ?", arguments: [max(0, limit), max(0, offset)]), db)
        }
    }

    /// Those of the pictures that are there, by their numbers, for lists: something empty stands in for what cannot be read.
    package func pictures(numbers: some Collection<Int64>) throws(LibraryError) -> [Int64: PictureRecord] {
        try read { db in
            let rows = try Library.children("SELECT * FROM picture WHERE id IN (%)", of: Array(numbers), by: "id", table: "picture", db) {
                $0.row.copy()
            }
            let pictures = try PictureRecord.all(rows.values.flatMap { $0 }, isListed: true, db)
            return Dictionary(uniqueKeysWithValues: pictures.map { ($0.id, $0) })
        }
    }

    /// How many pictures there are.
    package func pictureCount() throws(LibraryError) -> Int {
        // Each half by a narrow index; for both together SQLite would read all digests.
        try read { db in
            let sql = """
                SELECT (SELECT count(*) FROM picture INDEXED BY pictureListed WHERE binnedAt IS NULL)
                    + (SELECT count(*) FROM picture INDEXED BY pictureBinned WHERE binnedAt IS NOT NULL)
                """
            return try Int.fetchOne(db, sql: sql) ?? 0
        }
    }

    /// How many pictures have suggestions that nobody decided on yet.
    package func pendingPictureCount() throws(LibraryError) -> Int {
        try read { db in
            let sql = "SELECT count(*) FROM picture INDEXED BY picturePending WHERE binnedAt IS NULL AND pending > 0"
            return try Int.fetchOne(db, sql: sql) ?? 0
        }
    }

    /// The number of the latest added of the pictures with suggestions that nobody decided on yet. No more of it is read, so that what is wrong with
    /// the rest does not keep anybody from those before it.
    ///
    /// - Parameter id: only those that were added before this one; nil: all.
    package func pendingPicture(before id: Int64? = nil) throws(LibraryError) -> Int64? {
        try read { db in
            let sql = "SELECT id FROM picture WHERE binnedAt IS NULL AND pending > 0 AND id < ? ORDER BY id DESC LIMIT 1"
            return try Int64.fetchOne(db, sql: sql, arguments: [id ?? .max])
        }
    }

    /// - Parameter most: places where it was seen that are told, the latest.
    static func picture(_ id: Int64, paths most: Int = .max, _ db: Database) throws -> PictureRecord {
        guard let row = try db.rows("SELECT * FROM picture WHERE id = ?", [id]).first else { throw LibraryError.noSuchPicture("\(id)") }
        let places = "SELECT pictureId, path FROM picturePath WHERE pictureId = ? ORDER BY seenAt DESC, path LIMIT ?"
        return try PictureRecord(
            StoredRow(row, of: "picture"),
            paths: db.rows(places, [id, most]).map { try StoredRow($0, of: "picturePath").value("path") })
    }
}

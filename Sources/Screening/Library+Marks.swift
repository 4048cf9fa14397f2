import Foundation
import GRDB

/// What a person said of a generation.
package struct GenerationMark: Sendable, Hashable {
    /// 0 to 5; 0 for none.
    package var stars = 0
    package var isKept = false
    package var binnedAt: Date?
    /// SHA-256 of the mask's file that it was repainted under.
    package var mask: String?

    package init() {}
}

extension Library {
    /// Says how many stars a generation has, and whether it is kept; nil leaves that as it is.
    ///
    /// - Throws: `LibraryError.noSuchGeneration`, `LibraryError.invalid`.
    package func mark(generation id: Int64, stars: Int? = nil, isKept: Bool? = nil) throws(LibraryError) {
        if let stars, !(0...5).contains(stars) { throw .invalid(field: "the number of stars", value: "\(stars)", rule: "from 0 to 5") }
        try write { db in
            _ = try Library.generation(id, db)
            try Library.makeMark(of: id, db)
            if let stars { try db.execute(sql: "UPDATE generationMark SET stars = ? WHERE generationId = ?", arguments: [stars, id]) }
            if let isKept { try db.execute(sql: "UPDATE generationMark SET isKept = ? WHERE generationId = ?", arguments: [isKept, id]) }
        }
    }

    static func makeMark(of generation: Int64, _ db: Database) throws {
        try db.execute(
            sql:
                "INSERT INTO generationMark (generationId) SELECT ? WHERE NOT EXISTS (SELECT 1 FROM generationMark WHERE generationId = ?)",
            arguments: [generation, generation])
    }

    /// What was said of some generations; one that nothing was said of has no entry.
    package func marks(of generations: [Int64]) throws(LibraryError) -> [Int64: GenerationMark] {
        try read { db in
            var marks: [Int64: GenerationMark] = [:]
            let said = try Library.children(
                "SELECT * FROM generationMark WHERE generationId IN (%)", of: generations, by: "generationId", table: "generationMark", db
            ) { row in
                let row = row.listed
                var mark = GenerationMark()
                (mark.stars, mark.isKept, mark.binnedAt) = (
                    try row.value("stars"), try row.value("isKept"), try row.optionalMoment("binnedAt")
                )
                return mark
            }
            for (id, mark) in said { marks[id] = mark.first }
            let masks = try Library.children(
                "SELECT * FROM generationMask WHERE generationId IN (%)", of: generations, by: "generationId", table: "generationMask", db
            ) { row -> String? in try row.listed.optional("sha256") }
            for (id, mask) in masks { marks[id, default: GenerationMark()].mask = mask.first ?? nil }
            return marks
        }
    }

    /// Generations that are not in the bin, the latest first.
    ///
    /// - Parameters:
    ///   - picture: of this one only.
    ///   - kind: of this one only.
    ///   - words: that all stand in its prompt; the last one may be the beginning of a word.
    ///   - stars: with at least so many.
    ///   - isBinned: those in the bin instead.
    package func generations(
        of picture: Int64?, kind: Generation.Kind? = nil, words: String = "", stars: Int, isBinned: Bool = false, offset: Int, limit: Int
    ) throws(LibraryError) -> (total: Int, generations: [Generation]) {
        guard !Library.askInVain(words) else { return (0, []) }
        return try read { db in
            // What is marked is asked for by itself: in a join SQLite goes through all generations in their order.
            let marked = "SELECT generationId FROM generationMark WHERE"
            var conditions = ["id \(isBinned ? "IN" : "NOT IN") (\(marked) binnedAt IS NOT NULL)"]
            var arguments = StatementArguments()
            if let picture {
                conditions.append("pictureId = ?")
                arguments += [picture]
            }
            if let kind {
                conditions.append("kind = ?")
                arguments += [kind.rawValue]
            }
            if let match = Library.match(words) {
                conditions.append(Library.generationSays)
                arguments += [match]
            }
            if stars > 0 {
                conditions.append("id IN (\(marked) stars >= ?)")
                arguments += [stars]
            }
            let rest = "FROM generation WHERE \(conditions.joined(separator: " AND "))"
            let total = try Int.fetchOne(db, sql: "SELECT count(*) \(rest)", arguments: arguments) ?? 0
            let rows = try Row.fetchAll(
                db, sql: "SELECT * \(rest) ORDER BY id DESC LIMIT ? OFFSET ?", arguments: arguments + [max(0, limit), max(0, offset)])
            return (total, try Generation.all(rows, isListed: true, db))
        }
    }

    /// The numbers of the pictures that have these digests.
    package func numbers(ofPictures digests: [String]) throws(LibraryError) -> [String: Int64] {
        try read { db in
            var numbers: [String: Int64] = [:]
            for digest in Set(digests) {
                numbers[digest] = try Int64.fetchOne(
                    db, sql: "SELECT id FROM picture WHERE sha256 = ? AND binnedAt IS NULL", arguments: [digest])
            }
            return numbers
        }
    }
}

/// A wish that a person keeps under a name.
package struct Preset: Sendable, Hashable {
    package let name: String
    package let wish: StoredJSON
    /// What of it a list could not read, with the remedy; something empty stands in its place.
    package let damaged: String?
}

extension Library {
    /// By name.
    package func presets() throws(LibraryError) -> [Preset] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM preset ORDER BY name").map {
                let row = StoredRow($0, of: "preset").listed
                let (name, wish): (String, StoredJSON) = (try row.value("name"), try row.requiredJSON("wish"))
                return Preset(name: name, wish: wish, damaged: row.unreadable)
            }
        }
    }

    /// Keeps a wish under a name.
    ///
    /// - Parameter replacing: whether it takes the place of one that has the name, whatever its capitals.
    /// - Returns: whether it is kept; not where one stands there and is not to be replaced.
    package func keep(preset name: String, wish: String, replacing: Bool, at moment: Date = Date()) throws(LibraryError) -> Bool {
        let name = try Text.tag(name, field: "the preset's name")
        guard name.count <= 80 else {
            throw .invalid(field: "the preset's name", value: "\(name.prefix(40))…", rule: "at most 80 characters")
        }
        try Text.json(wish, field: "the wish")
        return try write { db in
            let taken = try Bool.fetchOne(db, sql: "SELECT EXISTS (SELECT 1 FROM preset WHERE name = ?)", arguments: [name]) ?? false
            guard replacing || !taken else { return false }
            try db.execute(
                sql: """
                    INSERT INTO preset (name, wish, changedAt) VALUES (?, ?, ?)
                    ON CONFLICT (name) DO UPDATE SET wish = excluded.wish, changedAt = excluded.changedAt
                    """,
                arguments: [name, wish, moment])
            return true
        }
    }

    /// - Returns: whether there was one.
    package func remove(preset name: String) throws(LibraryError) -> Bool {
        try write { db in
            try db.execute(sql: "DELETE FROM preset WHERE name = ?", arguments: [name])
            return db.changesCount > 0
        }
    }
}

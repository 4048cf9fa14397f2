import Foundation
import GRDB

extension Library {
    /// Takes another library in, some pictures at a time, so that others may use this one meanwhile. What is decided here stays as it is; what
    /// is not takes over the other's decisions. Merging the same library again changes nothing.
    ///
    /// Pictures that are new here and on which nothing is decided yet, as processes that only look at pictures leave them, are copied table by
    /// table; all others are read and taken in one by one, as those of an export are. What lies in the other's bin stays there, and so do its
    /// jobs, sheets and presets. Files are not touched: pictures and results are where they were.
    ///
    /// The other library is looked through first: one in which something cannot be read changes nothing. Its suggestions are too many for that.
    /// They are looked at when they come, and a picture with one that cannot be read is left out, which the report tells.
    ///
    /// - Parameters:
    ///   - isChecked: whether ``check(_:reading:)`` has looked through it already.
    ///   - atOnce: pictures in one transaction, for which others wait.
    ///   - types: what its JSON will be read as.
    ///   - onPictures: told how many pictures have been taken in; what it throws ends the merging between two transactions.
    /// - Throws: `LibraryError` that names the file which is not as it should be.
    @discardableResult
    package func merge(
        _ arriving: ArrivingLibrary, isChecked: Bool = false, by person: String, at moment: Date = Date(), atOnce: Int = 1000,
        reading types: StoredTypes = .own, onPictures: (Int) throws -> Void = { _ in }
    ) throws -> ImportReport {
        precondition(atOnce > 0, "at least one picture at a time, not \(atOnce)")
        do {
            return try attaching(arriving) {
                if !isChecked { try checkAttached(arriving, types) }
                return try takeAll(of: arriving, by: person, at: moment, atOnce, types, onPictures)
            }
        } catch {
            throw arriving.blamed(for: error)
        }
    }

    /// Runs `body` while the other library is attached as `arriving`.
    func attaching<Value>(_ arriving: ArrivingLibrary, _ body: () throws -> Value) throws -> Value {
        try onWriter { db in
            try db.execute(sql: "ATTACH DATABASE ? AS arriving", arguments: [arriving.place])
            try db.execute(
                sql: """
                    CREATE TEMP TABLE IF NOT EXISTS arrivingPicture (id INTEGER PRIMARY KEY, here INTEGER, way TEXT);
                    CREATE TEMP TABLE IF NOT EXISTS arrivingAnalysis (id INTEGER PRIMARY KEY, here INTEGER NOT NULL);
                    """)
        }
        defer { try? onWriter { db in try db.execute(sql: "DETACH DATABASE arriving") } }
        return try expectingManyRows(body)
    }

    /// Runs `body` with memory and a log for rows that come in by the ten thousand.
    func expectingManyRows<Value>(_ body: () throws -> Value) throws -> Value {
        // Pages of the indices, in KiB, and of the log between two checkpoints.
        let wanted = [("cache_size", -65_536), ("wal_autocheckpoint", 16_384)]
        let usual = try onWriter { db in
            try wanted.map { name, value in
                let before = try Int.fetchOne(db, sql: "PRAGMA main.\(name)")
                try db.execute(sql: "PRAGMA main.\(name) = \(value)")
                return (name, before ?? 0)
            }
        }
        defer { try? onWriter { db in for (name, value) in usual { try db.execute(sql: "PRAGMA main.\(name) = \(value)") } } }
        return try body()
    }

    private func takeAll(
        of arriving: ArrivingLibrary, by person: String, at moment: Date, _ atOnce: Int, _ types: StoredTypes,
        _ onPictures: (Int) throws -> Void
    ) throws -> ImportReport {
        var report = ImportReport()
        try onWriter { db in try Merging.check(arriving.library.location, db) }
        var last: Int64? = 0
        while let begin = last {
            var (one, left): ([Int64], [Int64]) = ([], [])
            (last, one) = try copySome(after: begin, atOnce, &report)
            for start in stride(from: 0, to: one.count, by: Library.picturesAtOnce) {
                let some = Array(one[start..<min(start + Library.picturesAtOnce, one.count)])
                left += try take(some, of: arriving, by: person, at: moment, types, &report)
            }
            if !one.isEmpty { try write { db in try Merging.complete(&report, without: left, db) } }
            if last != nil { try onPictures(report.picturesAdded + report.picturesMerged) }
        }
        let free = try arriving.freeGenerations(reading: types)
        for start in stride(from: 0, to: free.count, by: atOnce) {
            let some = Array(free[start..<min(start + atOnce, free.count)])
            report.add(try self.import(LibraryExport(pictures: [], generations: some), by: person, at: moment, reading: nil))
        }
        try write(Merging.marks)
        return report
    }

    /// Copies those of the pictures that come next which are copied. Where a table refuses a row, none of them is: read one by one they tell which
    /// row that is.
    ///
    /// - Returns: the number of the last; nil where there are no more. And those that come in one by one.
    private func copySome(after begin: Int64, _ atOnce: Int, _ report: inout ImportReport) throws -> (last: Int64?, one: [Int64]) {
        func copied(isEachRead: Bool) throws(LibraryError) -> (last: Int64?, one: [Int64], report: ImportReport) {
            try write { db in
                var copied = ImportReport()
                let last = try Merging.choose(after: begin, atOnce, db)
                if isEachRead { try Merging.readEach(db) }
                try Merging.copy(&copied, db)
                let one = try Int64.fetchAll(db, sql: "SELECT id FROM temp.arrivingPicture WHERE way = 'one' ORDER BY id")
                return (last, one, copied)
            }
        }
        let some: (last: Int64?, one: [Int64], report: ImportReport)
        do {
            some = try copied(isEachRead: false)
        } catch LibraryError.database {
            some = try copied(isEachRead: true)
        }
        report.add(some.report)
        return (some.last, some.one)
    }

    /// Takes pictures in one by one, but those of which something cannot be read.
    ///
    /// - Returns: those that were left out.
    private func take(
        _ ids: [Int64], of arriving: ArrivingLibrary, by person: String, at moment: Date, _ types: StoredTypes, _ report: inout ImportReport
    ) throws(LibraryError) -> [Int64] {
        do {
            let pictures = try arriving.exported(ids, reading: types)
            report.add(try self.import(LibraryExport(pictures: pictures, generations: []), by: person, at: moment, reading: nil))
            return []
        } catch {
            switch error {
            case .damagedArrival(_, let place), .notAnExport(let place):
                guard ids.count == 1 else { break }
                report.leftOut.append(arriving.leftOut(picture: ids[0], place))
                return ids
            default: throw error
            }
        }
        // It is one of them; which, each by itself tells.
        var left: [Int64] = []
        for id in ids { left += try take([id], of: arriving, by: person, at: moment, types, &report) }
        return left
    }
}

/// The statements of a merge. CROSS JOIN, and a plus before a column, keep SQLite from going through a whole table, or by all rows of a moment, for
/// each thousand of the other library's pictures.
///
/// The other library is attached as `arriving`; `temp.arrivingPicture` holds some of its pictures, with their numbers here and the way they come in:
/// `copied`, `known` (with all that is said of them) or `one` by one.
private enum Merging {
    /// Tables of the other library that are read by statements.
    private static let read = [
        "picture", "picturePath", "analysis", "suggestion", "suggestionName", "decision", "prompt", "generation", "embeddingSpace",
        "embedding", "pictureAlias", "writtenCaption", "generationMark", "generationMask", "generationEmbedding",
    ]

    /// That what is read are tables with our columns, and no views that compute something.
    ///
    /// - Parameter path: of the other library.
    static func check(_ path: String, _ db: Database) throws {
        func columns(_ table: String, of schema: String) throws -> [String] {
            let sql = "SELECT name || ' ' || hidden FROM pragma_table_xinfo(?, ?) ORDER BY name"
            return try String.fetchAll(db, sql: sql, arguments: [table, schema])
        }
        for table in read {
            let kind = try String.fetchOne(db, sql: "SELECT type FROM arriving.sqlite_schema WHERE name = ?", arguments: [table])
            guard kind == "table", try columns(table, of: "main") == columns(table, of: "arriving") else {
                throw LibraryError.corrupt(path: path, detail: "its table \(table) is not as Redraw makes it")
            }
        }
    }

    /// Fills the table of pictures with those that come next.
    ///
    /// - Returns: the number of the last; nil where there are no more.
    static func choose(after begin: Int64, _ count: Int, _ db: Database) throws -> Int64? {
        try db.run("DELETE FROM temp.arrivingPicture")
        try db.run(
            "INSERT INTO temp.arrivingPicture (id) SELECT id FROM arriving.picture WHERE id > ? AND binnedAt IS NULL ORDER BY id LIMIT ?",
            [begin, count])
        try find(db)
        // What is new is copied where its rows are as our own program writes them; where not, reading them one by one tells what is wrong.
        try db.run(
            """
            UPDATE temp.arrivingPicture SET way = CASE
                WHEN EXISTS (SELECT 1 FROM arriving.decision WHERE pictureId = arrivingPicture.id)
                    OR EXISTS (SELECT 1 FROM arriving.prompt WHERE pictureId = arrivingPicture.id)
                    OR EXISTS (SELECT 1 FROM arriving.generation WHERE pictureId = arrivingPicture.id)
                    THEN 'one'
                WHEN here IS NOT NULL AND (
                    EXISTS (
                        SELECT 1 FROM arriving.analysis AS theirs WHERE pictureId = arrivingPicture.id AND NOT EXISTS (
                            SELECT 1 FROM main.analysis AS ours WHERE ours.pictureId = here AND ours.encoderSha256 = theirs.encoderSha256
                            AND ours.vocabularySha256 = theirs.vocabularySha256 AND +ours.createdAt = theirs.createdAt))
                    OR EXISTS (
                        SELECT 1 FROM arriving.suggestion AS theirs WHERE pictureId = arrivingPicture.id AND NOT EXISTS (
                            SELECT 1 FROM main.suggestion AS ours WHERE ours.pictureId = here AND ours.tagKey = theirs.tagKey)))
                    THEN 'one'
                WHEN here IS NOT NULL THEN 'known'
                WHEN EXISTS (SELECT 1 FROM arriving.picture WHERE picture.id = arrivingPicture.id AND NOT (\(isMoment("addedAt"))))
                    OR EXISTS (
                        SELECT 1 FROM arriving.picturePath WHERE pictureId = arrivingPicture.id AND NOT (
                            typeof(path) = 'text' AND \(isMoment("seenAt")) AND typeof(bytes) IN ('null', 'integer')
                            AND typeof(modified) IN ('null', 'integer')))
                    OR EXISTS (
                        SELECT 1 FROM arriving.analysis WHERE pictureId = arrivingPicture.id AND NOT (
                            \(isMoment("createdAt")) AND typeof(encoderName) = 'text' AND typeof(encoderSha256) = 'text'
                            AND typeof(vocabularyName) = 'text' AND typeof(vocabularySha256) = 'text'
                            AND typeof(vocabularyCount) = 'integer' AND typeof(seconds) = 'real' AND typeof(positive) = 'text'
                            AND typeof(negative) = 'text' AND typeof(wording) IN ('null', 'text')))
                    OR EXISTS (
                        SELECT 1 FROM arriving.suggestion WHERE pictureId = arrivingPicture.id AND NOT (
                            state = 'pending' AND decisionId IS NULL AND typeof(tag) = 'text' AND typeof(tagKey) = 'text'
                            AND typeof(facet) = 'text' AND typeof(rank) IN ('null', 'integer')
                            AND typeof(described) IN ('null', 'text')
                            AND (analysisId IS NULL OR EXISTS (
                                SELECT 1 FROM arriving.analysis
                                WHERE analysis.id = analysisId AND analysis.pictureId = suggestion.pictureId))))
                    OR EXISTS (
                        SELECT 1 FROM arriving.suggestion JOIN arriving.suggestionName ON suggestionId = suggestion.id
                        WHERE pictureId = arrivingPicture.id AND NOT (typeof(nameKey) = 'text' AND typeof(name) = 'text'))
                    THEN 'one'
                ELSE 'copied' END
            """)
        return try db.number("SELECT max(id) FROM temp.arrivingPicture", [])
    }

    /// As GRDB writes one.
    private static func isMoment(_ column: String) -> String {
        let digits = { (count: Int) in String(repeating: "[0-9]", count: count) }
        let day = "\(digits(4))-\(digits(2))-\(digits(2))"
        return "\(column) GLOB '\(day) \(digits(2)):\(digits(2)):\(digits(2)).\(digits(3))'"
    }

    /// Notes which of the pictures are here, under their own digest or as another one's alias.
    private static func find(_ db: Database) throws {
        try db.run(
            """
            UPDATE temp.arrivingPicture SET here = (
                SELECT coalesce(
                    (SELECT pictureId FROM main.pictureAlias AS ours WHERE ours.sha256 = theirs.sha256),
                    (SELECT id FROM main.picture AS ours WHERE ours.sha256 = theirs.sha256))
                FROM arriving.picture AS theirs WHERE theirs.id = arrivingPicture.id)
            WHERE here IS NULL
            """)
    }

    /// Copies those that are copied, and what else there is of those that are known.
    static func copy(_ report: inout ImportReport, _ db: Database) throws {
        report.picturesMerged += Int(try db.number("SELECT count(*) FROM temp.arrivingPicture WHERE way = 'known'", []) ?? 0)
        let pictures = try columns(of: "picture", without: ["id", "wantedAnalysis", "analysisFailure", "enlargedFrom"], db)
        try db.run(
            """
            INSERT INTO main.picture (\(pictures)) SELECT \(pictures) FROM arriving.picture
            WHERE id IN (SELECT id FROM temp.arrivingPicture WHERE way = 'copied') ORDER BY id
            """)
        report.picturesAdded += db.changesCount
        try find(db)

        try db.run("DELETE FROM temp.arrivingAnalysis")
        try db.run(
            """
            INSERT INTO temp.arrivingAnalysis (id, here)
            SELECT analysis.id, coalesce((SELECT seq FROM main.sqlite_sequence WHERE name = 'analysis'), 0) + row_number() OVER (
                ORDER BY analysis.id)
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.analysis ON pictureId = picture.id WHERE way = 'copied'
            """)
        let analyses = try columns(of: "analysis", without: ["id", "pictureId"], db)
        try db.run(
            """
            INSERT INTO main.analysis (id, pictureId, \(analyses)) SELECT arrivingAnalysis.here, picture.here, \(analyses)
            FROM temp.arrivingAnalysis CROSS JOIN arriving.analysis ON analysis.id = arrivingAnalysis.id
            CROSS JOIN temp.arrivingPicture AS picture ON picture.id = pictureId ORDER BY arrivingAnalysis.here
            """)
        report.analysesAdded += db.changesCount

        let suggestions = try columns(of: "suggestion", without: ["id", "pictureId", "analysisId", "decisionId"], db)
        try db.run(
            """
            INSERT INTO main.suggestion (pictureId, analysisId, \(suggestions)) SELECT picture.here, arrivingAnalysis.here, \(suggestions)
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.suggestion ON pictureId = picture.id
            LEFT JOIN temp.arrivingAnalysis ON arrivingAnalysis.id = analysisId
            WHERE way = 'copied' ORDER BY suggestion.id
            """)
        report.suggestionsAdded += db.changesCount
        try db.run(
            """
            INSERT INTO main.suggestionName (suggestionId, nameKey, name) SELECT ours.id, nameKey, name
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.suggestion AS theirs ON theirs.pictureId = picture.id
            CROSS JOIN main.suggestion AS ours ON ours.pictureId = picture.here AND ours.tagKey = theirs.tagKey
            CROSS JOIN arriving.suggestionName ON suggestionName.suggestionId = theirs.id
            WHERE way = 'copied'
            """)
        try addWhatIsKnownOfAny(ways: "'copied', 'known'", &report, db)
    }

    /// Has all pictures that would be copied come in one by one.
    static func readEach(_ db: Database) throws {
        try db.run("UPDATE temp.arrivingPicture SET way = 'one' WHERE way = 'copied'")
    }

    /// Adds, to the pictures that were taken in one by one, what an export does not tell of them.
    ///
    /// - Parameter left: pictures that were left out.
    static func complete(_ report: inout ImportReport, without left: [Int64], _ db: Database) throws {
        for picture in left { try db.run("DELETE FROM temp.arrivingPicture WHERE id = ?", [picture]) }
        try find(db)
        try addWhatIsKnownOfAny(ways: "'one'", &report, db)
    }

    /// Where the pictures were seen, where encoders place them, their other digests, and the captions that were written of them.
    private static func addWhatIsKnownOfAny(ways: String, _ report: inout ImportReport, _ db: Database) throws {
        let paths = try columns(of: "picturePath", without: ["pictureId"], db)
        try db.run(
            """
            INSERT INTO main.picturePath (pictureId, \(paths)) SELECT here, \(paths)
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.picturePath ON pictureId = picture.id
            WHERE way IN (\(ways)) ON CONFLICT (path, pictureId) DO NOTHING
            """)
        report.pathsAdded += db.changesCount
        try db.run(
            """
            INSERT INTO main.embeddingSpace (encoderName, encoderSha256, dimension)
            SELECT encoderName, encoderSha256, dimension FROM arriving.embeddingSpace WHERE true ON CONFLICT (encoderSha256) DO NOTHING
            """)
        try db.run(
            """
            INSERT INTO main.embedding (spaceId, pictureId, halves) SELECT ours.id, here, halves
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.embedding ON pictureId = picture.id
            CROSS JOIN arriving.embeddingSpace AS theirs ON theirs.id = spaceId
            CROSS JOIN main.embeddingSpace AS ours ON ours.encoderSha256 = theirs.encoderSha256 AND ours.dimension = theirs.dimension
            WHERE way IN (\(ways)) AND length(halves) = 2 * ours.dimension ORDER BY embedding.id
            ON CONFLICT (pictureId, spaceId) DO NOTHING
            """)
        report.embeddingsAdded += db.changesCount
        try db.run(
            """
            INSERT INTO main.pictureAlias (sha256, pictureId) SELECT sha256, here
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.pictureAlias ON pictureId = picture.id
            WHERE way IN (\(ways)) AND NOT EXISTS (SELECT 1 FROM main.picture AS ours WHERE ours.sha256 = pictureAlias.sha256)
            ON CONFLICT DO NOTHING
            """)
        try db.run(
            """
            INSERT INTO main.writtenCaption (sha256, pictureId) SELECT sha256, here
            FROM temp.arrivingPicture AS picture CROSS JOIN arriving.writtenCaption ON pictureId = picture.id
            WHERE way IN (\(ways)) ON CONFLICT DO NOTHING
            """)
    }

    /// Stars, masks and places of what was generated, and from which picture one was enlarged, where nothing is known of it here.
    static func marks(_ db: Database) throws {
        let isMade = "(ours.id, marked.position) IN (SELECT generationId, position FROM main.generationOutput)"
        for (table, condition) in [("generationMark", "true"), ("generationMask", "true"), ("generationEmbedding", isMade)] {
            let columns = try columns(of: table, without: ["generationId"], db)
            try db.run(
                """
                INSERT INTO main.\(table) (generationId, \(columns)) SELECT ours.id, \(marked(columns))
                FROM arriving.\(table) AS marked CROSS JOIN arriving.generation AS theirs ON theirs.id = marked.generationId
                CROSS JOIN main.generation AS ours ON ours.createdAt = theirs.createdAt AND ours.seed = theirs.seed
                    AND (ours.request = theirs.request OR 'null' IN (ours.request, theirs.request) AND ours.kind = theirs.kind
                        AND ours.model = theirs.model AND ours.profile = theirs.profile AND ours."precision" = theirs."precision"
                        AND ours.stepsRequested = theirs.stepsRequested)
                WHERE \(condition) ON CONFLICT DO NOTHING
                """)
        }
        try db.run(
            """
            UPDATE main.picture SET enlargedFrom = (
                SELECT parent.id FROM arriving.picture AS theirs
                CROSS JOIN arriving.picture AS theirParent ON theirParent.id = theirs.enlargedFrom
                CROSS JOIN main.picture AS parent ON parent.sha256 = theirParent.sha256
                WHERE theirs.sha256 = picture.sha256 AND parent.id <> picture.id)
            WHERE enlargedFrom IS NULL
            AND sha256 IN (SELECT sha256 FROM arriving.picture WHERE enlargedFrom IS NOT NULL AND binnedAt IS NULL)
            """)
    }

    private static func marked(_ columns: String) -> String {
        columns.split(separator: ", ").map { "marked.\($0)" }.joined(separator: ", ")
    }

    /// A table's columns but those whose values mean something else here, as SQL; both libraries have the same.
    private static func columns(of table: String, without left: Set<String>, _ db: Database) throws -> String {
        try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?, 'main') ORDER BY cid", arguments: [table])
            .filter { !left.contains($0) }.map { "\"\($0)\"" }.joined(separator: ", ")
    }
}

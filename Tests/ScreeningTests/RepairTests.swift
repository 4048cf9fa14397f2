import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// Damaged rows are told, and set aside while the rest stays.
@Suite struct RepairTests {
    /// A library with three pictures, analyses and decisions in `folder`.
    private func library(in folder: URL) throws -> Library {
        let library = try Library(folder: folder)
        for number in 1...3 {
            let picture = try library.record(NewPicture(sha256: digest(number), width: 40, height: 30, path: "/pictures/\(number).png"))
            try library.record(
                .sample([.sample("cat \(number)", 0.9), .sample("sofa", 0.6, rank: 2), .sample("evening", 0.3, rank: 3)]), of: picture.id)
            try library.decide([.approve("sofa")], on: picture.id, by: "somebody")
        }
        return library
    }

    private func damage(_ folder: URL, _ statements: [String]) throws {
        let queue = try DatabaseQueue(path: folder.appendingPathComponent(Library.fileName).path)
        try queue.writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON")
            // As a damaged disk asks nobody.
            let triggers = try Row.fetchAll(db, sql: "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
            for one in triggers { try db.execute(sql: "DROP TRIGGER \"\(one["name"] as String)\"") }
            for statement in statements { try db.execute(sql: statement) }
            for one in triggers { try db.execute(sql: one["sql"]) }
        }
    }

    /// (Statement, the column that is named).
    static let damages = [
        ("UPDATE picture SET addedAt = 7 WHERE id = 2", "addedAt"),
        ("UPDATE picture SET width = 'wide' WHERE id = 2", "width"),
        ("UPDATE suggestion SET confidence = 'much' WHERE tag = 'cat 2'", "confidence"),
        ("UPDATE suggestion SET state = 'perhaps' WHERE tag = 'cat 2'", "state"),
        ("UPDATE analysis SET model = '{' WHERE pictureId = 2", "model"),
        ("UPDATE analysis SET createdAt = '9999-99-99 00:00:00.000' WHERE pictureId = 2", "createdAt"),
        ("UPDATE analysis SET encoderName = X'00ff' WHERE pictureId = 2", "encoderName"),
        ("UPDATE decision SET action = 'shrug' WHERE pictureId = 2", "action"),
    ]

    @Test(arguments: damages.indices) func aDamagedRowIsSetAside(_ index: Int) throws {
        let temporary = try TemporaryFolder()
        let (statement, column) = Self.damages[index]
        _ = try library(in: temporary.url)
        try damage(temporary.url, [statement])
        let library = try Library(folder: temporary.url)
        let told = try library.check().joined(separator: "\n")
        #expect(told.contains("column \(column)"), "\(told)")
        var aside: Data?
        let rows = try library.repair { aside = $0 }
        let lines = String(decoding: try #require(aside), as: UTF8.self).split(separator: "\n")
        #expect(lines.count == rows.values.reduce(0, +) && lines.contains { $0.contains("\(column): ") })
        for line in lines { #expect(try JSONSerialization.jsonObject(with: Data(line.utf8)) is [String: Any]) }
        #expect(try library.check() == [])
        // Of the other pictures everything is there, with what was decided.
        for number in [1, 3] {
            let picture = try #require(try library.picture(sha256: digest(number)))
            #expect(try library.states(picture.id) == ["cat \(number)": .pending, "sofa": .approved, "evening": .pending])
        }
        #expect(try library.repair { _ in Issue.record("there is nothing left") } == [:])
    }

    /// (Statement, what is set aside).
    static let values = [
        ("UPDATE analysis SET model = '{' WHERE pictureId = 2", ["analysis.model": 1]),
        ("UPDATE picture SET binnedAt = 7, name = X'00ff' WHERE id = 2", ["picture.binnedAt": 1, "picture.name": 1]),
        ("UPDATE picture SET approved = 'many' WHERE id = 2", ["picture.approved": 1]),
        ("UPDATE suggestion SET rank = 'first', cosine = X'00' WHERE tag = 'cat 2'", ["suggestion.cosine": 1, "suggestion.rank": 1]),
        ("UPDATE suggestion SET cosine = 7 WHERE tag = 'cat 2'", ["suggestion.cosine": 1]),
        ("UPDATE suggestion SET weight = 'heavy' WHERE tag = 'sofa' AND pictureId = 2", ["suggestion.weight": 1]),
    ]

    @Test(arguments: values.indices) func aValueThatItsRowCanDoWithoutGoesAlone(_ index: Int) throws {
        let temporary = try TemporaryFolder()
        let (statement, expected) = Self.values[index]
        _ = try library(in: temporary.url)
        try damage(temporary.url, [statement])
        let library = try Library(folder: temporary.url)
        #expect(try !library.check().isEmpty)
        var aside = Data()
        #expect(try library.repair { aside = $0 } == expected)
        #expect(try library.check() == [])
        let picture = try #require(try library.picture(sha256: digest(2)))
        #expect(try library.states(picture.id) == ["cat 2": .pending, "sofa": .approved, "evening": .pending])
        #expect(try library.analyses(of: picture.id).count == 1 && library.suggestions(of: picture.id).allSatisfy { $0.weight == 1 })
        #expect(try library.read { db in try Int.fetchOne(db, sql: "SELECT approved FROM picture WHERE id = 2") } == 1)
        for line in String(decoding: aside, as: UTF8.self).split(separator: "\n") {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            let value = try #require(object["value"] as? String)
            #expect(expected["\(object["table"] as? String ?? "").\(value)"] == 1)
            #expect((object["row"] as? [String: Any])?[value].map { !($0 is NSNull) } == true, "the value as it was")
        }
    }

    /// What must be there takes its row along, and no default says that work which was done is still to be done.
    @Test func aRowThatCannotDoWithoutGoesAsAWhole() throws {
        let temporary = try TemporaryFolder()
        do {
            let library = try library(in: temporary.url)
            try library.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO job ("order", engine, isAttended, state, createdAt, startedAt, finishedAt)
                        VALUES ('{}', 'builtin', 0, 'done', '2026-01-01 00:00:00.000', '2026-01-01 00:00:00.000', '2026-01-01 00:00:01.000')
                        """)
            }
        }
        try damage(
            temporary.url,
            [
                "UPDATE analysis SET model = '{', encoderName = X'00ff' WHERE pictureId = 2",
                "UPDATE job SET finishedAt = NULL, state = 'over'",
            ])
        let library = try Library(folder: temporary.url)
        #expect(try library.repair { _ in } == ["analysis": 1, "job": 1])
        #expect(try library.check() == [] && library.jobs().isEmpty)
    }

    @Test func aSoundLibraryIsLeftAsItIs() throws {
        let temporary = try TemporaryFolder()
        let library = try library(in: temporary.url)
        #expect(try library.check() == [])
        var isAnythingAside = false
        #expect(try library.repair { _ in isAnythingAside = true } == [:])
        #expect(!isAnythingAside)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).allSatisfy { !$0.contains("set-aside") })
    }

    /// What is told at once is told of the rows that came last.
    @Test func theLatestRowsAreLookedAtAlone() throws {
        let temporary = try TemporaryFolder()
        _ = try library(in: temporary.url)
        try damage(
            temporary.url, ["UPDATE picture SET width = 'wide' WHERE id = 2", "UPDATE picturePath SET seenAt = 7 WHERE pictureId = 3"])
        let library = try Library(folder: temporary.url)
        func columns(_ rows: Int) throws -> [String] {
            try ["column width", "column seenAt"].filter { try library.checkLatest(rows).joined().contains($0) }
        }
        #expect(try columns(1) == [] && columns(2) == ["column width"] && columns(1000) == ["column width", "column seenAt"])
        #expect(try library.byteCount() >= 4096)
    }

    /// What is exported can be imported: a number, a length or a digest that no import takes leaves no library, is found, and is set aside.
    @Test func whatNoImportTakesIsFound() throws {
        let temporary = try TemporaryFolder()
        var exported: [String] = []
        for (name, bound) in Accepted.ofColumns.sorted(by: { $0.key < $1.key }) {
            let folder = temporary.url.appendingPathComponent(name)
            do { try Samples.complete(try library(in: folder)) }
            let value =
                switch bound {
                case .number(let range): range.upperBound < 1e9 ? "1e300" : "9223372036854775807"
                case .length(let most): "'\(String(repeating: "x", count: most + 1))'"
                case .digest: "'\(String(repeating: "z", count: 64))'"
                }
            let parts = name.split(separator: ".")
            try damage(folder, ["UPDATE OR IGNORE \(parts[0]) SET \"\(parts[1])\" = \(value)"])
            let damaged = try Library(folder: folder)
            let told = try damaged.check()
            #expect(told.contains { $0.hasPrefix("table \(parts[0]), ") && $0.contains("column \(parts[1]): ") }, "\(name): \(told)")
            do {
                try Library.inMemory().import(LibraryExport(json: damaged.export().json()), by: "import")
                exported.append(name)
            } catch {
                #expect("\(error)".contains("doctor --repair"), "\(name): \(error)")
            }
            _ = try damaged.repair { _ in }
            #expect(try damaged.check() == [], "\(name)")
            let copy = try Library.inMemory()
            try copy.import(LibraryExport(json: damaged.export().json()), by: "import")
            #expect(try copy.pictureCount() == damaged.pictureCount(), "\(name)")
        }
        // The name that is the tag itself is told once.
        #expect(exported == ["suggestionName.name"])
    }

    /// Whoever knows what a column's JSON is read as finds what is of another kind, and it alone is set aside.
    @Test func jsonOfAnotherKindIsSetAside() throws {
        struct Size: Decodable { let width, height: Int }
        let types = StoredTypes([.size: StoredTypes.reading(Size.self), .request: StoredTypes.reading([String: String]?.self)])
        let temporary = try TemporaryFolder()
        do { try Samples.complete(try library(in: temporary.url)) }
        try damage(
            temporary.url,
            [#"UPDATE analysis SET size = '{"width":"wide"}' WHERE pictureId = 2"#, "UPDATE generation SET request = '[1]'"])
        let library = try Library(folder: temporary.url)
        let problems = try library.check(reading: types).filter { !$0.hasSuffix("made of") }
        #expect(problems.count == 2 && problems[0].contains("column size: it cannot be read: at width"), "\(problems)")
        #expect(try library.check().filter { !$0.hasSuffix("made of") } == [])
        for (way, column) in [("export", "request"), ("merge", "size")] {
            let error = #expect(throws: LibraryError.self) {
                if way == "export" {
                    _ = try library.export(reading: types)
                } else {
                    let file = temporary.url.appendingPathComponent(Library.fileName)
                    try Library.inMemory().merge(ArrivingLibrary(contentsOf: file), by: "me", reading: types)
                }
            }
            let said = error.map { "\($0)" } ?? ""
            #expect(said.contains("column \(column)") && said.contains("doctor --repair"), "\(way): \(said)")
        }
        #expect(try library.repair(reading: types) { _ in } == ["analysis.size": 1, "generation.request": 1])
        #expect(try library.check(reading: types) == [])
        let generation = try #require(try library.generations().first)
        #expect(generation.request.text == "null" && generation.outputs.count == 1 && generation.seconds != nil)
        #expect(try library.analyses(of: 2).first?.size == nil && library.analyses(of: 2).first?.model != nil)
        // The same with what this room reads itself: a decision of which nobody knows what was before is not undone, the one before it is.
        _ = try library.decide([.reject("evening")], on: 2, by: "somebody")
        try damage(temporary.url, ["UPDATE decision SET before = '{}' WHERE id = (SELECT max(id) FROM decision)"])
        let error = #expect(throws: LibraryError.self) { try library.undo(on: 2, by: "somebody") }
        #expect(error?.place?.contains("column before") == true)
        #expect(try library.repair { _ in } == ["decision.after": 1, "decision.before": 1])
        #expect(try library.undo(on: 2, by: "somebody").decisions.map(\.tag) == ["sofa"])
        #expect(try library.states(2)["evening"] == .rejected)
    }

    /// An export from before the damage, or from after it, brings nothing in a second time; it tells the generation by the rest of it.
    @Test func whatARepairSetAsideIsKnownInAnOlderExport() throws {
        let temporary = try TemporaryFolder()
        let older: LibraryExport
        do {
            let library = try library(in: temporary.url)
            try Samples.complete(library)
            _ = try library.record(NewPrompt(positive: "a dog", model: "small", width: 64, height: 64), of: 1)
            older = try library.export()
        }
        try damage(
            temporary.url,
            ["UPDATE generation SET request = '{' WHERE pictureId IS NOT NULL", "UPDATE prompt SET model = X'00' WHERE model IS NOT NULL"])
        let library = try Library(folder: temporary.url)
        #expect(try library.repair { _ in } == ["generation.request": 1, "prompt.model": 1])
        let repaired = try library.export()
        #expect(repaired != older)
        let again = try library.import(older, by: "import")
        #expect(again.generationsAdded == 0 && again.promptsAdded == 0, "\(again)")
        let first = try Library.inMemory()
        try first.import(older, by: "import")
        let second = try first.import(repaired, by: "import")
        #expect(second.generationsAdded == 0 && second.promptsAdded == 0, "\(second)")
        // With other settings it is another one.
        var other = older
        let place = try #require(other.pictures.firstIndex { !$0.generations.isEmpty })
        other.pictures[place].generations[0].model = "large"
        #expect(try library.import(other, by: "import").generationsAdded == 1)
    }

    /// Every column of every table, filled with bytes, and with a value of another type than its own, each time another one: whatever reads it
    /// says so or does without, nothing ends the process, and a repair leaves a sound library.
    @Test(arguments: [["X'00FF'"], ["'a word'", "-7.25", "9223372036854775807", "1e300"]]) func anyColumnMayHoldAnything(
        _ values: [String]
    ) throws {
        var random = SeededGenerator.announced()
        let temporary = try TemporaryFolder()
        let (first, folder) = (temporary.url.appendingPathComponent("first"), temporary.url.appendingPathComponent("damaged"))
        do {
            let library = try library(in: first)
            try Samples.complete(library)
            _ = try library.check()
        }
        let file = first.appendingPathComponent(Library.fileName)
        let columns = try DatabaseQueue(path: file.path).writeWithoutTransaction { db -> [(String, String)] in
            try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)")
            let tables = try String.fetchAll(
                db,
                sql: """
                    SELECT name FROM sqlite_schema
                    WHERE type = 'table' AND name NOT LIKE 'sqlite%' AND name NOT LIKE 'pictureText%'
                        AND name NOT LIKE 'generationText%' AND name <> 'grdb_migrations'
                    """)
            return try tables.flatMap { table in
                try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [table]).map { (table, $0) }
            }
        }
        #expect(columns.count > 100)
        for (table, column) in columns {
            let value = values[Int.random(in: 0..<values.count, using: &random)]
            try? FileManager.default.removeItem(at: folder)
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: file, to: folder.appendingPathComponent(Library.fileName))
            // Numbers of rows take whole numbers only, and a key is there once.
            try? damage(folder, ["UPDATE OR IGNORE \"\(table)\" SET \"\(column)\" = \(value)"])
            let library = try Library(folder: folder)
            Samples.readAll(library)
            let told = try library.check()
            _ = try? library.repair { _ in }
            #expect(try library.check() == [], "\(table).\(column) = \(value): \(told)")
            Samples.readAll(library)
        }
    }
}

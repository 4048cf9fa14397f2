import Foundation
import TestSupport
import Testing

@testable import Screening
@testable import Studio

/// Every column of a library that holds JSON, with what no version of ours writes there: lists go on, single commands and exports name it and the
/// remedy, no other library takes it in, a look through the library finds it, and after the repair everything works.
@Suite struct DamagedColumnTests {
    /// Texts by their names.
    private static let texts: [(name: String, json: String)] = [
        ("a large number", "1e300"), ("a negative number", "-1"), ("a text", #""x""#), ("null", "null"), ("an empty list", "[]"),
        ("an empty object", "{}"), ("large steps", #"{"steps":1e300}"#), ("a negative count", #"{"count":-1}"#),
        ("depth", String(repeating: "[", count: 300) + String(repeating: "]", count: 300)),
        ("great depth", String(repeating: #"{"a":"#, count: 5000) + "1" + String(repeating: "}", count: 5000)),
        ("a long list", "[" + repeatElement("0", count: 100_000).joined(separator: ",") + "]"), ("no JSON", #"{"prompt":"a c"#),
    ]

    /// What can be read in a column although it is in that list.
    private static let sound: [JSONColumn: Set<String>] = [
        .request: ["null", "an empty object"], .seconds: ["an empty object"], .dropped: ["an empty list"], .things: ["an empty list"],
        .wish: ["an empty object", "a negative count"],
        .wantedAnalysis: ["an empty object", "large steps", "a negative count"],
    ]

    /// Columns that no export tells and no merge brings.
    private static let own: Set<JSONColumn> = [.order, .wantedAnalysis, .wish, .axes]

    /// The rows that are damaged, one at a time.
    private static func rows(_ column: JSONColumn) -> [String] {
        switch column {
        case .model, .size, .recovered, .dropped, .composition, .calibration, .things:
            ["id = (SELECT max(id) FROM analysis WHERE pictureId = 1)"]
        case .before, .after: ["id = (SELECT max(id) FROM decision WHERE pictureId = 1)"]
        // Of a picture, and painted.
        case .request, .seconds: ["id = 1", "id = 3"]
        case .order: ["id = (SELECT max(id) FROM job)"]
        case .wantedAnalysis: ["id = 1"]
        case .wish: ["name = 'first'"]
        case .axes: ["id = 1"]
        }
    }

    private static func parts(_ column: JSONColumn) -> (table: Substring, name: Substring) {
        let parts = column.rawValue.split(separator: ".")
        return (parts[0], parts[1])
    }

    /// Tables that say the same again are out of step with what is changed by hand.
    private func problems(_ studio: Studio) throws -> [String] {
        try studio.premises.library().check(reading: .studio).filter { !$0.hasSuffix("made of") }
    }

    @Test func whatCannotBeReadIsKnown() {
        for column in JSONColumn.allCases {
            for (name, text) in Self.texts {
                let fault = StoredTypes.studio.fault(of: text, in: column)
                #expect((fault == nil) == (Self.sound[column]?.contains(name) == true), "\(column), \(name): \(fault ?? "read")")
                #expect(fault.map { $0.contains("\n") } != true && fault?.count ?? 0 <= 160, "\(column), \(name)")
            }
        }
    }

    /// One after the other, each alone, in one library.
    @Test func eachAloneIsToldAndStays() async throws {
        let filled = try await FilledLibrary()
        let studio = try filled.copy([])
        #expect(try problems(studio) == [] && exported(studio, filled) == nil && merged(studio) == nil)
        #expect(try await errors(studio) == [])
        for column in JSONColumn.allCases {
            for row in Self.rows(column) {
                let (table, name) = Self.parts(column)
                let what = "\(column.rawValue), \(row)"
                let place = "FROM \(table) WHERE \(row)"
                let before = try studio.premises.library().read { db in
                    try String.fetchOne(db, sql: "SELECT quote(\"\(name)\") \(place)") ?? "NULL"
                }
                try FilledLibrary.run(["UPDATE \(table) SET \"\(name)\" = '-1' WHERE \(row)"], on: studio)
                try await look(studio, filled, column, what)
                try FilledLibrary.run(["UPDATE \(table) SET \"\(name)\" = \(before) WHERE \(row)"], on: studio)
            }
        }
        #expect(try problems(studio) == [])
    }

    /// What is told of one of them.
    private func look(_ studio: Studio, _ filled: FilledLibrary, _ column: JSONColumn, _ what: String) async throws {
        let (table, name) = Self.parts(column)
        #expect(try await FilledLibrary.extent(studio) == filled.extent, "\(what)")
        let found = try problems(studio)
        #expect(found.count == 1, "\(what): \(found)")
        for problem in found {
            #expect(problem.hasPrefix("table \(table), row ") && problem.contains("column \(name): "), "\(what): \(problem)")
        }
        for error in try await errors(studio) {
            #expect(error.contains("doctor --repair") && !error.contains("\n"), "\(what): \(error)")
        }
        let ways: [(String, String?)] = [("export", try exported(studio, filled)), ("merge", try merged(studio))]
        for (way, error) in ways {
            #expect((error != nil) == !Self.own.contains(column), "\(what), \(way): \(error ?? "taken")")
            guard let error else { continue }
            for part in ["doctor --repair", "table \(table)", "column \(name)"] {
                #expect(error.contains(part), "\(what), \(way): \(error)")
            }
        }
        try await tellInLists(studio, column, what)
        if [.before, .after].contains(column) {
            let refused = #expect(throws: LibraryError.self) { try studio.undo(on: 1, by: "a test") }
            #expect("\(try #require(refused))".contains("doctor --repair"), "\(what)")
        }
    }

    /// The lists tell of the row that something of it cannot be read, and how that is mended.
    private func tellInLists(_ studio: Studio, _ column: JSONColumn, _ what: String) async throws {
        let told: [String?]
        switch column {
        case .request, .seconds:
            let details = try await studio.generations().generations
            told = details.map(\.damaged)
            let unknown = details.count { $0.wish == nil }
            #expect(unknown == (column == .request ? 1 : 0), "\(what)")
            let entries = try studio.history().compactMap { $0.generation?.damaged }
            #expect(entries.count == 1, "\(what)")
        case .order: told = try studio.jobs().map(\.damaged)
        case .axes: told = try studio.sheets().sheets.map(\.damaged)
        case .wish: told = try studio.presets().map(\.damaged)
        default: return
        }
        let words: [String] = told.compactMap { $0 }
        #expect(words.count == 1, "\(what): \(told)")
        for one in words { #expect(one.contains("doctor --repair"), "\(what): \(one)") }
    }

    /// All of them at once: nothing ends a list, all is found, and after the repair everything is there and works.
    @Test(arguments: ["'1e300'", "'{\"prompt\":\"a c'", "X'00ff'"]) func allAtOnceAreMended(_ value: String) async throws {
        let filled = try await FilledLibrary()
        let statements = JSONColumn.allCases.map { column in
            let (table, name) = Self.parts(column)
            return "UPDATE \(table) SET \"\(name)\" = \(value) WHERE \(Self.rows(column)[0])"
        }
        let studio = try filled.copy(statements)
        #expect(try await FilledLibrary.extent(studio) == filled.extent)
        let found = try problems(studio)
        for column in JSONColumn.allCases {
            let (table, name) = Self.parts(column)
            let here = found.filter { $0.hasPrefix("table \(table), row ") && $0.contains("column \(name): ") }
            #expect(here.count == 1, "\(column): \(found)")
        }
        let told = try studio.repair()
        for column in JSONColumn.allCases {
            let isWhole = [.order, .wish, .axes].contains(column)
            let said = isWhole ? "1 row of \(Self.parts(column).table)" : "1 value of \(column.rawValue)"
            #expect(told.contains(said), "\(said): \(told)")
        }
        #expect(try studio.premises.library().check(reading: .studio) == [])
        // An order, a preset and a sheet are nothing without what cannot be read; all else is there.
        var left = filled.extent
        (left.jobs, left.presets, left.sheets) = (left.jobs - 1, left.presets - 1, left.sheets - 1)
        #expect(try await FilledLibrary.extent(studio) == left)
        #expect(try exported(studio, filled) == nil && merged(studio) == nil)
        let errors = try await errors(studio)
        #expect(errors.count == 2 && errors[0] == "There is no sheet 1.", "\(errors)")
        #expect(errors.last?.hasPrefix("There is no preset first") == true, "\(errors)")
        let details = try await studio.generations().generations
        #expect(details.count { $0.wish == nil } == 1 && details.allSatisfy { $0.damaged == nil && $0.outputs.count == 1 })
        let desk = try studio.desk()
        let undone = try desk.undo(on: 1, by: "a test")
        #expect(!undone.decisions.isEmpty)
        let written = try desk.write(positive: "a dog", negative: nil, for: desk.picture("p1"))
        #expect(written.positive == "a dog")
    }

    /// Some columns of every list that hold no JSON, by their table and the row that is damaged.
    private static let plain: [(table: String, row: String, columns: [String])] = [
        ("picture", "id = 1", ["name", "width", "addedAt", "analysisFailure", "pending"]),
        ("prompt", "number = 1", ["positive", "source"]),
        ("decision", "id = 1", ["tag", "decidedBy", "action"]), ("analysis", "id = 1", ["encoderName", "seconds"]),
        ("generation", "id = 1", ["model", "kind", "status", "message", "stepsRun"]), ("generationOutput", "generationId = 1", ["path"]),
        ("job", "id = 1", ["engine", "message", "progress"]), ("sheet", "id = 1", ["createdAt"]),
    ]

    /// Whatever a column holds, its row ends no list: what can be read is shown, and what cannot is told.
    @Test func bytesInAnyColumnEndNoList() async throws {
        let studio = try await FilledLibrary().copy([])
        _ = try studio.desk().write(positive: "a dog", negative: nil, for: studio.desk().picture("p1"))
        let extent = try await FilledLibrary.extent(studio)
        #expect(try await tellings(studio) == [])
        for (table, row, columns) in Self.plain {
            for column in columns {
                let what = "\(table).\(column)"
                let before = try studio.premises.library().read { db in
                    try String.fetchOne(db, sql: "SELECT quote(\"\(column)\") FROM \(table) WHERE \(row)") ?? "NULL"
                }
                try FilledLibrary.run(["UPDATE \(table) SET \"\(column)\" = X'00ff' WHERE \(row)"], on: studio)
                #expect(try await FilledLibrary.extent(studio) == extent, "\(what)")
                let told = try await tellings(studio)
                #expect(!told.isEmpty && told.allSatisfy { $0.contains("doctor --repair") }, "\(what): \(told)")
                #expect(told.contains { $0.contains("table \(table)") && $0.contains("column \(column)") }, "\(what): \(told)")
                try FilledLibrary.run(["UPDATE \(table) SET \"\(column)\" = \(before) WHERE \(row)"], on: studio)
            }
        }
        #expect(try await FilledLibrary.extent(studio) == extent)
        #expect(try await tellings(studio) == [])
    }

    private func tellings(_ studio: Studio) async throws -> [String] {
        var told = try studio.pictures(PictureFilter()).pictures.map(\.damaged)
        told += try await studio.generations().generations.map(\.damaged)
        told += try studio.history().flatMap { [$0.damaged, $0.generation?.damaged] }
        told += try studio.jobs().map(\.damaged) + studio.sheets().sheets.map(\.damaged) + studio.presets().map(\.damaged)
        return told.compactMap { $0 }
    }

    /// A job whose picture cannot be read stands among the others.
    @Test func aDamagedPictureEndsNoListOfJobs() async throws {
        let pictures = try ScreenedPictures()
        let picture = try pictures.add("cat.png", shade: 1, tags: [])
        var wish = GenerationWish()
        (wish.prompt, wish.picture) = ("a cat", pictures.path("cat.png"))
        let (axes, orders) = try await pictures.studio.orders(ofSheet: wish, x: #require(SheetAxis("strength=0.3,0.6")), y: nil)
        _ = try pictures.studio.enqueue(sheet: axes, orders)
        try FilledLibrary.run(["UPDATE picture SET name = X'00ff' WHERE id = \(picture.id)"], on: pictures.studio)
        #expect(try pictures.studio.jobSummaries().map(\.picture) == [picture.id, picture.id])
    }

    /// What commands say that are about one thing and that throw.
    private func errors(_ studio: Studio) async throws -> [String] {
        let desk = try studio.desk()
        var errors: [String] = []
        func attempt(_ body: () async throws -> Void) async {
            do { try await body() } catch { errors.append("\(error)") }
        }
        await attempt { _ = try studio.pictureDetail(1) }
        await attempt { _ = try PictureReport(desk.picture("p1"), desk) }
        await attempt { _ = try studio.composed(1) }
        await attempt { _ = try desk.recovered(for: desk.picture("p1")) }
        for id in 1...3 {
            await attempt { _ = try await studio.generation(Int64(id)) }
            await attempt { _ = try desk.generation(id: Int64(id)) }
        }
        await attempt { _ = try studio.sheet(1) }
        await attempt { _ = try studio.filled(GenerationWish(), preset: "first") }
        await attempt { _ = try studio.job(studio.premises.library().jobs().map(\.id).max() ?? 0) }
        return errors
    }

    /// What an export says that throws; what was written is taken in.
    private func exported(_ studio: Studio, _ filled: FilledLibrary) throws -> String? {
        var text = Data()
        do { _ = try studio.desk().export { text += $0 } } catch { return "\(error)" }
        let file = filled.pictures.url("export.json")
        try text.write(to: file)
        let taken = try FilledLibrary.desk().import(contentsOf: [file], by: "a test")
        #expect(taken.picturesAdded == 2 && taken.generationsAdded == 3)
        return nil
    }

    /// What taking the library in says where that is refused; nothing of it is here then.
    private func merged(_ studio: Studio) throws -> String? {
        let (desk, folder) = (try FilledLibrary.desk(), studio.premises.libraryFolder)
        do {
            let taken = try desk.import(contentsOf: [folder], by: "a test")
            #expect(taken.picturesAdded == 2 && taken.generationsAdded == 3)
            return nil
        } catch {
            #expect(try desk.library.pictureCount() == 0 && "\(error)".contains(folder.path))
            return "\(error)"
        }
    }

    /// Whatever column comes to hold JSON is thought of.
    @Test func theColumnsAreThoseOfTheTables() throws {
        let columns = try Library.inMemory().read { db in
            let words = try db.makeStatement(
                sql: """
                    SELECT group_concat(tables.name || '.' || columns.name) FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
                    WHERE tables.type = 'table' AND (instr(tables.sql, 'json_valid(' || columns.name || ')')
                        OR instr(tables.sql, 'json_valid("' || columns.name || '")'))
                    """)
            return try String.fetchOne(words) ?? ""
        }
        let found = columns.split(separator: ",").map(String.init).sorted()
        #expect(found == JSONColumn.allCases.map(\.rawValue).sorted())
    }

    /// A decision whose analysis cannot be read teaches nothing; the others do.
    @Test func whatCannotBeReadTeachesNothing() async throws {
        let studio = try await FilledLibrary().copy([])
        let encoder = try await studio.analyst.encoder().identity.sha256
        let statements = [
            "UPDATE decidedConfidence SET encoderSha256 = '\(encoder)'",
            "UPDATE decidedConfidence SET calibration = '{\"source\":1e300}' WHERE decisionId = (SELECT min(decisionId) FROM decidedConfidence)",
        ]
        try FilledLibrary.run(statements, on: studio)
        let taught = try await studio.analyst.learnedThresholds().entries.reduce(0) { $0 + $1.decisions }
        let decided = try studio.premises.library().decidedConfidences(encoder: encoder).count
        #expect(taught == decided - 1 && taught > 0, "\(taught) of \(decided)")
    }
}

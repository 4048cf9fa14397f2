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

    @Test func anyOfThemMayHoldAnything() async throws {
        let library = try await FilledLibrary()
        var damaged = 0
        for column in JSONColumn.allCases {
            let values = Self.texts.map { ($0.name, "'\($0.json)'") } + [("bytes", "X'00ff'")]
            for row in Self.rows(column) {
                for (name, value) in values {
                    let isSound = Self.sound[column]?.contains(name) == true
                    let parts = column.rawValue.split(separator: ".")
                    let statement = "UPDATE \(parts[0]) SET \"\(parts[1])\" = \(value) WHERE \(row)"
                    try await look(library, statement, column, isSound, "\(column.rawValue), \(row), \(name)")
                    if !isSound { damaged += 1 }
                }
            }
        }
        #expect(damaged > 180, "\(damaged)")
    }

    /// What is told of one of them, and what is left after the repair.
    private func look(
        _ filled: FilledLibrary, _ statement: String, _ column: JSONColumn, _ isSound: Bool, _ what: String
    ) async throws {
        let studio = try filled.copy([statement])
        #expect(try await FilledLibrary.extent(studio) == filled.extent, "\(what)")
        let (table, name) = (column.rawValue.split(separator: ".")[0], column.rawValue.split(separator: ".")[1])
        // Tables that say the same again are out of step with what is changed by hand.
        let problems = try studio.premises.library().check(reading: .studio).filter { !$0.hasSuffix("made of") }
        #expect(problems.isEmpty == isSound, "\(what): \(problems)")
        for problem in problems {
            #expect(problem.hasPrefix("table \(table), row ") && problem.contains("column \(name): "), "\(what): \(problem)")
        }
        for error in try await errors(studio) {
            #expect(!isSound && error.contains("doctor --repair") && !error.contains("\n"), "\(what): \(error)")
        }
        let isTold = !isSound && !Self.own.contains(column)
        let ways: [(String, String?)] = [("export", try exported(studio, filled)), ("merge", try merged(studio, filled))]
        for (way, error) in ways {
            #expect((error != nil) == isTold, "\(what), \(way): \(error ?? "taken")")
            guard let error else { continue }
            for part in ["doctor --repair", "table \(table)", "column \(name)"] {
                #expect(error.contains(part), "\(what), \(way): \(error)")
            }
        }
        if !isSound { try await tellInLists(studio, column, what) }
        if [.before, .after].contains(column), !isSound {
            let refused = #expect(throws: LibraryError.self) { try studio.undo(on: 1, by: "a test") }
            #expect("\(try #require(refused))".contains("doctor --repair"), "\(what)")
        }

        let told = try studio.repair()
        #expect(isSound || told.contains(" of \(table)"), "\(what): \(told)")
        #expect(try studio.premises.library().check(reading: .studio) == [], "\(what)")
        // An order, a preset and a sheet are nothing without what cannot be read; all else is there.
        var left = filled.extent
        switch column {
        case .order where !isSound: left.jobs -= 1
        case .wish where !isSound: left.presets -= 1
        case .axes where !isSound: left.sheets -= 1
        default: break
        }
        #expect(try await FilledLibrary.extent(studio) == left, "\(what)")
        #expect(try exported(studio, filled) == nil && merged(studio, filled) == nil, "\(what)")
        // What went with its row is not there any more, and says so.
        let known: [JSONColumn: String] = [.wish: "There is no preset first", .axes: "There is no sheet 1."]
        let said = known[column] ?? "-"
        #expect(try await errors(studio).filter { !$0.hasPrefix(said) } == [], "\(what)")
        let desk = try desk(studio)
        let undone = try desk.undo(on: 1, by: "a test")
        #expect(!undone.decisions.isEmpty, "\(what)")
        let written = try desk.write(positive: "a dog", negative: nil, for: desk.picture("p1"))
        #expect(written.positive == "a dog", "\(what)")
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

    private func desk(_ studio: Studio) throws -> ScreeningDesk { try studio.desk() }

    /// What commands say that are about one thing and that throw.
    private func errors(_ studio: Studio) async throws -> [String] {
        let desk = try desk(studio)
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
        do { _ = try desk(studio).export { text += $0 } } catch { return "\(error)" }
        let file = filled.pictures.url("export.json")
        try text.write(to: file)
        let taken = try desk(filled.empty()).import(contentsOf: [file], by: "a test")
        #expect(taken.picturesAdded == 2 && taken.generationsAdded == 3)
        return nil
    }

    /// What taking the library in says where that is refused; nothing of it is here then.
    private func merged(_ studio: Studio, _ filled: FilledLibrary) throws -> String? {
        let (mine, folder) = (try filled.empty(), studio.premises.libraryFolder)
        do {
            let taken = try desk(mine).import(contentsOf: [folder], by: "a test")
            #expect(taken.picturesAdded == 2 && taken.generationsAdded == 3)
            return nil
        } catch {
            #expect(try mine.premises.library().pictureCount() == 0 && "\(error)".contains(folder.path))
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
        let filled = try await FilledLibrary()
        let encoder = try await filled.pictures.studio.analyst.encoder().identity.sha256
        let statements = [
            "UPDATE decidedConfidence SET encoderSha256 = '\(encoder)'",
            "UPDATE decidedConfidence SET calibration = '{\"source\":1e300}' WHERE decisionId = (SELECT min(decisionId) FROM decidedConfidence)",
        ]
        let analyst = try filled.copy(statements).analyst
        let all = try filled.copy([statements[0]]).analyst
        let some = try await analyst.learnedThresholds().entries.reduce(0) { $0 + $1.decisions }
        let whole = try await all.learnedThresholds().entries.reduce(0) { $0 + $1.decisions }
        #expect(some == whole - 1 && some > 0)
    }
}

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

    @Test func aSoundLibraryIsLeftAsItIs() throws {
        let temporary = try TemporaryFolder()
        let library = try library(in: temporary.url)
        #expect(try library.check() == [])
        var isAnythingAside = false
        #expect(try library.repair { _ in isAnythingAside = true } == [:])
        #expect(!isAnythingAside)
        #expect(try FileManager.default.contentsOfDirectory(atPath: temporary.url.path).allSatisfy { !$0.contains("set-aside") })
    }
}

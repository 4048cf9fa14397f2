import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// What is certain of a thing beside its name is screened with its tag: "red car" is the tag "car", described.
@Suite struct DescribedTests {
    private static func car(_ described: String?, rank: Int = 1) -> Suggestion {
        Suggestion(tag: "car", aliases: ["automobile"], facet: "subject", confidence: 0.9, rank: rank, described: described)
    }

    private func seen(_ described: String? = "red car") throws -> (library: Library, picture: Int64) {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([Self.car(described), .sample("street", 0.4, rank: 2, facet: "setting")]), of: picture)
        return (library, picture)
    }

    private func first(_ library: Library, _ picture: Int64) throws -> Suggestion { try library.suggestions(of: picture)[0] }

    @Test func itGoesIntoThePromptInThePlaceOfTheTag() throws {
        let (library, picture) = try seen()
        #expect(try first(library, picture).tag == "car" && first(library, picture).text == "red car")
        #expect(try first(library, picture).editedText == nil)
        let (plain, other) = try seen(nil)
        #expect(try first(plain, other).text == "car")
    }

    @Test func itStaysThroughEveryDecision() throws {
        let (library, picture) = try seen()
        try library.decide([.approve("car")], on: picture, by: "Ada")
        #expect(try first(library, picture).text == "red car" && first(library, picture).state == .approved)
        try library.decide([.weigh("automobile", 1.3)], on: picture, by: "Ada")
        try library.decide([.reject("car")], on: picture, by: "Ada")
        #expect(try first(library, picture).described == "red car" && first(library, picture).state == .rejected)
        try library.undo(on: picture, by: "Ada")
        #expect(try first(library, picture).text == "red car" && first(library, picture).weight == 1.3)
        try library.decide([.reset("car")], on: picture, by: "Ada")
        #expect(try first(library, picture).text == "red car" && first(library, picture).state == .pending)
        // It is known by what is shown of it, too, and is no tag to be added.
        try library.decide([.add(tag: "Red car", facet: "subject")], on: picture, by: "Ada")
        #expect(try library.suggestions(of: picture).map(\.tag) == ["car", "street"] && first(library, picture).state == .approved)
        #expect(try library.check() == [])
    }

    @Test func aPersonsTextComesFirstAndMayBeTheBareTag() throws {
        let (library, picture) = try seen()
        for text in ["blue car", "car"] {
            try library.decide([.edit("car", to: text)], on: picture, by: "Ada")
            #expect(try first(library, picture).text == text && first(library, picture).editedText == text)
        }
        try library.decide([.edit("car", to: "red car")], on: picture, by: "Ada")
        #expect(try first(library, picture).editedText == nil && first(library, picture).text == "red car")
    }

    @Test func aLaterAnalysisSaysItAnewOfWhatIsPendingAlone() throws {
        let (library, picture) = try seen()
        try library.record(.sample([Self.car("blue car")], version: 2), of: picture)
        #expect(try first(library, picture).text == "blue car")
        try library.decide([.approve("car")], on: picture, by: "Ada")
        try library.record(.sample([Self.car("green car")], version: 3), of: picture)
        #expect(try first(library, picture).text == "blue car")
        try library.decide([.reject("car")], on: picture, by: "Ada")
        let again = try library.record(.sample([Self.car("green car")], version: 4), of: picture)
        #expect(again.withheld.map(\.tag) == ["car"])
    }

    @Test func wordsFindIt() throws {
        let (library, picture) = try seen()
        func found() throws -> [Int64] {
            var query = PictureQuery()
            query.words = "red car"
            return try library.pictures(query).pictures.map(\.id)
        }
        #expect(try found() == [picture])
        // What a person put in its place counts.
        try library.decide([.edit("car", to: "blue car")], on: picture, by: "Ada")
        #expect(try found().isEmpty)
        try library.decide([.edit("car", to: "red car")], on: picture, by: "Ada")
        #expect(try found() == [picture])
        try library.decide([.reject("car")], on: picture, by: "Ada")
        #expect(try found().isEmpty)
    }

    @Test func itIsExportedMergedAndReadBack() throws {
        let (library, picture) = try seen()
        try library.decide([.approve("car")], on: picture, by: "Ada")
        let export = try library.export(pictures: nil)
        let copy = try Library.inMemory()
        try copy.import(LibraryExport(json: export.json()), by: "import")
        #expect(try copy.suggestions(of: 1).map(\.text) == ["red car", "street"])

        let (here, there) = (try TemporaryFolder(), try TemporaryFolder())
        do {
            let arriving = try Library(folder: there.url)
            let other = try arriving.record(NewPicture(sha256: digest(2), width: 4, height: 3))
            try arriving.record(.sample([Self.car("red car")]), of: other.id)
        }
        let merged = try Library(folder: here.url)
        try merged.merge(try ArrivingLibrary(contentsOf: there.url.appendingPathComponent(Library.fileName)), by: "Ada")
        #expect(try merged.suggestions(of: 1).map(\.text) == ["red car"])
    }

    @Test func anExportOfTheVersionBeforeReads() throws {
        let (library, picture) = try seen()
        try library.decide([.approve("car")], on: picture, by: "Ada")
        let text = String(decoding: try library.export(pictures: nil).json(), as: UTF8.self)
        let older = text.split(separator: "\n").filter { !$0.contains("\"described\"") }.joined(separator: "\n")
        #expect(older != text)
        let copy = try Library.inMemory()
        try copy.import(LibraryExport(json: Data(older.utf8)), by: "import")
        #expect(try copy.suggestions(of: 1).map(\.text) == ["car", "street"])
        let damaged = text.replacing("\"red car\"", with: "\"\"")
        #expect(throws: LibraryError.self) { try Library.inMemory().import(LibraryExport(json: Data(damaged.utf8)), by: "import") }
        // One letter to who reads it, and too long for the table.
        let long = text.replacing("\"red car\"", with: "\"e" + String(repeating: "\u{323}", count: 200) + "\"")
        #expect {
            try Library.inMemory().import(LibraryExport(json: Data(long.utf8)), by: "import")
        } throws: { error in
            if case LibraryError.notAnExport(let detail) = error { detail.contains("described is 201 code points long") } else { false }
        }
    }

    @Test func aLibraryOfTheVersionBeforeHasItsSuggestions() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.url.appendingPathComponent(Library.fileName).path)
        try queue.migrate(toVersion: 13)
        let moment = "2026-01-01 10:00:00.000"
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (1, '\(digest(1))', 4, 3, '\(moment)');
                    INSERT INTO decision (id, pictureId, tagKey, tag, batch, action, after, decidedAt, decidedBy) VALUES (1, 1, 'cat', 'cat', 1,
                        'approve', NULL, '\(moment)', 'me');
                    INSERT INTO suggestion (pictureId, tagKey, tag, facet, confidence, rank, source, state, decidedAt, decidedBy, decisionId)
                        VALUES (1, 'cat', 'cat', 'subject', 0.75, 1, 'head', 'approved', '\(moment)', 'me', 1);
                    INSERT INTO suggestion (pictureId, tagKey, tag, facet, confidence, rank, source)
                        VALUES (1, 'sofa', 'sofa', 'subject', 0.5, 2, 'head');
                    DELETE FROM pictureChanged;
                    """)
        }
        try queue.close()
        let library = try Library(folder: folder.url)
        #expect(try library.suggestions(of: 1).map(\.text) == ["cat", "sofa"] && library.check() == [])
        #expect(try library.suggestions(of: 1).allSatisfy { $0.described == nil })
        try library.record(.sample([Self.car("red car")]), of: 1)
        #expect(try library.suggestions(of: 1).contains { $0.text == "red car" })
    }

    @Test func whatIsNoTextIsRefused() throws {
        let (library, picture) = try Library.withPicture()
        for text in ["", String(repeating: "a", count: 201)] {
            #expect(throws: LibraryError.self) { try library.record(.sample([Self.car(text)]), of: picture) }
        }
    }
}

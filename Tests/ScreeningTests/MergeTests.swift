import Foundation
import GRDB
import Synchronization
import TestSupport
import Testing

@testable import Screening

/// Libraries that become one.
@Suite struct MergeTests {
    private let encoder = EncoderIdentity(name: "redraw-encoder", sha256: digest(101))
    private let moment = Date(timeIntervalSince1970: 1_700_000_000)

    /// An analysis as a process that looks at a folder leaves it: where the picture was seen, what was said, where the encoder places it.
    private func look(
        _ library: Library, _ number: Int, _ tags: [Suggestion], path: String? = nil, at moment: Date = Date()
    ) throws -> Int64 {
        var analysis = NewAnalysis.sample(tags)
        (analysis.wording, analysis.seconds) = ("a photo of %", .random(in: 0.01...0.2))
        let file = NewPicture(
            sha256: digest(number), width: 64, height: 48, path: path ?? "/photos/\(number).jpg",
            stamp: FileStamp(bytes: number, modified: 5))
        let embedding = NewEmbedding(encoder: encoder, halves: [0, 60, UInt8(number % 256), 52])
        return try library.record(file, analysis: analysis, embedding: embedding, at: moment).picture.id
    }

    private func tags(_ generator: inout SeededGenerator) -> [Suggestion] {
        (0..<Int.random(in: 0...6, using: &generator)).map { _ in PropertyTests.proposal(&generator) }
    }

    private func file(_ folder: TemporaryFolder) -> URL { folder.url.appendingPathComponent(Library.fileName) }

    private func pictures(_ library: Library) throws -> [ExportedPicture] { try library.export().pictures.sorted { $0.sha256 < $1.sha256 } }

    private func isStanding(_ library: Library, _ number: Int, path: String? = nil) throws -> Bool {
        try library.standingAnalysis(
            ofFile: path ?? "/photos/\(number).jpg", stamp: FileStamp(bytes: number, modified: 5), encoder: encoder,
            vocabulary: digest(200), wording: "a photo of %") != nil
    }

    /// Many texts are read by several threads; what is said of one that cannot be read is the same, wherever it stands.
    @Test func whatCannotBeReadIsFoundAmongMany() throws {
        struct Size: Decodable { let width, height: Int }
        let folder = try TemporaryFolder()
        let library = try Library(folder: folder.url)
        // Seven hundred times the disk would be waited for.
        try library.onWriter { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
        let pictures = try (1...700).map { try look(library, $0, []) }
        let size = [JSONColumn.size: StoredTypes.reading(Size.self)]
        let calls = Mutex(0)
        let together = StoredTypes(size) { count, body in
            calls.withLock { $0 += 1 }
            withoutActuallyEscaping(body) { body in
                nonisolated(unsafe) let shared = body
                DispatchQueue.concurrentPerform(iterations: count) { shared($0) }
            }
        }
        func said(_ types: StoredTypes) throws -> String? {
            let arriving = try ArrivingLibrary(contentsOf: file(folder))
            do { try Library.inMemory().check(arriving, reading: types) } catch { return "\(error)" }
            return nil
        }
        #expect(try said(together) == nil && said(StoredTypes(size)) == nil)
        #expect(calls.withLock { $0 } > 2, "in several parts")
        for picture in [pictures[0], pictures[349], pictures[699]] {
            try library.onWriter { db in
                try db.execute(sql: "DROP TRIGGER IF EXISTS analysisIsKept")
                try db.execute(
                    sql: #"UPDATE analysis SET size = CASE pictureId WHEN ? THEN '{"width":"wide"}' ELSE '{"width":1,"height":2}' END"#,
                    arguments: [picture])
            }
            let one = try said(together)
            #expect(one?.contains("column size") == true && one?.contains("row id \(picture),") == true, "\(one ?? "taken")")
            #expect(try one == said(StoredTypes(size)))
        }
    }

    @Test func shardsBecomeWhatOneProcessWouldHaveMade() throws {
        var generator = SeededGenerator.announced()
        let folders = try (0..<3).map { _ in try TemporaryFolder() }
        let twice = [Suggestion.sample("twin", aliases: ["double"])]
        for (shard, folder) in folders.enumerated() {
            let library = try Library(folder: folder.url)
            for number in 1...60 where number % 3 == shard { _ = try look(library, number, tags(&generator)) }
            // One picture that every shard came by, under names of its own.
            _ = try look(library, 1000, twice, path: "/photos/copy-\(shard).jpg", at: moment.addingTimeInterval(Double(shard)))
        }
        let whole = try Library.inMemory()
        var told: [Int] = []
        var report = ImportReport()
        for folder in folders {
            let arriving = try ArrivingLibrary(contentsOf: file(folder))
            report.add(try whole.merge(arriving, by: "merge", atOnce: 7) { told.append($0) })
        }
        #expect(report.picturesAdded == 61 && report.picturesMerged == 2 && report.analysesAdded == 61)
        #expect(report.pathsAdded == 63 && report.embeddingsAdded == 61 && report.decisionsTaken == 0)
        #expect(told == [7, 14, 21, 7, 14, 21, 7, 14, 21])

        let merged = try pictures(whole)
        let parts = try folders.flatMap { try pictures(try Library(folder: $0.url)) }
        #expect(merged.filter { $0.sha256 != digest(1000) } == parts.filter { $0.sha256 != digest(1000) }.sorted { $0.sha256 < $1.sha256 })
        let twin = try #require(merged.first { $0.sha256 == digest(1000) })
        #expect(twin.analyses.count == 1 && twin.suggestions.map(\.tag) == ["twin"] && twin.paths.count == 3)
        #expect(try (1...60).allSatisfy { try isStanding(whole, $0) })
        #expect(try (0..<3).allSatisfy { try isStanding(whole, 1000, path: "/photos/copy-\($0).jpg") })
        #expect(try whole.embeddingSpaces().map(\.count) == [61] && whole.check() == [])
        var query = PictureQuery()
        query.words = "double"
        #expect(try whole.pictures(query).pictures.map(\.name) == ["copy-0.jpg"])

        for folder in folders {
            let again = try whole.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "merge", atOnce: 7)
            #expect(again.isNothing && again.picturesMerged == 21)
        }
        #expect(try pictures(whole) == merged && whole.embeddingSpaces().map(\.count) == [61])
    }

    /// Merging a library is as good as importing what it exports, whatever is in both.
    @Test(arguments: 0..<6) func aMergeDoesWhatAnImportDoes(_ round: Int) throws {
        var generator = SeededGenerator(seed: SeededGenerator.announced("round \(round)").seedForRound(round))
        let (merged, imported) = (try Library.inMemory(), try Library.inMemory())
        for library in 0..<4 {
            let folder = try TemporaryFolder()
            let theirs = try Library(folder: folder.url)
            for number in (1...12).shuffled(using: &generator).prefix(Int.random(in: 1...12, using: &generator)) {
                let path = "/\(library)/\(number).png"
                let id = try theirs.record(NewPicture(sha256: digest(number), width: number, height: 3, path: path), at: moment).id
                for time in 0..<Int.random(in: 0...2, using: &generator) {
                    let version = Int.random(in: 1...2, using: &generator)
                    let when = moment.addingTimeInterval(Double(10 * time + Int.random(in: 0...5, using: &generator)))
                    try theirs.record(.sample(tags(&generator), version: version), of: id, at: when)
                }
                guard Int.random(in: 0..<3, using: &generator) == 0 else { continue }
                for _ in 0..<3 {
                    let change = PropertyTests.change(try theirs.suggestions(of: id), &generator)
                    _ = try? theirs.decide([change], on: id, by: "Ada", at: moment)
                }
                try theirs.record(NewPrompt(positive: "picture \(number)", model: "m", width: 64, height: 64), of: id, at: moment)
                try theirs.record(.sample(UInt64(number), status: .done, picture: id, prompt: 1), at: moment)
            }
            let text = try theirs.export()
            var mine = try merged.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me", at: moment, atOnce: 5)
            let others = try imported.import(text, by: "me", at: moment)
            mine.embeddingsAdded = 0
            #expect(mine == others, "library \(library)")
            #expect(try pictures(merged) == pictures(imported), "library \(library)")
            #expect(try merged.check() == [])
            #expect(try merged.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me", at: moment).isNothing)
            #expect(try pictures(merged) == pictures(imported), "library \(library), again")
            #expect(try theirs.export() == text, "the other library is as it was")
        }
    }

    @Test func decisionsComeWithTheirLogAndResultsWithTheirStars() throws {
        let folder = try TemporaryFolder()
        let theirs = try Library(folder: folder.url)
        let picture = try look(theirs, 1, [.sample("cat"), .sample("dog", rank: 2)])
        try theirs.decide([.edit("cat", to: "tabby"), .reject("dog")], on: picture, by: "Ada")
        try theirs.record(NewPrompt(positive: "tabby"), of: picture)
        let result = try theirs.record(.sample(status: .done, picture: picture, prompt: 1))
        try theirs.mark(generation: result.id, stars: 4)
        let free = try theirs.record(.sample(9, status: .done))
        try theirs.mark(generation: free.id, stars: 2)
        let mine = try Library.inMemory()
        // Other numbers than over there.
        _ = try look(mine, 77, [.sample("boat")])
        let report = try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me")
        #expect(report.decisionsTaken == 2 && report.promptsAdded == 1 && report.generationsAdded == 2 && report.embeddingsAdded == 1)
        #expect(try pictures(mine).first == pictures(theirs).first)
        let here = try #require(try mine.picture(sha256: digest(1)))
        try mine.undo(on: here.id, by: "Ada")
        #expect(try mine.states(here.id) == ["cat": .pending, "dog": .pending])
        let stars = try mine.read { db in try Int.fetchAll(db, sql: "SELECT stars FROM generationMark ORDER BY stars") }
        #expect(stars == [2, 4])
    }

    @Test func whatIsDecidedHereStays() throws {
        let folder = try TemporaryFolder()
        let theirs = try Library(folder: folder.url)
        let there = try look(theirs, 1, [.sample("cat"), .sample("dog", rank: 2), .sample("sofa", rank: 3)])
        try theirs.decide([.reject("cat"), .approve("dog")], on: there, by: "Bob")
        let mine = try Library.inMemory()
        let here = try look(mine, 1, [.sample("Cat"), .sample("dog", rank: 2)], path: "/mine.jpg")
        try mine.decide([.approve("cat"), .add(tag: "couch", facet: "subject"), .reject("couch")], on: here, by: "Ada")
        let report = try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me")
        #expect(report.decisionsKept == 1 && report.decisionsTaken == 1)
        #expect(try mine.states(here) == ["Cat": .approved, "couch": .rejected, "dog": .approved, "sofa": .pending])
        #expect(try Set(mine.picture(id: here).paths) == ["/mine.jpg", "/photos/1.jpg"])
    }

    /// Whoever uses either of the two meanwhile is kept waiting for no longer than a transaction.
    @Test func othersWriteMeanwhile() throws {
        let (folder, place) = (try TemporaryFolder(), try TemporaryFolder())
        let theirs = try Library(folder: folder.url)
        for number in 1...20 { _ = try look(theirs, number, [.sample("cat")]) }
        let mine = try Library(folder: place.url)
        let other = try Library(folder: place.url)
        var number = 100
        let report = try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me", atOnce: 5) { _ in
            number += 1
            _ = try look(other, number, [.sample("dog")])
            guard number == 101 else { return }
            let first = try #require(try other.picture(sha256: digest(1)))
            try other.decide([.reject("cat")], on: first.id, by: "Ada")
            // One that the other library gets while it is taken in.
            _ = try look(theirs, 21, [.sample("bird")])
        }
        #expect(report.picturesAdded == 21)
        #expect(try mine.pictureCount() == 21 + number - 100 && mine.check() == [] && theirs.check() == [])
        let first = try #require(try mine.picture(sha256: digest(1)))
        #expect(try mine.states(first.id) == ["cat": .rejected])
        #expect(try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me").suggestionsAdded == 0)
        #expect(try mine.states(first.id) == ["cat": .rejected])
    }

    @Test func aLibraryOfAnEarlierVersionComesInAndStaysAsItIs() throws {
        let folder = try TemporaryFolder()
        let migrations = Schema.migrator.migrations.prefix { !$0.hasPrefix("5 ") }
        do {
            let queue = try DatabaseQueue(path: file(folder).path)
            try Schema.migrator.migrate(queue, upTo: try #require(migrations.last))
            try queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (7, ?, 4, 3, '2026-01-01 00:00:00.000');
                        INSERT INTO picturePath (path, pictureId, seenAt) VALUES ('/old/lighthouse.jpg', 7, '2026-01-01 00:00:00.000');
                        """, arguments: [digest(7)])
            }
        }
        let mine = try Library.inMemory()
        #expect(try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me").picturesAdded == 1)
        #expect(try mine.picture(path: "/old/lighthouse.jpg")?.sha256 == digest(7))
        let applied = try DatabaseQueue(path: file(folder).path).read { try Schema.migrator.appliedIdentifiers($0) }
        #expect(applied == Set(migrations))
    }

    @Test func whatLiesInABinStaysThere() throws {
        let folder = try TemporaryFolder()
        let theirs = try Library(folder: folder.url)
        _ = try look(theirs, 1, [.sample("cat")])
        let gone = try look(theirs, 2, [.sample("dog")])
        try theirs.write { db in try db.execute(sql: "UPDATE picture SET binnedAt = ? WHERE id = ?", arguments: [moment, gone]) }
        let mine = try Library.inMemory()
        #expect(try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me").picturesAdded == 1)
        #expect(try mine.picture(sha256: digest(2)) == nil)
    }

    @Test func otherFilesAreRefused() throws {
        let folder = try TemporaryFolder()
        let foreign = folder.url.appendingPathComponent("bookmarks.sqlite")
        try DatabaseQueue(path: foreign.path).write { db in try db.execute(sql: "CREATE TABLE bookmark (id INTEGER)") }
        #expect(throws: LibraryError.notALibrary(path: foreign.path)) { try ArrivingLibrary(contentsOf: foreign) }
        let text = folder.url.appendingPathComponent("letter.txt")
        try Data("dear library".utf8).write(to: text)
        #expect(!ArrivingLibrary.isOne(text) && ArrivingLibrary.isOne(foreign))
        #expect(throws: LibraryError.corrupt(path: text.path, detail: "it is no SQLite file")) { try ArrivingLibrary(contentsOf: text) }
        let missing = folder.url.appendingPathComponent("missing.sqlite")
        #expect(throws: LibraryError.self) { try ArrivingLibrary(contentsOf: missing) }
        #expect(!FileManager.default.fileExists(atPath: missing.path))
    }

    /// The other library is not ours to trust: a value that no version of ours wrote is named, with its file, and does not come in.
    @Test(arguments: [
        ("createdAt", "DROP TRIGGER analysisIsKept; UPDATE analysis SET createdAt = 'once'"),
        ("seconds", "DROP TRIGGER analysisIsKept; UPDATE analysis SET seconds = 'no'"),
        ("picturePath", "ALTER TABLE picturePath RENAME TO p; CREATE VIEW picturePath AS SELECT * FROM p"),
    ])
    func aDamagedLibraryIsNamed(_ what: String, _ damage: String) throws {
        let folder = try TemporaryFolder()
        do { _ = try look(try Library(folder: folder.url), 1, [.sample("cat")]) }
        try DatabaseQueue(path: file(folder).path).writeWithoutTransaction { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = 1; " + damage)
        }
        let mine = try Library.inMemory()
        #expect {
            try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me")
        } throws: { error in
            "\(error)".contains(file(folder).path) && "\(error)".contains(what) && !"\(error)".contains("\n")
        }
        #expect(try mine.pictureCount() == 0 && mine.check() == [])
    }

    /// Whether its picture would be copied by statements or comes in by itself, and however many transactions came before.
    @Test(arguments: ["rank = 'first'", "confidence = 7", "source = 'guess'", "cosine = X'00ff'", "described = ''"])
    func aDamagedSuggestionKeepsItsPictureAwayAndNoOther(_ damage: String) throws {
        let folder = try TemporaryFolder()
        do {
            let theirs = try Library(folder: folder.url)
            try theirs.onWriter { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
            for number in 1...30 {
                let picture = try look(theirs, number, [.sample("cat"), .sample("dog", rank: 2)])
                if number % 5 == 0 { try theirs.decide([.approve("cat")], on: picture, by: "Ada") }
            }
        }
        try DatabaseQueue(path: file(folder).path).writeWithoutTransaction { db in
            try db.execute(
                sql: """
                    PRAGMA ignore_check_constraints = 1;
                    UPDATE suggestion SET \(damage) WHERE tagKey = 'dog' AND pictureId IN (17, 20)
                    """)
        }
        let mine = try Library.inMemory()
        let report = try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me", atOnce: 10)
        #expect(report.picturesAdded == 28 && report.embeddingsAdded == 28 && report.decisionsTaken == 5, "\(report)")
        #expect(report.leftOut.count == 2 && !report.isNothing, "\(report.leftOut)")
        let column = damage.prefix { $0 != " " }
        for (line, picture) in zip(report.leftOut, [17, 20]) {
            #expect(line.hasPrefix("picture \(picture) of the library \(file(folder).path) ") && !line.contains("\n"), "\(line)")
            #expect(line.contains(column) && line.contains("redraw doctor --repair --library"), "\(line)")
            #expect(try mine.picture(sha256: digest(picture)) == nil)
        }
        #expect(try mine.pictureCount() == 28 && mine.check() == [])
        // Once that is set aside there, the same merge brings them.
        _ = try Library(folder: folder.url).repair { _ in }
        let again = try mine.merge(try ArrivingLibrary(contentsOf: file(folder)), by: "me", atOnce: 10)
        #expect(again.picturesAdded == 2 && again.picturesMerged == 28 && again.leftOut.isEmpty, "\(again)")
        #expect(try mine.pictureCount() == 30 && mine.check() == [])
    }

    /// Whoever adds a table that says something of a picture also says what a merge does with it.
    @Test func everyTableThatBelongsToAPictureIsThoughtOf() throws {
        let thoughtOf: Set = [
            "picturePath", "analysis", "suggestion", "suggestionName", "decision", "prompt", "generation", "generationOutput", "embedding",
            "pictureAlias", "writtenCaption", "generationMark", "generationMask", "generationEmbedding",
            // Of one library alone: what is under way, sheets of it, and what is enlarged, which is a column.
            "job", "sheet", "sheetCell", "picture",
        ]
        let tables = try Library.inMemory().read { db in
            try String.fetchAll(
                db,
                sql: """
                    SELECT DISTINCT name FROM sqlite_schema AS tables, pragma_foreign_key_list(tables.name) AS keys WHERE type = 'table'
                    AND keys."table" IN ('picture', 'analysis', 'suggestion', 'generation', 'generationOutput', 'decision', 'prompt')
                    """)
        }
        #expect(Set(tables).subtracting(thoughtOf).isEmpty, "Library+Merge takes in what belongs to a picture")
    }
}

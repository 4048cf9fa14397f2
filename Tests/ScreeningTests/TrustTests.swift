import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// What happens to a library in a world with full disks, other programs and other versions.
@Suite struct TrustTests {
    private func filled(_ folder: URL) throws -> Int64 {
        let library = try Library(folder: folder)
        let picture = try library.record(NewPicture(sha256: digest(1), width: 4, height: 3, path: "/a.png")).id
        try library.record(.sample([.sample("cat"), .sample("dog", rank: 2)]), of: picture)
        try library.decide([.approve("cat"), .reject("dog")], on: picture, by: "Ada")
        try library.record(NewPrompt(positive: "cat"), of: picture)
        return picture
    }

    @Test func whatIsWrittenIsThereAfterwards() throws {
        let folder = try TemporaryFolder()
        let picture = try filled(folder.url.appendingPathComponent("deep/er"))
        let library = try Library(folder: folder.url.appendingPathComponent("deep/er"))
        #expect(try library.states(picture) == ["cat": .approved, "dog": .rejected])
        #expect(try library.check() == [])
    }

    @Test func librariesInMemoryAreEmptyAndApart() throws {
        let (first, second) = (try Library.inMemory(), try Library.inMemory())
        let picture = try first.record(NewPicture(sha256: digest(1), width: 4, height: 3, path: "/a.png"))
        #expect(try second.picture(sha256: picture.sha256) == nil && Library.inMemory().picture(sha256: picture.sha256) == nil)
        #expect(try first.picture(sha256: picture.sha256)?.id == picture.id && first.check().isEmpty && second.check().isEmpty)
        // The tables' own rules hold as in a file.
        #expect(throws: LibraryError.self) { try second.record(NewPrompt(positive: "cat"), of: picture.id) }
    }

    @Test func aLibraryOfANewerVersionIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        _ = try filled(folder.url)
        let file = folder.url.appendingPathComponent(Library.fileName).path
        try DatabaseQueue(path: file).write { db in try db.execute(sql: "INSERT INTO grdb_migrations VALUES ('9 dreams')") }
        #expect(throws: LibraryError.newer(path: file, migrations: ["9 dreams"])) { try Library(folder: folder.url) }
    }

    /// What the version before jobs wrote is all there, and what it left running is said to be interrupted.
    @Test func aLibraryOfTheVersionBeforeOpensAndLosesNothing() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent(Library.fileName).path
        let queue = try DatabaseQueue(path: file)
        try queue.migrate(toVersion: 3)
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO picture (sha256, width, height, addedAt) VALUES (?, 4, 3, '2026-01-01 10:00:00.000');
                    INSERT INTO picturePath (path, pictureId, seenAt) VALUES ('/a.png', 1, '2026-01-01 10:00:00.000');
                    INSERT INTO prompt VALUES (1, 1, NULL, 'cat', 'blurry', NULL, NULL, NULL, 'written', '2026-01-01 10:00:01.000');
                    INSERT INTO generation (kind, request, seed, model, profile, "precision", stepsRequested, stepsRun, pictureId,
                        promptNumber, status, createdAt, finishedAt)
                    VALUES ('generate', '{"steps":20}', -1, 'm', 'redraw', 'f32', 20, 12, 1, 1, 'done', '2026-01-01 10:00:02.000',
                        '2026-01-01 10:00:09.000'),
                        ('paint', '{}', 7, 'm', 'redraw', 'f32', 20, 0, NULL, NULL, 'running', '2026-01-01 10:00:03.000', NULL);
                    INSERT INTO generationOutput VALUES (1, 1, '/out.png', ?);
                    """,
                arguments: [digest(1), digest(2)])
        }
        try queue.close()
        let library = try Library(folder: folder.url)
        try library.markInterrupted { _ in false }
        #expect(try library.picture(sha256: digest(1))?.paths == ["/a.png"])
        #expect(try library.prompts(of: 1).map(\.positive) == ["cat"])
        let made = try library.generations()
        #expect(made.map(\.status) == [.failed, .done] && made[1].seed == .max && made[1].outputs.map(\.path) == ["/out.png"])
        #expect(try library.jobs().isEmpty && library.check() == [])
    }

    /// What cannot be read of a row keeps nobody from an older library, nor from mending it.
    @Test(arguments: [
        #"UPDATE analysis SET recovered = '{"positive":' WHERE pictureId = 1"#,
        "UPDATE analysis SET recovered = X'00ff' WHERE pictureId = 1",
        "UPDATE picturePath SET path = X'00ff' WHERE pictureId = 1",
    ])
    func anOlderLibraryWithADamagedRowOpens(_ damage: String) throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.url.appendingPathComponent(Library.fileName).path)
        try queue.migrate(toVersion: 4)
        let moment = "2026-01-01 10:00:00.000"
        try queue.writeWithoutTransaction { db in
            for (number, words) in [(1, "a lamp"), (2, "a boat")] {
                try db.execute(
                    sql: "INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (?, ?, 4, 3, ?)",
                    arguments: [number, digest(number), moment])
                try db.execute(
                    sql: "INSERT INTO picturePath (path, pictureId, seenAt) VALUES (?, ?, ?)",
                    arguments: ["/photos/\(number).png", number, moment])
                try db.execute(
                    sql: """
                        INSERT INTO analysis (pictureId, encoderName, encoderSha256, vocabularyName, vocabularySha256, vocabularyCount,
                            seconds, positive, negative, recovered, createdAt)
                        VALUES (?, 'e', ?, 'v', ?, 9, 0.1, '', '', ?, ?)
                        """, arguments: [number, digest(8), digest(9), #"{"positive":"\#(words)"}"#, moment])
            }
            try db.execute(sql: "DROP TRIGGER analysisIsKept; PRAGMA ignore_check_constraints = 1; \(damage)")
        }
        try queue.close()
        let library = try Library(folder: folder.url)
        var query = PictureQuery()
        query.words = "boat"
        #expect(try library.pictures(query).pictures.map(\.name) == ["2.png"])
        #expect(try library.pictureCount() == 2 && !library.check().isEmpty)
        _ = try library.repair { _ in }
        #expect(try library.pictureCount() == 2 && library.check() == [])
    }

    @Test func anotherProgramsFileIsLeftAlone() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent(Library.fileName).path
        try DatabaseQueue(path: file).write { db in try db.execute(sql: "CREATE TABLE bookmark (id INTEGER)") }
        #expect(throws: LibraryError.notALibrary(path: file)) { try Library(folder: folder.url) }
        #expect(try DatabaseQueue(path: file).read { db in try db.tableExists("bookmark") && !db.tableExists("picture") })
    }

    @Test func aDamagedFileGivesOneClearError() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent(Library.fileName)
        try Data("this is a letter, not a library\n".utf8).write(to: file)
        #expect(throws: LibraryError.corrupt(path: file.path, detail: "it is no SQLite file")) { try Library(folder: folder.url) }

        try FileManager.default.removeItem(at: file)
        _ = try filled(folder.url)
        // Cut in half, as a copy that was broken off.
        let whole = try Data(contentsOf: file)
        try whole.prefix(whole.count / 2).write(to: file)
        let findings = Result { try Library(folder: folder.url).check() }
        switch findings {
        case .success(let findings): #expect(!findings.isEmpty)
        case .failure(let error): #expect("\(error)".contains("is damaged"))
        }
    }

    @Test func emptyFilesBecomeLibraries() throws {
        let folder = try TemporaryFolder()
        try Data().write(to: folder.url.appendingPathComponent(Library.fileName))
        _ = try filled(folder.url)
    }

    @Test func aFolderThatCannotBeMadeIsNamed() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("file")
        try Data("x".utf8).write(to: file)
        #expect {
            try Library(folder: file.appendingPathComponent("library"))
        } throws: { error in
            "\(error)".contains(file.path) && "\(error)".contains("--library") && !"\(error)".contains("\n")
        }
    }

    @Test func aReadOnlyLibrarySaysSo() throws {
        let folder = try TemporaryFolder()
        _ = try filled(folder.url)
        let file = folder.url.appendingPathComponent(Library.fileName).path
        #expect(throws: LibraryError.readOnly(path: file)) {
            try Library(folder: folder.url) { db in try db.execute(sql: "PRAGMA query_only = 1") }
        }
        #expect("\(LibraryError.readOnly(path: file))".contains("read-only"))
    }

    /// On a read-only disk: a library of the version before, and one whose process was killed before its changes were in the file. Nothing
    /// beside it is made or changed.
    @Test func whatCannotBeWrittenIsReadAllTheSame() throws {
        let (folder, disc) = (try TemporaryFolder(), try TemporaryFolder())
        let file = folder.url.appendingPathComponent(Library.fileName).path
        let old = disc.url.appendingPathComponent("old.sqlite").path
        let queue = try DatabaseQueue(path: old)
        try queue.migrate(toVersion: 10)
        try queue.write { db in
            try db.execute(
                sql: "INSERT INTO picture (sha256, width, height, addedAt) VALUES (?, 4, 3, '2026-01-01 10:00:00.000')",
                arguments: [digest(1)])
        }
        try queue.close()

        let killed = disc.url.appendingPathComponent("killed.sqlite").path
        do {
            let library = try Library(folder: folder.url)
            try library.record(NewPicture(sha256: digest(2), width: 4, height: 3))
            for ending in ["", "-wal"] { try FileManager.default.copyItem(atPath: file + ending, toPath: killed + ending) }
        }
        let before = try FileManager.default.contentsOfDirectory(atPath: disc.url.path).sorted()
        for (path, number) in [(old, 1), (killed, 2)] {
            let content = try Data(contentsOf: URL(fileURLWithPath: path))
            let reading = try Library.openedForReading(path, Configuration())
            let found = try reading.read { db in try String.fetchOne(db, sql: "SELECT sha256 FROM picture WHERE pixels IS NULL") }
            #expect(found == digest(number), "\(path)")
            #expect(throws: DatabaseError.self) { try reading.write { db in try db.execute(sql: "DELETE FROM picture") } }
            try reading.close()
            #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == content)
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: disc.url.path).sorted() == before)
    }

    @Test func aFullDiskLosesNothing() throws {
        let folder = try TemporaryFolder()
        let picture = try filled(folder.url)
        let pages = try Library(folder: folder.url).read { db in try Int.fetchOne(db, sql: "PRAGMA page_count")! }
        let library = try Library(folder: folder.url) { db in try db.execute(sql: "PRAGMA max_page_count = \(pages + 3)") }
        var kept: [PromptVersion] = []
        #expect(throws: LibraryError.full(path: folder.url.appendingPathComponent(Library.fileName).path)) {
            for number in 0..<100 {
                kept.append(try library.record(NewPrompt(positive: String(repeating: "\(number) ", count: 500)), of: picture))
            }
        }
        #expect(!kept.isEmpty)
        let again = try Library(folder: folder.url)
        #expect(try Array(again.prompts(of: picture).dropFirst()) == kept)
        #expect(try again.states(picture) == ["cat": .approved, "dog": .rejected])
        #expect(try again.check() == [])
    }

    /// Where there is no space for what readers have beside the file, and an opening that failed left the beginning of it, it can be read.
    @Test func aLibraryOnAFullDiskCanBeRead() throws {
        let folder = try TemporaryFolder()
        let picture = try filled(folder.url)
        let file = folder.url.appendingPathComponent(Library.fileName).path
        #expect(
            LibraryError(DatabaseError(resultCode: .SQLITE_IOERR_SHMSIZE), path: file) == .full(path: file))
        try DatabaseQueue(path: file).writeWithoutTransaction { db in try db.execute(sql: "PRAGMA wal_checkpoint(TRUNCATE)") }
        try Data().write(to: URL(fileURLWithPath: file + "-wal"))
        try Data([0, 0, 0]).write(to: URL(fileURLWithPath: file + "-shm"))
        let queue = try Library.openedForReading(file, Library.configuration, isWithoutSpace: true)
        let library = Library(reading: queue, location: file)
        #expect(try library.states(picture) == ["cat": .approved, "dog": .rejected] && library.isReadOnly)
        #expect(throws: LibraryError.self) { try library.decide([.approve("dog")], on: picture, by: "a test") }
        #expect(try Data(contentsOf: URL(fileURLWithPath: file + "-shm")).count == 3)
    }

    @Test func aHeldLibraryIsReportedBusy() {
        let error = LibraryError(DatabaseError(resultCode: .SQLITE_BUSY), path: "/library")
        #expect(error == .busy(path: "/library"))
    }
}

/// The tables refuse by themselves what no method here would do.
@Suite struct TableTests {
    @Test(arguments: [
        "UPDATE suggestion SET confidence = 0.9 WHERE tagKey = 'cat'",
        "UPDATE suggestion SET state = 'pending', decidedAt = NULL, decidedBy = NULL WHERE tagKey = 'cat'",
        "UPDATE suggestion SET editedText = 'lion' WHERE tagKey = 'cat'",
        "DELETE FROM suggestion WHERE tagKey = 'dog'",
        "DELETE FROM suggestion",
        "UPDATE suggestion SET state = 'approved', decidedAt = '2026-01-01', decidedBy = 'x', decisionId = 1 WHERE tagKey = 'sofa'",
        "UPDATE suggestion SET state = 'maybe' WHERE tagKey = 'sofa'",
        "UPDATE suggestion SET weight = 2 WHERE tagKey = 'sofa'",
        """
        INSERT INTO suggestion (pictureId, tagKey, tag, facet, confidence, source) VALUES (1, 'hound', 'hound', 'subject', 0.5, 'ranked')
        """,
        "INSERT INTO suggestion (pictureId, tagKey, tag, facet, confidence, source) VALUES (1, 'new', 'new', 'subject', 2, 'ranked')",
        "INSERT INTO suggestion (pictureId, tagKey, tag, facet, confidence, source) VALUES (7, 'new', 'new', 'subject', 1, 'ranked')",
        "UPDATE decision SET decidedBy = 'somebody else'",
        "DELETE FROM decision",
        "UPDATE prompt SET positive = 'other'",
        "DELETE FROM prompt",
        "INSERT INTO prompt VALUES (1, 7, NULL, '', '', NULL, NULL, NULL, 'composed', '2026-01-01')",
        "INSERT INTO prompt VALUES (1, 2, 2, '', '', NULL, NULL, NULL, 'composed', '2026-01-01')",
        "UPDATE analysis SET seconds = 0",
        "UPDATE picture SET sha256 = '\(digest(3))'",
        "DELETE FROM picture",
        "UPDATE generation SET seed = 1",
    ])
    func theTablesKeepTheInvariants(_ sql: String) throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat"), .sample("dog", rank: 2, aliases: ["hound"]), .sample("sofa", rank: 3)]), of: picture)
        try library.decide([.approve("cat"), .reject("dog")], on: picture, by: "Ada")
        try library.record(NewPrompt(positive: "cat"), of: picture)
        try library.record(.sample(status: .done))
        #expect(throws: LibraryError.self) { try library.write { db in try db.execute(sql: sql) } }
    }
}

@Suite struct ConcurrencyTests {
    @Test func manyOpenersMakeOneLibrary() async throws {
        let folder = try TemporaryFolder()
        let url = folder.url
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<8 {
                group.addTask {
                    try Library(folder: url).record(NewPicture(sha256: digest(number), width: 1, height: 1))
                }
            }
            try await group.waitForAll()
        }
        #expect(try Library(folder: url).pictures().count == 8)
    }

    @Test func twoLibrariesOnOneFileTakeTurns() async throws {
        let folder = try TemporaryFolder()
        let first = try Library(folder: folder.url)
        let second = try Library(folder: folder.url)
        let picture = try first.record(NewPicture(sha256: digest(1), width: 4, height: 3)).id
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (name, library) in [("a", first), ("b", second)] {
                group.addTask {
                    for number in 0..<40 {
                        try library.record(.sample([.sample("\(name)\(number)"), .sample("shared")], encoder: name), of: picture)
                        try library.decide([.approve(.tag("\(name)\(number)"))], on: picture, by: name)
                        try library.record(NewPrompt(positive: "\(name) \(number)"), of: picture)
                        if number % 10 == 9 { _ = try library.suggestions(of: picture) }
                    }
                }
            }
            try await group.waitForAll()
        }
        let suggestions = try second.suggestions(of: picture)
        #expect(suggestions.filter { $0.state == .approved }.count == 80)
        #expect(try first.prompts(of: picture).map(\.number) == Array(1...80))
        #expect(try first.decisions(of: picture).count == 80)
        #expect(try first.check() == [])
    }
}

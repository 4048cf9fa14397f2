import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// What the studio's tables keep: words, counts, stars, the bin, presets, the order of jobs.
@Suite struct StudioTableTests {
    private func picture(_ library: Library, _ number: Int, name: String, _ tags: [Suggestion] = []) throws -> Int64 {
        let (picture, _) = try library.record(
            NewPicture(sha256: digest(number), width: 64, height: 48, path: "/photos/\(name)"), analysis: .sample(tags), embedding: nil)
        return picture.id
    }

    private func found(_ library: Library, _ change: (inout PictureQuery) -> Void) throws -> [Int64] {
        var query = PictureQuery()
        change(&query)
        let (total, pictures) = try library.pictures(query)
        #expect(total == pictures.count)
        return pictures.map(\.id)
    }

    @Test func wordsOfTagsPromptsAndNamesFindPictures() throws {
        let library = try Library.inMemory()
        let cat = try picture(
            library, 1, name: "IMG_1.jpg", [.sample("tabby cat", rank: 1, aliases: ["tiger cat"]), .sample("sofa", rank: 2)])
        let café = try picture(library, 2, name: "Café.png", [.sample("espresso", rank: 1)])
        #expect(try found(library) { $0.words = "tabby" } == [cat])
        #expect(try found(library) { $0.words = "sofa tiger" } == [cat])
        #expect(try found(library) { $0.words = "ca" } == [café, cat], "a beginning is enough for the last word; the newest first")
        #expect(try found(library) { $0.words = "cafe" } == [café], "marks do not count")
        #expect(try found(library) { $0.words = "\" OR name:* --" }.isEmpty)
        #expect(try found(library) { $0.words = "!!!" }.isEmpty)
        #expect(try found(library) { $0.words = "  " }.count == 2)

        // A rejected tag finds nothing any more; an edited text, an added tag and a prompt do.
        try library.decide([.reject("tabby cat"), .edit("sofa", to: "green couch")], on: cat, by: "me")
        #expect(try found(library) { $0.words = "tabby" }.isEmpty)
        #expect(try found(library) { $0.words = "couch" } == [cat])
        try library.undo(on: cat, by: "me")
        #expect(try found(library) { $0.words = "tabby" } == [cat] && found(library) { $0.words = "couch" }.isEmpty)
        try library.record(NewPrompt(positive: "a lighthouse at night", source: .written), of: cat)
        #expect(try found(library) { $0.words = "lighth" } == [cat])
    }

    @Test func filtersFollowDecisions() throws {
        let library = try Library.inMemory()
        let one = try picture(library, 1, name: "b.jpg", [.sample("cat", rank: 1), .sample("sofa", rank: 2)])
        let two = try picture(library, 2, name: "A.jpg", [.sample("dog", rank: 1, aliases: ["hound"])])
        #expect(try found(library) { $0.state = .unscreened } == [two, one])
        try library.decide([.approve("cat")], on: one, by: "me")
        #expect(try found(library) { $0.state = .approved } == [one] && found(library) { $0.state = .unscreened } == [two])
        #expect(try found(library) { $0.state = .pending } == [two, one])
        try library.decide([.reject("sofa")], on: one, by: "me")
        #expect(try found(library) { $0.state = .rejected } == [one] && found(library) { $0.state = .pending } == [two])
        let listed = try library.listedPicture(id: one)
        #expect((listed.approved, listed.rejected, listed.pending, listed.analyses) == (1, 1, 0, 1))
        #expect(try found(library) { $0.tag = "Cat" } == [one] && found(library) { $0.tag = "sofa" }.isEmpty)
        #expect(try found(library) { $0.order = .name } == [two, one] && found(library) { $0.order = .oldest } == [one, two])
        try library.want(analysis: "{}", of: two)
        #expect(try found(library) { $0.state = .analysing } == [two])
        #expect(try library.nextWantedAnalysis()?.picture == two)
        // What was asked for while an analysis ran is not taken for done with it.
        let begun = try #require(try library.wantedAnalysis(of: two))
        try library.want(analysis: #"{"tagger":"wd"}"#, of: two)
        try library.endWantedAnalysis(of: two, begun, failure: nil)
        #expect(try library.nextWantedAnalysis()?.how.text == #"{"tagger":"wd"}"#)
        #expect(try library.nextWantedAnalysis(besides: [two]) == nil)
        try library.endWantedAnalysis(of: two, try #require(try library.wantedAnalysis(of: two)), failure: "it is damaged")
        #expect(try found(library) { $0.state = .failed } == [two] && library.nextWantedAnalysis() == nil)
    }

    @Test func starsAndTheBin() throws {
        let library = try Library.inMemory()
        let cat = try picture(library, 1, name: "cat.jpg", [.sample("cat", rank: 1)])
        try library.decide([.approve("cat")], on: cat, by: "me")
        try library.record(NewPrompt(positive: "a cat"), of: cat)
        func generation(_ file: Int) throws -> Int64 {
            try library.record(
                NewGeneration(
                    kind: .generate, request: "{}", seed: 1, model: "m", profile: "redraw", precision: "f32", stepsRequested: 4,
                    pictureID: cat, promptNumber: 1, mask: digest(77),
                    outcome: .init(status: .done, outputs: [.init(path: "/results/\(file).png", sha256: digest(file))]))
            ).id
        }
        let (first, second) = (try generation(10), try generation(11))
        try library.mark(generation: first, stars: 4)
        #expect(throws: LibraryError.self) { try library.mark(generation: first, stars: 6) }
        #expect(try library.marks(of: [first, second])[first]?.stars == 4 && library.marks(of: [first])[first]?.mask == digest(77))
        #expect(try found(library) { $0.stars = 4 } == [cat] && found(library) { $0.stars = 5 }.isEmpty)
        #expect(try library.generations(of: cat, stars: 4, offset: 0, limit: 9).generations.map(\.id) == [first])

        // A generation by itself, then the picture with what is left; undone, each comes back as it went.
        let moment = Date()
        try library.bin(generation: second, at: moment)
        try library.bin(picture: cat, at: moment)
        #expect(try found(library) { _ in }.isEmpty && found(library) { $0.isBinned = true } == [cat] && library.binCount() == 3)
        try library.restore(picture: cat)
        #expect(try library.generations(of: cat, stars: 0, offset: 0, limit: 9).generations.map(\.id) == [first])
        #expect(try library.emptyBin().generations == 1)
        #expect(throws: LibraryError.noSuchGeneration(second)) { try library.generation(id: second) }

        // What is decided goes with the picture, and nothing else does.
        let other = try picture(library, 2, name: "dog.jpg", [.sample("dog", rank: 1)])
        try library.decide([.reject("dog")], on: other, by: "me")
        try library.bin(picture: cat)
        let emptied = try library.emptyBin()
        #expect(emptied.pictures == [digest(1)] && emptied.files.contains { $0.path == "/results/10.png" } && emptied.masks == [digest(77)])
        #expect(throws: LibraryError.noSuchPicture("\(cat)")) { try library.picture(id: cat) }
        #expect(try library.states(other) == ["dog": .rejected] && library.check().isEmpty)
        #expect(try found(library) { $0.words = "cat" }.isEmpty)
    }

    /// A picture that was taken in from a result is that result's file: it stays as long as the picture does.
    @Test func aResultThatIsAPictureStays() throws {
        let library = try Library.inMemory()
        func generation(_ file: Int, of picture: Int64?) throws -> Int64 {
            try library.record(
                NewGeneration(
                    kind: picture == nil ? .paint : .generate, request: "{}", seed: 1, model: "m", profile: "redraw", precision: "f32",
                    stepsRequested: 4, pictureID: picture, promptNumber: nil, mask: digest(77),
                    outcome: .init(status: .done, outputs: [.init(path: "/results/\(file).png", sha256: digest(file))]))
            ).id
        }
        let made = try generation(10, of: nil)
        let picture = try library.record(NewPicture(sha256: digest(10), width: 4, height: 3, path: "/results/10.png")).id
        let redrawn = try generation(11, of: picture)
        try library.bin(picture: picture)
        try library.bin(generation: made)
        try library.restore(generation: redrawn)
        let first = try library.emptyBin()
        #expect(first.generations == 1 && first.pictures.isEmpty && first.files.isEmpty && first.masks.isEmpty)
        #expect(try library.needs(.init(path: "/results/10.png", sha256: digest(10))) && library.needs(mask: digest(77)))
        // With the last that needs them the files go.
        try library.bin(generation: redrawn)
        let second = try library.emptyBin()
        #expect(second.pictures == [digest(10)] && Set(second.files.map(\.path)) == ["/results/10.png", "/results/11.png"])
        #expect(second.masks == [digest(77)])
        #expect(try !library.isShown(digest(10)) && library.check().isEmpty)
    }

    /// What a job under way starts from is not taken away from it.
    @Test func aPictureThatAJobIsAboutStays() throws {
        let (library, picture) = try Library.withPicture()
        let job = try library.submit(#"{"picture":{"sha256":"\#(digest(1))"}}"#, engine: "builtin", isAttended: false)
        try library.bin(picture: picture)
        #expect(try library.emptyBin().pictures.isEmpty)
        try library.cancel(job: job.id)
        #expect(try library.emptyBin().pictures == [digest(1)])
    }

    /// The tables themselves keep what is decided of a picture that is not in the bin.
    @Test func decisionsOutsideOfTheBinStay() throws {
        let library = try Library.inMemory()
        let cat = try picture(library, 1, name: "cat.jpg", [.sample("cat", rank: 1)])
        try library.decide([.approve("cat")], on: cat, by: "me")
        #expect(throws: LibraryError.self) { try library.write { try $0.execute(sql: "DELETE FROM decision") } }
        #expect(throws: LibraryError.self) { try library.write { try $0.execute(sql: "DELETE FROM suggestion") } }
        // A picture that is seen again stays in the bin until somebody takes it out.
        try library.bin(picture: cat)
        _ = try library.record(NewPicture(sha256: digest(1), width: 64, height: 48))
        #expect(try found(library) { _ in }.isEmpty && found(library) { $0.isBinned = true } == [cat])
        try library.restore(picture: cat)
        try library.restore(picture: cat)
        #expect(try library.states(cat) == ["cat": .approved] && found(library) { _ in } == [cat])
    }

    @Test func presetsAreKeptByName() throws {
        let library = try Library.inMemory()
        #expect(try library.keep(preset: "Soft", wish: #"{"strength":0.4}"#, replacing: false))
        #expect(try !library.keep(preset: "soft", wish: #"{"strength":0.5}"#, replacing: false))
        #expect(try library.presets().map(\.wish.text) == [#"{"strength":0.4}"#], "nothing is replaced unasked")
        #expect(try library.keep(preset: "soft", wish: #"{"strength":0.5}"#, replacing: true))
        #expect(try library.presets().map(\.wish.text) == [#"{"strength":0.5}"#])
        #expect(throws: LibraryError.self) { try library.keep(preset: "", wish: "{}", replacing: true) }
        #expect(throws: LibraryError.self) { try library.keep(preset: "x", wish: "no JSON", replacing: true) }
        #expect(try library.remove(preset: "SOFT") && !library.remove(preset: "soft"))
    }

    @Test func jobsChangePlaces() throws {
        let library = try Library.inMemory()
        let ids = try (0..<4).map { _ in try library.submit("{}", engine: "builtin", isAttended: false).id }
        func queue() throws -> [Int64] { try library.jobsUnderWay().map(\.id) }
        try library.move(job: ids[3], before: ids[0])
        #expect(try queue() == [ids[3], ids[0], ids[1], ids[2]])
        try library.move(job: ids[3], before: nil)
        #expect(try queue() == ids)
        try library.move(job: ids[2], before: ids[1])
        #expect(try library.startNext(engine: "builtin", most: 1)?.id == ids[0])
        #expect(try queue() == [ids[0], ids[2], ids[1], ids[3]])
        #expect(throws: LibraryError.self) { try library.move(job: ids[0], before: nil) }
        // One that is left goes back to its place.
        try library.leave(ids[0])
        #expect(try queue() == [ids[0], ids[2], ids[1], ids[3]] && library.job(id: ids[0]).state == .queued)
    }

    @Test func jobsAreAdmittedByMemory() throws {
        let library = try Library.inMemory()
        let ids = try (0..<2).map { _ in try library.submit("{}", engine: "builtin", isAttended: false).id }
        _ = try library.startNext(engine: "builtin", most: 2)
        #expect(try library.admit(job: ids[0], memory: 900, limit: 500), "one that runs alone may")
        _ = try library.startNext(engine: "builtin", most: 2)
        #expect(try !library.admit(job: ids[1], memory: 200, limit: 1000))
        #expect(try library.admit(job: ids[1], memory: 100, limit: 1000))
        #expect(try library.job(id: ids[1]).memory == 100)
    }

    /// A library of the version before opens, and nothing of it is lost.
    @Test func anOlderLibraryIsBroughtUpToDate() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent(Library.fileName).path
        do {
            let queue = try DatabaseQueue(path: file)
            try queue.migrate(toVersion: 4)
            try queue.write { db in
                try db.execute(
                    sql: """
                        INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (7, ?, 4, 3, '2026-01-01 00:00:00.000');
                        INSERT INTO picturePath (path, pictureId, seenAt) VALUES ('/old/lighthouse.jpg', 7, '2026-01-01 00:00:00.000');
                        INSERT INTO prompt (pictureId, number, positive, negative, source, createdAt)
                            VALUES (7, 1, 'a stormy sea', '', 'written', '2026-01-01 00:00:00.000');
                        INSERT INTO job ("order", engine, isAttended, createdAt) VALUES ('{}', 'builtin', 0, '2026-01-01 00:00:00.000');
                        """, arguments: [digest(7)])
            }
        }
        let library = try Library(folder: folder.url)
        #expect(try found(library) { $0.words = "lighthouse" } == [7] && found(library) { $0.words = "stormy" } == [7])
        #expect(try library.listedPicture(id: 7).name == "lighthouse.jpg" && library.jobsUnderWay().count == 1)
        #expect(try library.check().isEmpty)
    }

    /// What a migration does is written down with it: neither later tables nor later code are needed where it runs, and its words stay the same.
    @Test func aMigrationIsSelfContained() throws {
        let queue = try DatabaseQueue()
        let fifth = try #require(Schema.migrator.migrations.first { $0.hasPrefix("5 ") })
        try queue.migrate(toVersion: 4)
        try queue.write { db in
            try db.execute(
                sql: """
                    INSERT INTO picture (id, sha256, width, height, addedAt) VALUES (7, ?, 4, 3, '2026-01-01 00:00:00.000');
                    INSERT INTO picturePath (path, pictureId, seenAt) VALUES ('/old/lighthouse.jpg', 7, '2026-01-01 00:00:00.000');
                    """, arguments: [digest(7)])
        }
        try Schema.migrator.migrate(queue, upTo: fifth)
        let (name, counted, found, changed) = try queue.read { db in
            (
                try String.fetchOne(db, sql: "SELECT name FROM picture"),
                try Int.fetchOne(db, sql: "SELECT generations + approved FROM picture"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM pictureText WHERE pictureText MATCH 'lighthouse'"),
                try Int.fetchOne(db, sql: "SELECT count(*) FROM pictureChanged")
            )
        }
        #expect(name == "lighthouse.jpg" && counted == 0 && found == 1 && changed == 0)
    }

    @Test func anotherProcessIsNoticed() throws {
        let folder = try TemporaryFolder()
        let (mine, other) = (try Library(folder: folder.url), try Library(folder: folder.url))
        let (changes, extent) = (try mine.foreignChanges(), try mine.extent())
        _ = try mine.record(NewPicture(sha256: digest(1), width: 1, height: 1))
        #expect(try mine.foreignChanges() == changes, "what it changes itself is no news")
        #expect(try mine.extent() != extent)
        _ = try other.record(NewPicture(sha256: digest(2), width: 1, height: 1))
        #expect(try mine.foreignChanges() != changes)
    }

    @Test func anExportTellsNoFolders() throws {
        let library = try Library.inMemory()
        _ = try picture(library, 1, name: "cat.jpg")
        var pieces = try library.exportPieces(isWithoutFolders: true)
        var text = ""
        while let piece = try pieces.next() { text += String(decoding: piece, as: UTF8.self) }
        #expect(text.contains("cat.jpg") && !text.contains("/photos"))
    }
}

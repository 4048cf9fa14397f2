import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

/// Pictures that are known by their pixels, and captions that were written beside them.
@Suite struct PixelTests {
    private func new(_ number: Int, pixels: Int? = nil) -> NewPicture {
        var picture = NewPicture(sha256: digest(number), width: 64, height: 48, path: "/photos/\(number).jpg")
        picture.pixels = pixels.map { digest($0) }
        return picture
    }

    @Test func thePictureThatWasKeptFirstIsFound() throws {
        let library = try Library.inMemory()
        let first = try library.record(new(1))
        #expect(try !library.knowsPixels(width: 64, height: 48))
        // What is known once stays.
        for pixels in [7, 8] { #expect(try library.record(new(1, pixels: pixels)).id == first.id) }
        try library.record(new(2, pixels: 7))
        #expect(try library.knowsPixels(width: 64, height: 48) && !library.knowsPixels(width: 48, height: 64))
        #expect(try library.picture(pixels: digest(7))?.id == first.id && library.picture(pixels: digest(8)) == nil)
        #expect(throws: LibraryError.self) {
            var wrong = new(3)
            wrong.pixels = "x"
            _ = try library.record(wrong)
        }
        let plan = try library.read { db in
            try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN SELECT 1 FROM picture WHERE width = 1 AND height = 1 AND pixels IS NOT NULL")
                .map { $0["detail"] as String }
        }
        #expect(plan.contains { $0.contains("pictureBySize") }, "\(plan)")
    }

    @Test func exportsSayWhatElseAPictureIsKnownBy() throws {
        let library = try Library.inMemory()
        let picture = try library.record(new(1, pixels: 7))
        try library.note(alias: digest(11), of: picture.id)
        try library.record(new(2))
        let export = try LibraryExport(json: library.export().json())
        #expect(export.pictures.map(\.aliases) == [[digest(11)], nil] && export.pictures.map(\.pixels) == [digest(7), nil])
        let copy = try Library.inMemory()
        try copy.import(export, by: "a test")
        #expect(try copy.export() == library.export())
        // Where the changed file was seen first, it is the same picture all the same.
        let other = try Library.inMemory()
        let changed = try other.record(new(11))
        try other.import(export, by: "a test")
        #expect(try other.pictureCount() == 2 && other.picture(sha256: digest(1))?.id == changed.id)
        #expect(try other.picture(pixels: digest(7))?.id == changed.id)
        #expect(try other.import(export, by: "a test").picturesMerged == 2 && other.pictureCount() == 2)
    }

    @Test func captionsAreNotedForTheirPicture() throws {
        let library = try Library.inMemory()
        let (first, second) = (try library.record(new(1)), try library.record(new(2)))
        for _ in 0..<2 { try library.note(caption: digest(5), of: first.id) }
        #expect(try library.wrote(caption: digest(5), of: first.id) && !library.wrote(caption: digest(5), of: second.id))
        #expect(throws: LibraryError.noSuchPicture("99")) { try library.note(caption: digest(5), of: 99) }
        #expect(try library.writtenFolders(limit: 10) == ["/photos/"])
        #expect(try library.forget(picture: first.id).pictures == [digest(1)] && library.check() == [])
        #expect(try library.writtenFolders(limit: 10).isEmpty)
    }

    /// A library of the version before opens, and its pictures are known once they are looked at again.
    @Test func theVersionBeforeOpens() throws {
        let folder = try TemporaryFolder()
        let queue = try DatabaseQueue(path: folder.url.appendingPathComponent(Library.fileName).path)
        try queue.migrate(toVersion: 10)
        try queue.write { db in
            try db.execute(
                sql: "INSERT INTO picture (sha256, width, height, addedAt) VALUES (?, 64, 48, '2026-01-01 10:00:00.000')",
                arguments: [digest(1)])
            try db.execute(sql: "DELETE FROM pictureChanged")
        }
        try queue.close()
        let library = try Library(folder: folder.url)
        #expect(try library.picture(pixels: digest(7)) == nil)
        try library.record(new(1, pixels: 7))
        #expect(try library.picture(pixels: digest(7))?.sha256 == digest(1) && library.check() == [])
    }
}

import Foundation
import TestSupport
import Testing

@testable import Commands
@testable import Screening
@testable import Studio

/// Which pictures a review goes through.
@Suite struct PicturesToReviewTests {
    /// Numbers of pictures with something left to decide; between them stand others.
    private func fill(_ library: Library, _ count: Int) throws -> [Int64] {
        var pending: [Int64] = []
        for number in 1...count {
            let picture = try library.record(
                NewPicture(sha256: String(repeating: "0", count: 60) + String(1000 + number), width: 8, height: 8, path: "/\(number).png"))
            try library.record(
                NewAnalysis(
                    encoder: EncoderIdentity(name: "e", sha256: String(repeating: "2", count: 64)),
                    vocabulary: VocabularyIdentity(name: "v", sha256: String(repeating: "3", count: 64), count: 10), seconds: 0.1,
                    suggestions: number.isMultiple(of: 3) ? [] : [Suggestion(tag: "cat", facet: "subject", confidence: 0.9, rank: 1)]),
                of: picture.id)
            if !number.isMultiple(of: 3) { pending.append(picture.id) }
        }
        return pending
    }

    @Test func eachIsLookedUpWhenItsTurnComes() throws {
        let library = try Library.inMemory()
        let pending = try fill(library, 7)
        let desk = ScreeningDesk(library: library, compose: ScreeningDesk.composition)
        var pictures = try PicturesToReview(desk, only: nil)
        #expect(pictures.count == pending.count && pictures.left == pending.count && pictures.seen == [])
        #expect(try pictures.next()?.id == pending.last && pictures.hasNext && pictures.left == pending.count - 1)
        while try pictures.next() != nil {}
        #expect(pictures.seen.map(\.id) == pending.reversed() && !pictures.hasNext && pictures.left == 0)
        // One that is named, with something left to decide or without.
        var one = try PicturesToReview(desk, only: desk.picture(id: 3))
        #expect(try one.count == 1 && one.next()?.id == 3 && one.next() == nil && one.left == 0)
        _ = try library.decide([.approve("cat")], on: pending[0], by: "test")
        #expect(try PicturesToReview(desk, only: nil).count == pending.count - 1)
    }

    /// Whoever leaves after one picture is told of that one, and how many there are beside it.
    @Test func whatWasNotLookedAtIsNotListed() throws {
        let tool = try Tool()
        let folder = tool.home.url.appendingPathComponent("data/redraw")
        let pending = try fill(Library(folder: folder), 40)
        let told = try tool.run("review", "--library", folder.path, input: "a\nq\n")
        #expect(told.status == 0, "\(told.errors)")
        let lines = told.errors.split(separator: "\n")
        #expect(lines.count == 2 && lines.last == "\(pending.count - 1) more pictures to go through.", "\(told.errors)")
        #expect(lines.first?.contains("40.png: 1 approved, 0 rejected, 0 undecided.") == true, "\(told.errors)")
        let asJSON = try tool.run("review", "--library", folder.path, "--json", input: "q\n")
        #expect(try (JSONSerialization.jsonObject(with: Data(asJSON.output.utf8)) as? [Any])?.count == 1)
    }

    /// What cannot be read of a picture, a suggestion or an analysis of it is told with the remedy; the others have their turn.
    @Test(arguments: [
        "picture SET name = X'00ff' WHERE id", "suggestion SET rank = 'first' WHERE pictureId",
        "analysis SET seconds = X'00ff' WHERE pictureId",
    ])
    func aDamagedPictureIsPassedOver(_ change: String) throws {
        let tool = try Tool()
        let folder = tool.home.url.appendingPathComponent("data/redraw")
        let library = try Library(folder: folder)
        let pending = try fill(library, 7)
        try library.onWriter { db in
            try db.execute(sql: "DROP TRIGGER analysisIsKept; PRAGMA ignore_check_constraints = ON")
            for picture in [pending[2], pending[4]] { try db.execute(sql: "UPDATE \(change) = \(picture)") }
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
        var pictures = try PicturesToReview(ScreeningDesk(library: library, compose: ScreeningDesk.composition), only: nil)
        while try pictures.next() != nil {}
        #expect(pictures.seen.map(\.id) == [pending[3], pending[1], pending[0]] && pictures.left == 0)
        #expect(pictures.damaged.count == 2, "\(pictures.damaged)")

        let told = try tool.run("review", "--library", folder.path, input: "N\nN\nN\n")
        #expect(told.status == 0, "\(told.errors)")
        for picture in [pending[2], pending[4]] {
            let lines = told.errors.split(separator: "\n").filter { $0.contains("picture \(picture) is passed over") }
            #expect(lines.count == 1 && lines.allSatisfy { $0.contains("doctor --repair") }, "\(told.errors)")
        }
    }
}

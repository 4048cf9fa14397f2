import Foundation
import Pixels
import Testing

@testable import Screening
@testable import Studio

/// Finding pictures by words, rating what was made, and forgetting a picture for good.
@Suite struct SearchTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    private func found(
        _ words: String, approved: Bool = false, since: Date? = nil, model: String? = nil, stars: Int? = nil
    ) throws -> [String] {
        try pictures.studio.search(words, approved: approved, since: since, model: model, stars: stars, limit: 50).pictures.map(\.name)
            .sorted()
    }

    private func redraw(_ name: String, to result: String) async throws -> Int64 {
        var wish = GenerationWish()
        (wish.mode, wish.picture, wish.prompt, wish.output) = ("generate", pictures.path(name), "x", pictures.path(result))
        return try await pictures.studio.generate(pictures.studio.order(wish)).id
    }

    @Test func wordsApprovalAndDaysAreHeeded() throws {
        try pictures.add(
            "one.png", shade: 1, tags: [("tabby cat", "subject"), ("dog", "subject")],
            decisions: [.approve(.tag("tabby cat")), .reject(.tag("dog"))])
        try pictures.add("two.png", shade: 2, tags: [("cat", "subject"), ("café", "setting")])
        #expect(try found("cat") == ["one.png", "two.png"])
        #expect(try found("cat", approved: true) == ["one.png"])
        #expect(try found("dog").isEmpty && found("cafe") == ["two.png"] && found("cat tab") == ["one.png"])
        #expect(try found("").count == 2 && found("!?").isEmpty)
        #expect(
            try found("", since: Date(timeIntervalSinceNow: -60)).count == 2 && found("", since: Date(timeIntervalSinceNow: 60)).isEmpty)
    }

    @Test func theModelAndTheStarsAreHeeded() async throws {
        try pictures.add("one.png", shade: 1, tags: [("cat", "subject")])
        try pictures.add("two.png", shade: 2, tags: [("cat", "subject")])
        let id = try await redraw("one.png", to: "new.png")
        #expect(try found("cat", model: "redraw-small") == ["one.png"] && found("cat", model: "other").isEmpty)
        _ = try pictures.library.record(PictureFile(path: pictures.path("new.png")).record)
        #expect(try found("", model: "redraw-small") == ["new.png", "one.png"])
        #expect(try pictures.studio.generation(meant: "\(id)") == id && pictures.studio.generation(meant: "g\(id)") == id)
        #expect(try pictures.studio.generation(meant: pictures.path("new.png")) == id)
        #expect(throws: (any Error).self) { try pictures.studio.generation(meant: pictures.path("two.png")) }
        try pictures.studio.mark(generation: id, stars: 4, isKept: nil)
        #expect(try found("", stars: 4) == ["one.png"] && found("", stars: 5).isEmpty)
    }

    @Test func whatWasPaintedIsFoundByItsPrompt() async throws {
        let picture = try pictures.add("one.png", shade: 1, tags: [("harbour", "setting")])
        var wish = GenerationWish()
        (wish.mode, wish.prompt, wish.output) = ("paint", "a harbour at dusk", pictures.path("new.png"))
        let id = try await pictures.studio.generate(pictures.studio.order(wish)).id
        let report = try pictures.studio.search("harb", limit: 50)
        #expect(report.total == 2 && report.pictures.map(\.id) == [picture.id])
        let painting = try #require(report.paintings.first)
        #expect((painting.generation, painting.path, painting.prompt) == (id, pictures.path("new.png"), "a harbour at dusk"))
        #expect(painting.outputs == [pictures.path("new.png")] && painting.stars == 0)
        #expect(try painting.model == pictures.library.generation(id: id).model)
        if case .picture? = report.found.first { Issue.record("the latest comes first") }
        #expect(try pictures.studio.search("harb", limit: 1).found.count == 1)
        #expect(try pictures.studio.search("dusk", limit: 9).pictures.isEmpty && found("harbour", approved: true).isEmpty)
        #expect(try pictures.studio.search("harbour", approved: true, limit: 9).total == 0)
        try pictures.studio.mark(generation: id, stars: 4, isKept: nil)
        #expect(try pictures.studio.search("", stars: 4, limit: 9).paintings.map(\.stars) == [4])
        #expect(try await pictures.studio.generations(words: "harbour dusk").generations.map(\.id) == [id])
        #expect(try await pictures.studio.generations(words: "lighthouse").total == 0)
        // Taken in, it is a picture, and told as one where that is found.
        _ = try pictures.library.record(PictureFile(path: pictures.path("new.png")).record)
        #expect(try pictures.studio.search("", limit: 9).paintings.isEmpty && pictures.studio.search("dusk", limit: 9).paintings.count == 1)
    }

    @Test func aForgottenPictureIsGoneAndItsFilesStay() async throws {
        let record = try pictures.add("one.png", shade: 1, tags: [("cat", "subject")], decisions: [.approve(.tag("cat"))])
        let other = try pictures.add("two.png", shade: 2, tags: [("cat", "subject")])
        _ = try pictures.studio.desk().prompt(of: KnownPicture(record))
        _ = try await redraw("one.png", to: "new.png")
        try pictures.library.note(alias: String(repeating: "c", count: 64), of: record.id)
        let told = try pictures.studio.forgetting(picture: record.id)
        #expect((told.analyses, told.decisions, told.prompts, told.generations) == (1, 1, 1, 1) && told.removed.isEmpty)
        #expect(told.stays == [pictures.path("new.png"), pictures.path("one.png")])
        #expect(try pictures.library.pictureCount() == 2)
        let done = try await pictures.studio.forget(picture: record.id)
        #expect(done.stays == told.stays)
        #expect(try pictures.library.pictureCount() == 1 && found("cat") == ["two.png"])
        #expect(try pictures.library.picture(sha256: String(repeating: "c", count: 64)) == nil)
        #expect(try pictures.library.generations(limit: 10).isEmpty && pictures.library.check().isEmpty)
        #expect(["one.png", "new.png"].allSatisfy { FileManager.default.fileExists(atPath: pictures.path($0)) })
        // It can come again, as if it had never been there.
        let again = try pictures.library.record(PictureFile(path: pictures.path("one.png")).record)
        #expect(again.id != record.id && again.id != other.id)
        #expect(try pictures.library.suggestions(of: again.id).isEmpty)
    }

    @Test func copiesOfTheLibrarysOwnGo() async throws {
        let bytes = try ImageFile.encodePNG(Image(width: 8, height: 8, channels: 3, bytes: .init(repeating: 9, count: 192)))
        let (id, _) = try await pictures.studio.takeIn(bytes, named: "one.png", isAnalysed: false)
        let copy = try #require(try pictures.library.picture(id: id).paths.first { $0.contains("/library/") })
        let report = try await pictures.studio.forget(picture: id)
        #expect(report.removed == [copy] && !FileManager.default.fileExists(atPath: copy))
        #expect(report.stays.isEmpty)
    }

    @Test func aPictureThatAJobIsAboutStays() async throws {
        let record = try pictures.add("one.png", shade: 1, tags: [])
        var wish = GenerationWish()
        (wish.mode, wish.picture, wish.prompt, wish.output) = ("generate", pictures.path("one.png"), "x", pictures.path("new.png"))
        _ = try pictures.studio.enqueue(try await pictures.studio.order(wish))
        await #expect(throws: LibraryError.self) { try await pictures.studio.forget(picture: record.id) }
        #expect(try pictures.library.pictureCount() == 1)
    }
}

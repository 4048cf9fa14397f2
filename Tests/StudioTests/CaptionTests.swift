import Foundation
import Pixels
import Testing

@testable import Studio

/// Captions beside pictures: what stands in them, and whose files they never write over.
@Suite struct CaptionTests {
    private let pictures: ScreenedPictures

    init() throws {
        pictures = try ScreenedPictures()
        try pictures.add(
            "cat.png", shade: 1, tags: [("tabby cat", "subject"), ("sofa", "setting"), ("dog", "subject"), ("blurry", "quality")],
            decisions: [
                .approve(.tag("tabby cat")), .edit(.tag("sofa"), to: "red sofa"), .reject(.tag("dog")),
            ])
    }

    private func writer(overwriting: Bool = false, _ change: (inout CaptionForm) -> Void = { _ in }) -> CaptionWriter {
        var form = CaptionForm()
        change(&form)
        return CaptionWriter(pictures.studio, form, overwriting: overwriting)
    }

    @Test func approvedTagsAreWrittenAsThePersonWordedThem() throws {
        let report = try writer().write(beside: pictures.path("cat.png"))
        #expect(report.state == .written && report.file == pictures.path("cat.txt"))
        #expect(try pictures.text("cat.txt") == "tabby cat, red sofa\n")
        #expect(try writer().write(beside: pictures.path("cat.png")).state == .same)
    }

    @Test func theFormIsTheTrainers() throws {
        let all = try writer { form in
            (form.tags, form.prefix, form.suffix, form.separator, form.underscores) = (.suggested, "myword", "photo", " | ", true)
        }.write(beside: pictures.path("cat.png"))
        #expect(all.caption == "myword | tabby_cat | red_sofa | blurry | photo")
    }

    @Test func aSeedShufflesTheTagsAndNothingElse() throws {
        let many = (0..<20).map { "tag \($0)" }
        try pictures.add("many.png", shade: 9, tags: many.map { ($0, "subject") }, decisions: many.map { .approve(.tag($0)) })
        func caption(_ seed: UInt64) throws -> [String] {
            let writer = writer(overwriting: true) { ($0.shuffle, $0.prefix) = (seed, "myword") }
            return try writer.write(beside: pictures.path("many.png")).caption.components(separatedBy: ", ")
        }
        let (first, second) = (try caption(7), try caption(8))
        #expect(try caption(7) == first && first != second)
        #expect(first.first == "myword" && first.dropFirst().sorted() == many.sorted() && Array(first.dropFirst()) != many)
    }

    @Test func anotherTextIsKeptUntilItIsSaidThatItMayGo() throws {
        try "my own words".write(to: pictures.url("cat.txt"), atomically: true, encoding: .utf8)
        #expect(try writer().write(beside: pictures.path("cat.png")).state == .kept)
        #expect(try pictures.text("cat.txt") == "my own words")
        #expect(try writer(overwriting: true).write(beside: pictures.path("cat.png")).state == .written)
        #expect(try pictures.text("cat.txt") == "tabby cat, red sofa\n")
    }

    /// Where Redraw's own caption still stands, other tags or another form take its place; what somebody changed is theirs.
    @Test func aCaptionOfOursIsRenewedAndAnEditedOneStays() throws {
        let picture = pictures.path("cat.png")
        try writer().write(beside: picture)
        #expect(try writer { $0.prefix = "myword" }.write(beside: picture).state == .renewed)
        #expect(try pictures.text("cat.txt") == "myword, tabby cat, red sofa\n")
        #expect(try writer { $0.prefix = "myword" }.write(beside: picture).state == .same)
        // One that was written before counts, too: it may have come back from a copy.
        try "tabby cat, red sofa\n".write(to: pictures.url("cat.txt"), atomically: true, encoding: .utf8)
        #expect(try writer { $0.prefix = "other" }.write(beside: picture).state == .renewed)
        try "other, tabby cat\n".write(to: pictures.url("cat.txt"), atomically: true, encoding: .utf8)
        #expect(try writer().write(beside: picture).state == .kept)
        #expect(try pictures.text("cat.txt") == "other, tabby cat\n")
    }

    /// What a person typed stays theirs, even where it is for once what Redraw would write, or would have written.
    @Test func aTextOfTheSameWordsIsNotOurs() throws {
        let picture = pictures.path("cat.png")
        try "tabby cat, red sofa\n".write(to: pictures.url("cat.txt"), atomically: true, encoding: .utf8)
        #expect(try writer().write(beside: picture).state == .same)
        #expect(try writer { $0.prefix = "myword" }.write(beside: picture).state == .kept)
        try "myword, tabby cat, red sofa\n".write(to: pictures.url("cat.txt"), atomically: true, encoding: .utf8)
        #expect(try writer { $0.prefix = "other" }.write(beside: picture).state == .kept)
    }

    @Test func aCaptionIsFoundAgainInAMovedFolderAndBelongsToItsPictureAlone() throws {
        try pictures.add("set/dog.png", shade: 7, tags: [("dog", "subject")], decisions: [.approve(.tag("dog"))])
        try writer().write(beside: pictures.path("set/dog.png"))
        try FileManager.default.moveItem(at: pictures.url("set"), to: pictures.url("moved"))
        #expect(try writer { $0.suffix = "end" }.write(beside: pictures.path("moved/dog.png")).state == .renewed)
        #expect(try pictures.text("moved/dog.txt") == "dog, end\n")
        try FileManager.default.copyItem(at: pictures.url("moved/dog.txt"), to: pictures.url("cat.txt"))
        #expect(try writer().write(beside: pictures.path("cat.png")).state == .kept)
    }

    @Test func subjectsStandFirstAndColoursLast() throws {
        let tags = [
            ("brown tones", "colour"), ("photo", "medium"), ("indoors", "setting"), ("cat", "subject"), ("calm", "mood"),
            ("dog", "subject"),
        ]
        try pictures.add("order.png", shade: 8, tags: tags, decisions: tags.map { .approve(.tag($0.0)) })
        let report = try writer { $0.prefix = "myword" }.write(beside: pictures.path("order.png"))
        #expect(report.caption == "myword, cat, dog, indoors, photo, calm, brown tones")
    }

    @Test func aCaptionOfOursGoesWithItsLastTag() throws {
        let record = try pictures.add("gone.png", shade: 11, tags: [("wall", "subject")], decisions: [.approve(.tag("wall"))])
        let picture = pictures.path("gone.png")
        try writer().write(beside: picture)
        let library = try pictures.library
        _ = try library.decide([.reset(.tag("wall"))], on: record.id, by: "a test")
        #expect(try writer().write(beside: picture).state == .empty && FileManager.default.fileExists(atPath: pictures.path("gone.txt")))
        _ = try library.decide([.reject(.tag("wall"))], on: record.id, by: "a test")
        #expect(try writer().write(beside: picture).state == .removed)
        #expect(!FileManager.default.fileExists(atPath: pictures.path("gone.txt")))
        try "a wall of mine".write(to: pictures.url("gone.txt"), atomically: true, encoding: .utf8)
        #expect(try writer(overwriting: true).write(beside: picture).state == .empty)
        #expect(try pictures.text("gone.txt") == "a wall of mine")
    }

    /// What is still undecided, and never stood in the caption, keeps none whose tags were all rejected.
    @Test func aCaptionOfOursGoesWithItsOwnTags() throws {
        let record = try pictures.add(
            "half.png", shade: 12, tags: [("brick wall", "subject"), ("dark", "lighting")], decisions: [.approve(.tag("brick wall"))])
        let picture = pictures.path("half.png")
        try writer { $0.underscores = true }.write(beside: picture)
        #expect(try pictures.text("half.txt") == "brick_wall\n")
        let library = try pictures.library
        _ = try library.decide([.reset(.tag("brick wall"))], on: record.id, by: "a test")
        #expect(try writer().write(beside: picture).state == .empty && FileManager.default.fileExists(atPath: pictures.path("half.txt")))
        _ = try library.decide([.reject(.tag("brick wall"))], on: record.id, by: "a test")
        #expect(try writer().write(beside: picture).state == .removed)
        #expect(!FileManager.default.fileExists(atPath: pictures.path("half.txt")))
        #expect(try writer().write(beside: picture).state == .empty)
    }

    /// Of a line of suggested tags what was rejected goes, though nothing is approved: what nobody decided on stays.
    @Test func whatWasRejectedGoesOutOfALineOfSuggestedTags() throws {
        let record = try pictures.add(
            "mixed.png", shade: 13, tags: [("big cat", "subject"), ("cat", "subject"), ("sofa", "subject"), ("dark", "lighting")])
        let picture = pictures.path("mixed.png")
        let library = try pictures.library
        _ = try library.decide([.reject(.tag("cat"))], on: record.id, by: "a test")
        try writer { $0.tags = .suggested }.write(beside: picture)
        #expect(try pictures.text("mixed.txt") == "big cat, sofa, dark\n")
        #expect(try writer().write(beside: picture).state == .empty, "nothing of it was rejected: the cat is a big one")
        _ = try library.decide([.reject(.tag("sofa"))], on: record.id, by: "a test")
        let renewed = try writer { $0.prefix = "myword" }.write(beside: picture)
        #expect(renewed.state == .renewed && renewed.caption == "myword, big cat, dark")
        #expect(try pictures.text("mixed.txt") == "myword, big cat, dark\n")
        try "myword, big cat, sofa\n".write(to: pictures.url("mixed.txt"), atomically: true, encoding: .utf8)
        #expect(try writer().write(beside: picture).state == .empty, "that one is a person's")
        #expect(try pictures.text("mixed.txt") == "myword, big cat, sofa\n")
    }

    @Test func twoPicturesNeverShareACaption() throws {
        try pictures.add("cat.webp", shade: 2, tags: [("house", "subject")], decisions: [.approve(.tag("house"))])
        let writer = writer(overwriting: true)
        try writer.write(beside: pictures.path("cat.png"))
        #expect(throws: CaptionError.sharedName(picture: pictures.path("cat.webp"), file: "cat.txt", with: pictures.path("cat.png"))) {
            try writer.write(beside: pictures.path("cat.webp"))
        }
        #expect(try pictures.text("cat.txt") == "tabby cat, red sofa\n")
    }

    @Test func withoutATagThereIsNoCaption() throws {
        try pictures.add("plain.png", shade: 5, tags: [("wall", "subject")])
        #expect(try writer().write(beside: pictures.path("plain.png")).state == .empty)
        #expect(!FileManager.default.fileExists(atPath: pictures.path("plain.txt")))
    }
}

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

import Foundation
import Screening
import TestSupport
import Testing

@testable import Studio

/// How the things in a picture stand to each other is kept with its analysis, and stands in a prompt while both tags are approved.
@Suite struct RelationTests {
    private let pictures: ScreenedPictures
    private let picture: KnownPicture

    init() throws {
        pictures = try ScreenedPictures()
        picture = KnownPicture(try pictures.add("cat.png", shade: 7, tags: Self.tags))
        try look(#"[{"subject":"cat","preposition":"on","support":"sofa"}]"#)
        try decide(.approve(.tag("photo")), .approve(.tag("cat")))
    }

    private static let tags: [(tag: String, facet: String)] = [
        ("photo", "medium"), ("cat", "subject"), ("sofa", "subject"), ("indoors", "setting"),
    ]

    /// Another look at the picture, by an encoder that tells these relations.
    private func look(_ relations: String, encoder: Character = "c") throws {
        var analysis = NewAnalysis(
            encoder: EncoderIdentity(name: "seeing \(encoder)", sha256: String(repeating: encoder, count: 64)),
            vocabulary: VocabularyIdentity(name: "none", sha256: String(repeating: "b", count: 64), count: 4), seconds: 0,
            suggestions: Self.tags.enumerated().map {
                Suggestion(tag: $1.tag, aliases: [], facet: $1.facet, cosine: 0.2, confidence: 0.9 - Double($0) / 100, rank: $0 + 1)
            })
        analysis.composition = #"{"mode":"fast","tried":0,"gains":[],"relations":\#(relations)}"#
        _ = try pictures.library.record(analysis, of: picture.id)
    }

    private func composed() throws -> [String] {
        let desk = try pictures.studio.desk(composingFor: picture)
        let report = try pictures.studio.composed(picture.id)
        // The page and the terminal say the same.
        #expect(try desk.preview(desk.suggestions(of: picture.id), of: picture.id) == report.phrase)
        return [report.phrase, report.sentence, report.tags]
    }

    private func decide(_ changes: Change...) throws { _ = try pictures.library.decide(changes, on: picture.id, by: "a test") }

    @Test func aRelationStandsWhileBothTagsAreApproved() throws {
        #expect(try composed() == ["a photo of a cat", "A photo of a cat.", "cat, photo"])
        try decide(.approve(.tag("sofa")))
        #expect(try composed() == ["a photo of a cat on a sofa", "A photo of a cat on a sofa.", "cat, sofa, photo"])
        try decide(.edit(.tag("sofa"), to: "red sofa"), .weigh(.tag("cat"), 1.2))
        #expect(try composed()[0] == "a photo of a (cat:1.2) on a red sofa")
        let kept = try pictures.studio.desk(composingFor: picture).prompt(of: picture)
        #expect(kept.positive == "a photo of a (cat:1.2) on a red sofa")
        #expect(try pictures.studio.standingPrompt(ofPicture: picture.sha256) == kept.positive)
        try decide(.reject(.tag("sofa")))
        #expect(try composed() == ["a photo of a (cat:1.2)", "A photo of a (cat:1.2).", "(cat:1.2), photo"])
    }

    /// An encoder that looks for no relations takes none back; one that looks and finds none does.
    @Test func theLatestLookThatTellsCounts() throws {
        try decide(.approve(.tag("sofa")))
        try look("null", encoder: "d")
        #expect(try composed()[0] == "a photo of a cat on a sofa")
        // What a newer version may say is passed over.
        try look(#"[{"subject":"cat","preposition":"beneath","support":"sofa"}]"#)
        #expect(try composed()[0] == "a photo of a cat, sofa")
        try look("[]")
        #expect(try composed()[0] == "a photo of a cat, sofa")
    }
}

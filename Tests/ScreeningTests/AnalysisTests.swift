import Foundation
import Screening
import Testing

@Suite struct AnalysisTests {
    @Test func anAnalysisMakesPendingSuggestionsBestFirst() throws {
        let (library, picture) = try Library.withPicture()
        let recorded = try library.record(
            .sample([.sample("sofa", 0.4, rank: 2), .sample("tabby cat", 0.9, rank: 1, aliases: ["tabby"])]), of: picture)
        #expect(recorded.suggestions.map(\.tag) == ["tabby cat", "sofa"])
        #expect(recorded.suggestions.allSatisfy { $0.state == .pending && $0.weight == 1 && $0.decidedAt == nil })
        #expect(recorded.suggestions[0].aliases == ["tabby"])
        #expect(recorded.suggestions[0].analysisID == recorded.analysis.id)
        #expect(recorded.withheld.isEmpty)
        #expect(try library.latestAnalysis(of: picture) == recorded.analysis)
        #expect(recorded.analysis.negative == "blurry")
    }

    @Test func pendingSuggestionsOfTheSameEncoderAreReplaced() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat"), .sample("dog", rank: 2)]), of: picture)
        try library.record(.sample([.sample("indoors")], encoder: "other"), of: picture)
        try library.record(.sample([.sample("cat", 0.8)], version: 2), of: picture)
        let suggestions = try library.suggestions(of: picture)
        #expect(Set(suggestions.map(\.tag)) == ["cat", "indoors"])
        #expect(suggestions.first { $0.tag == "cat" }?.confidence == 0.8)
        #expect(try library.analyses(of: picture).count == 3)
    }

    @Test func whatStandsWhereIsKept() throws {
        let (library, picture) = try Library.withPicture()
        var analysis = NewAnalysis.sample([.sample("dog")])
        #expect(try library.record(analysis, of: picture).analysis.things == nil)
        analysis.things = #"[{"name":"dog"}]"#
        try library.record(analysis, of: picture)
        #expect(try library.latestAnalysis(of: picture)?.things?.text == #"[{"name":"dog"}]"#)
        analysis.things = "no JSON"
        #expect(throws: LibraryError.self) { try library.record(analysis, of: picture) }
    }

    @Test func decidedSuggestionsAreNotTouched() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat", 0.9), .sample("dog", 0.2, rank: 2), .sample("sofa", 0.3, rank: 3)]), of: picture)
        try library.decide([.edit("cat", to: "ginger cat"), .weigh("cat", 1.2), .reject("dog")], on: picture, by: "test")
        let decided = try library.suggestions(of: picture).filter { $0.state != .pending }
        let again = try library.record(
            .sample([.sample("Cat", 0.1, rank: 3), .sample("dog", 0.99), .sample("rug")], version: 2), of: picture)
        #expect(again.suggestions.filter { $0.state != .pending } == decided)
        #expect(again.suggestions.filter { $0.state == .pending }.map(\.tag) == ["rug"])
        #expect(again.withheld.map(\.tag) == ["Cat", "dog"])
        #expect(again.withheld.map(\.reason) == ["approved before", "rejected before"])
    }

    @Test(arguments: ["Black and White", "black-and-white", "BLACK_AND  WHITE", "ｂｌａｃｋ and white", "monochrome"])
    func aRejectedTagStaysAwayUnderEverySpelling(_ spelling: String) throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("black and white", aliases: ["Monochrome"])]), of: picture)
        try library.decide([.reject("black and white")], on: picture, by: "test")
        let again = try library.record(.sample([.sample(spelling)], encoder: "other"), of: picture)
        #expect(again.suggestions.count == 1)
        #expect(again.withheld.map(\.because.state) == [.rejected])
    }

    @Test func anAliasOfTheNewTagKeepsItAwayToo() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("automobile")]), of: picture)
        try library.decide([.reject("automobile")], on: picture, by: "test")
        let again = try library.record(.sample([.sample("car", aliases: ["automobile"])]), of: picture)
        #expect(again.withheld.map(\.reason) == ["rejected before as \"automobile\""])
    }

    @Test func anEditedTextIsNotSuggestedBesideIt() throws {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat")]), of: picture)
        try library.decide([.edit("cat", to: "tabby cat")], on: picture, by: "test")
        let again = try library.record(.sample([.sample("tabby cat")], version: 2), of: picture)
        #expect(again.suggestions.map(\.text) == ["tabby cat"])
        #expect(again.withheld.count == 1)
    }

    @Test func twoPicturesAreScreenedApart() throws {
        let (library, first) = try Library.withPicture()
        let second = try library.record(NewPicture(sha256: digest(2), width: 10, height: 10)).id
        try library.record(.sample([.sample("cat")]), of: first)
        try library.record(.sample([.sample("cat")]), of: second)
        try library.decide([.reject("cat")], on: first, by: "test")
        #expect(try library.states(second) == ["cat": .pending])
        #expect(try library.pendingPicture() == second && library.pendingPicture(before: second) == nil)
        #expect(try library.pendingPictureCount() == 1)
    }

    @Test func wrongValuesAreRefusedWhole() throws {
        let (library, picture) = try Library.withPicture()
        for bad in [Suggestion.sample("cat", 1.5), .sample("", 0.5), .sample("cat", .nan), .sample("cat", 0.5, rank: 0)] {
            #expect(throws: LibraryError.self) { try library.record(.sample([.sample("fine"), bad]), of: picture) }
        }
        var analysis = NewAnalysis.sample([.sample("cat")])
        analysis.model = "{not json"
        #expect(throws: LibraryError.self) { try library.record(analysis, of: picture) }
        #expect(throws: LibraryError.noSuchPicture("99")) { try library.record(.sample([]), of: 99) }
        #expect(try library.analyses(of: picture).isEmpty)
        #expect(try library.suggestions(of: picture).isEmpty)
    }
}

@Suite struct PictureTests {
    @Test func aPictureIsItsDigest() throws {
        let (library, picture) = try Library.withPicture()
        let later = Date().addingTimeInterval(10)
        let again = try library.record(
            NewPicture(sha256: digest(1).uppercased(), width: 640, height: 480, path: "/moved/cat.jpg"), at: later)
        #expect(again.id == picture)
        #expect(again.paths == ["/moved/cat.jpg", "/photos/cat.jpg"])
        #expect(try library.picture(path: "/photos/cat.jpg")?.id == picture)
        #expect(try library.picture(sha256: digest(1))?.id == picture)
        #expect(try library.picture(sha256: digest(9)) == nil)
        #expect(try library.pictures().map(\.id) == [picture])
    }

    @Test func aPrefixFindsOnePictureOrSaysWhy() throws {
        let library = try Library.inMemory()
        try library.record(NewPicture(sha256: "abc1" + String(repeating: "0", count: 60), width: 1, height: 1))
        let other = try library.record(NewPicture(sha256: "abc2" + String(repeating: "f", count: 60), width: 1, height: 1))
        #expect(try library.picture(sha256Prefix: "ABC2").id == other.id)
        #expect(throws: LibraryError.ambiguousPicture("abc", candidates: ["abc100000000", "abc2ffffffff"])) {
            try library.picture(sha256Prefix: "abc")
        }
        #expect(throws: LibraryError.noSuchPicture("abd")) { try library.picture(sha256Prefix: "abd") }
        #expect(throws: LibraryError.noSuchPicture("x%")) { try library.picture(sha256Prefix: "x%") }
    }

    @Test func aWrongDigestOrSizeIsRefused() throws {
        let library = try Library.inMemory()
        #expect(throws: LibraryError.self) { try library.record(NewPicture(sha256: "12", width: 1, height: 1)) }
        #expect(throws: LibraryError.self) { try library.record(NewPicture(sha256: digest(1), width: 0, height: 1)) }
    }
}

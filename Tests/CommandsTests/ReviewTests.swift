import Foundation
import Screening
import TestSupport
import Testing

@testable import Commands
@testable import Studio

private func digest(_ number: Int) -> String {
    String(repeating: "0", count: 63) + String(number)
}

/// A desk with one picture that has three suggestions.
private func desk() throws -> (desk: ScreeningDesk, picture: KnownPicture) {
    let library = try Library.inMemory()
    let picture = KnownPicture(try library.record(NewPicture(sha256: digest(1), width: 640, height: 480, path: "/photos/猫.jpg")))
    try library.record(
        NewAnalysis(
            encoder: EncoderIdentity(name: "e", sha256: digest(2)),
            vocabulary: VocabularyIdentity(name: "v", sha256: digest(3), count: 10), seconds: 0.1,
            suggestions: [
                Suggestion(tag: "tabby cat", facet: "subject", cosine: 0.2931, confidence: 0.91, rank: 1),
                Suggestion(tag: "photo", facet: "medium", confidence: 0.8, rank: 2, source: .head),
                Suggestion(tag: "dog", facet: "subject", cosine: -0.0512, confidence: 0.2, rank: 3),
            ],
            positive: "all", negative: "blurry", model: #"{"name":"redraw-small"}"#, size: #"{"width":256,"height":192}"#),
        of: picture.id)
    return (ScreeningDesk(library: library, compose: ScreeningDesk.composition), picture)
}

extension Review {
    fileprivate mutating func press(_ text: String) throws {
        for character in text { _ = try press(character == "\n" ? .enter : .character(character)) }
    }
}

@Suite struct ReviewSessionTests {
    private func review() throws -> (review: Review, desk: ScreeningDesk, picture: KnownPicture) {
        let (desk, picture) = try desk()
        return (try Review(desk, picture, index: 0, of: 1), desk, picture)
    }

    private func states(_ desk: ScreeningDesk, _ picture: KnownPicture) throws -> [String] {
        try desk.library.suggestions(of: picture.id).map { "\($0.text) \($0.state.rawValue)" }
    }

    @Test func suggestionsStandByFacetAndDecidingMovesOn() throws {
        var (review, desk, picture) = try review()
        #expect(review.session.suggestions.map(\.tag) == ["tabby cat", "dog", "photo"])
        #expect(review.session.current?.tag == "tabby cat")
        try review.press("a")
        #expect(review.session.current?.tag == "dog")
        #expect(review.session.message == "Approved tabby cat.")
        #expect(review.session.prompt == "tabby cat")
        try review.press("r")
        #expect(review.session.current?.tag == "photo")
        #expect(try states(desk, picture) == ["tabby cat approved", "photo pending", "dog rejected"])
        try review.press("u")
        #expect(review.session.current?.tag == "dog")
        #expect(try states(desk, picture) == ["tabby cat approved", "photo pending", "dog pending"])
        try review.press("uu")
        #expect(review.session.message == "Nothing to undo.")
    }

    @Test func editingStartsFromTheTextThatIsThere() throws {
        var (review, desk, picture) = try review()
        try review.press("e")
        #expect(review.session.mode == .typing(.edit(review.session.selected!), "tabby cat"))
        _ = try review.press(.backspace)
        try review.press("r wearing a hat\n")
        #expect(try states(desk, picture)[0] == "tabby car wearing a hat approved")
        // Escape leaves everything as it is.
        try review.press("e")
        _ = try review.press(.escape)
        #expect(review.session.mode == .choosing)
        try review.press("e")
        _ = try review.press(.clear)
        try review.press("  \n")
        #expect(review.session.message == "Nothing typed, nothing changed.")
    }

    @Test func weightsAndAddedTags() throws {
        var (review, desk, picture) = try review()
        try review.press("w1,25\n")
        #expect(try desk.library.suggestions(of: picture.id)[0].weight == 1.25)
        try review.press("w7\n")
        #expect(review.session.message.contains("0.1 to 3"))
        try review.press("wheavy\n")
        #expect(review.session.message == "\"heavy\" is no number.")
        try review.press("+style: ink\n")
        #expect(review.session.current?.tag == "ink" && review.session.current?.facet == "style")
        try review.press("+nonsense: ink\n")
        #expect(review.session.message.contains("no facet"))
        #expect(review.session.prompt == "(tabby cat:1.25), ink")
    }

    @Test func movingStopsAtTheEnds() throws {
        var (review, _, _) = try review()
        try review.press("p")
        #expect(review.session.message == "That was the first one.")
        _ = try review.press(.end)
        #expect(review.session.current?.tag == "photo")
        try review.press("n")
        #expect(review.session.message == "That was the last one.")
        _ = try review.press(.home)
        _ = try review.press(.down)
        #expect(review.session.current?.tag == "dog")
        try review.press("z")
        #expect(review.session.message.contains("?"))
    }

    @Test func keysThatLeave() throws {
        var (review, _, _) = try review()
        #expect(try review.press(.character("q")) == .quit)
        #expect(try review.press(.endOfInput) == .quit)
        #expect(try review.press(.interrupt) == .interrupted)
        try review.press("N")
        #expect(review.session.message == "This is the last picture.")
        // While typing, q is a letter.
        try review.press("+q")
        #expect(review.session.mode == .typing(.add, "q"))
        #expect(try review.press(.interrupt) == .interrupted)
    }

    @Test func aPictureWithoutSuggestionsTakesAddedOnes() throws {
        let library = try Library.inMemory()
        let picture = KnownPicture(try library.record(NewPicture(sha256: digest(1), width: 1, height: 1)))
        var review = try Review(
            ScreeningDesk(library: library, compose: ScreeningDesk.composition), picture, index: 0, of: 1)
        for key in "arexwnpuA" { _ = try review.press(.character(key)) }
        _ = try review.press(.escape)
        try review.press("+cat\n")
        #expect(review.session.suggestions.map(\.tag) == ["cat"])
    }

    @Test(arguments: [(80, 24), (40, 12), (30, 10), (20, 6), (10, 4), (8, 3), (5, 2), (200, 60), (79, 8), (60, 14)])
    func everyLineFitsEverySize(_ width: Int, _ height: Int) throws {
        var (review, _, _) = try review()
        try review.press("+🐈‍⬛ 黒い猫 in a very long sentence that does not end before the edge of any of these screens\n")
        for typed in ["", "?", "xa", "e", "\n", "w"] {
            try review.press(typed)
            for unicode in [true, false] {
                let lines = ReviewDrawing(width: width, height: height, paint: Paint(enabled: false), unicode: unicode).lines(
                    review.session)
                #expect(lines.count == height)
                for line in lines { #expect(DisplayText.width(of: line) <= width, "\(line)") }
            }
        }
    }

    @Test func theScreenAtEightyColumnsSaysItAll() throws {
        var (review, _, _) = try review()
        try review.press("a")
        let lines = ReviewDrawing(width: 80, height: 24, paint: Paint(enabled: false), unicode: false).lines(review.session)
        let text = lines.joined(separator: "\n")
        for part in [
            "猫.jpg 640x480", "1 approved, 0 rejected, 2 left", "+ tabby cat", "> . dog", "91 %", "cosine -0.0512", "prompt: tabby cat",
            "Approved tabby cat.", "a approve  r reject",
        ] {
            #expect(text.contains(part), "\(part) in\n\(text)")
        }
        #expect(!text.contains("\u{1B}"))
        let coloured = ReviewDrawing(width: 80, height: 24, paint: Paint(enabled: true), unicode: true).lines(review.session)
        #expect(coloured.contains { $0.contains("\u{1B}[32m") })
    }

    @Test func theSelectedOneStaysInSightOfALongList() throws {
        let library = try Library.inMemory()
        let picture = KnownPicture(try library.record(NewPicture(sha256: digest(1), width: 1, height: 1)))
        let changes = (1...60).map { Change.add(tag: "tag \($0)", facet: $0 % 2 == 0 ? "style" : "subject") }
        try library.decide(changes, on: picture.id, by: "test")
        var review = try Review(
            ScreeningDesk(library: library, compose: ScreeningDesk.composition), picture, index: 0, of: 1)
        for _ in 0..<60 {
            let lines = ReviewDrawing(width: 80, height: 20, paint: Paint(enabled: false), unicode: false).lines(review.session)
            #expect(lines.contains { $0.hasPrefix(" > ") && $0.contains(review.session.current!.tag + " ") })
            try review.press("n")
        }
    }

    @Test func aTextWithNothingToEditIsNoRowOfKeys() throws {
        let library = try Library.inMemory()
        let picture = KnownPicture(try library.record(NewPicture(sha256: digest(5), width: 8, height: 8)))
        let desk = ScreeningDesk(library: library, compose: ScreeningDesk.composition)
        var review = try Review(desk, picture, index: 0, of: 1)
        // Taken as keys, the q would end the review and the n and the a do something else.
        for line in ["e a quiet lane", "w 1.2"] {
            #expect(try review.enter(line: line) == .goOn)
            #expect(review.session.mode == .choosing)
            #expect(review.session.message == "There is no suggestion; + adds a tag.")
        }
        #expect(try review.enter(line: "+ quiet lane") == .goOn)
        #expect(try library.suggestions(of: picture.id).map(\.tag) == ["quiet lane"])
        #expect(try review.enter(line: "e a quiet lane") == .goOn)
        #expect(try library.suggestions(of: picture.id).map(\.text) == ["a quiet lane"])
        #expect(try review.enter(line: "q") == .quit)
    }

    @Test func whatWentWithARejectedTagIsNamed() throws {
        let (desk, picture) = try desk()
        func message(_ changes: [Change], kinds: Set<String>) throws -> String {
            Review.message(
                DecisionsTaken(try desk.library.decide(changes, on: picture.id, by: "test", kinds: { _ in { kinds.contains($0) } })))
        }
        #expect(try message([.reject("tabby cat")], kinds: []) == "Rejected tabby cat; it is not suggested again.")
        _ = try desk.undo(on: picture.id, by: "test")
        let two = try message([.reject("tabby cat")], kinds: ["dog"])
        #expect(two == "Rejected tabby cat, and with it dog; they are not suggested again.")
        _ = try desk.undo(on: picture.id, by: "test")
        let three = try message([.reject("tabby cat")], kinds: ["dog", "photo"])
        #expect(three == "Rejected tabby cat, and with it photo and dog; they are not suggested again.")
    }

    @Test func linesOfAPipeAreKeys() throws {
        #expect(try Review.keys(forLine: " aar ") == [.character("a"), .character("a"), .character("r")])
        #expect(try Review.keys(forLine: "w 1.2") == [.character("w"), .clear, .character("1"), .character("."), .character("2"), .enter])
        #expect(try Review.keys(forLine: "") == [])
        #expect(throws: ReviewError.self) { try Review.keys(forLine: "approve") }
        #expect(throws: ReviewError.self) { try Review.keys(forLine: "e") }
    }
}

@Suite struct KeyDecoderTests {
    @Test func sequencesBecomeKeysEvenInPieces() {
        var decoder = KeyDecoder()
        #expect(decoder.keys([0x61, 0x0D, 0x7F, 0x03, 0x04]) == [.character("a"), .enter, .backspace, .interrupt, .endOfInput])
        #expect(decoder.keys([0x1B]) == [])
        #expect(decoder.isWaiting)
        #expect(decoder.keys([0x5B, 0x41]) == [.up])
        #expect(decoder.keys(Array("\u{1B}[6~\u{1B}OB\u{1B}[1;5C".utf8)) == [.pageDown, .down, .right])
        #expect(decoder.keys([0x1B]) == [])
        #expect(decoder.flush() == [.escape])
        #expect(!decoder.isWaiting)
        #expect(decoder.keys([0xE7, 0x8C]) == [])
        #expect(decoder.keys([0xAB]) == [.character("猫")])
        #expect(decoder.keys([0x1B, 0x61]) == [.escape, .character("a")])
        #expect(decoder.keys([0xFF, 0x62]) == [.character("b")])
    }

    @Test func noBytesBreakIt() {
        var generator = SeededGenerator.announced()
        for _ in 0..<2000 {
            var decoder = KeyDecoder()
            for _ in 0..<4 {
                _ = decoder.keys((0..<Int.random(in: 0...12, using: &generator)).map { _ in UInt8.random(in: 0...255, using: &generator) })
            }
            _ = decoder.flush()
            #expect(!decoder.isWaiting)
        }
    }
}

@Suite struct DisplayTextTests {
    @Test(arguments: [("cat", 3), ("猫", 2), ("é", 1), ("e\u{301}", 1), ("🐈‍⬛", 2), ("👩🏽‍🎨", 2), ("한국", 4), ("❤️", 2), ("→", 1), ("", 0)])
    func columnsOfCharacters(_ text: String, _ columns: Int) {
        #expect(DisplayText.width(of: text) == columns)
    }

    @Test func cuttingFillingAndWrapping() {
        #expect(DisplayText.fitted("tabby cat", 6) == "tabby…")
        #expect(DisplayText.fitted("猫猫猫", 4) == "猫…")
        #expect(DisplayText.padded("猫", 4) == "猫  ")
        #expect(DisplayText.padded("猫猫猫", 4) == "猫… ")
        #expect(DisplayText.wrapped("a tabby cat on a sofa", 8) == ["a tabby", "cat on a", "sofa"])
        #expect(DisplayText.wrapped("incomprehensible", 7) == ["incompr", "ehensib", "le"])
        #expect(DisplayText.harmless("a\u{1B}[31mb") == "a\u{FFFD}[31mb")
    }
}

@Suite struct ScreeningDeskTests {
    @Test func aPictureIsFoundByFilePathNumberAndDigest() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("abc.bin")
        try Data("abc".utf8).write(to: file)
        // FIPS 180-2's example.
        let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let desk = try ScreeningDesk(libraryFolder: folder.url.appendingPathComponent("library"))
        #expect(throws: LibraryError.noSuchPicture(file.path)) { try desk.picture(file.path) }
        let picture = try desk.library.record(NewPicture(sha256: sha256, width: 1, height: 1, path: file.path))
        let moved = folder.url.appendingPathComponent("moved.bin")
        try FileManager.default.moveItem(at: file, to: moved)
        for reference in [file.path, moved.path, "\(picture.id)", "p\(picture.id)", "ba78", sha256] {
            #expect(try desk.picture(reference).id == picture.id, "\(reference)")
        }
        for reference in ["ba7", "77", "nowhere.jpg", ""] {
            #expect(throws: LibraryError.noSuchPicture(reference)) { try desk.picture(reference) }
        }
    }

    @Test func thePromptIsComposedKeptAndOverruledByHand() throws {
        let (desk, picture) = try desk()
        #expect(throws: ScreeningDeskError.self) { try desk.prompt(of: picture) }
        try desk.library.decide([.approve("photo"), .weigh("tabby cat", 1.2)], on: picture.id, by: "Ada")
        let first = try desk.prompt(of: picture)
        #expect(first.positive == "a photo of a (tabby cat:1.2)" && first.model == "redraw-small")
        let keptOut = first.negative.components(separatedBy: ", ")
        #expect(keptOut.contains("painting") && !keptOut.contains("photo"), "it follows the medium that was approved: \(first.negative)")
        #expect(first.width == 256 && first.height == 192 && first.number == 1)
        #expect(try desk.prompt(of: picture) == first)
        let written = try desk.write(positive: "a cat", negative: nil, for: picture)
        #expect(written.number == 2 && written.parent == 1 && written.negative == first.negative && written.source == .written)
        #expect(try desk.prompt(of: picture) == written)
        let sharper = try desk.write(positive: nil, negative: "fog", for: picture)
        #expect(sharper.positive == "a cat" && sharper.negative == "fog")
        #expect(try desk.prompt(of: picture, recompose: true).positive == "a photo of a (tabby cat:1.2)")
        try desk.library.decide([.reject("photo")], on: picture.id, by: "Ada")
        let after = try desk.prompt(of: picture)
        #expect(after.positive == "(tabby cat:1.2)" && after.negative == "fog" && after.number == 5)
    }

    @Test func theNegativePromptFollowsTheApprovedMediumAndNeverNamesIt() throws {
        let (desk, picture) = try desk()
        try desk.library.decide([.approve("tabby cat")], on: picture.id, by: "Ada")
        #expect(try desk.prompt(of: picture).negative == "blurry", "no medium was approved: it is the analysis's")
        try desk.library.decide([.add(tag: "oil painting", facet: "medium")], on: picture.id, by: "Ada")
        let keptOut = try desk.prompt(of: picture).negative.components(separatedBy: ", ")
        #expect(keptOut.contains("photo") && !keptOut.contains("painting"), "\(keptOut)")
    }
}

@Suite struct LibraryOptionsTests {
    @Test func theDefaultFolderFollowsXDG() {
        func path(_ environment: [String: String]) -> String { Installation.dataFolder(environment: environment).path }
        #expect(path(["XDG_DATA_HOME": "/data", "HOME": "/home/a"]) == "/data/redraw")
        #expect(path(["XDG_DATA_HOME": "relative", "HOME": "/home/a"]) == "/home/a/.local/share/redraw")
    }

    @Test func colourIsDeclinedByEnvironment() {
        #expect(Terminal.allowsColour(environment: ["TERM": "xterm"]))
        #expect(!Terminal.allowsColour(environment: ["TERM": "xterm", "NO_COLOR": "1"]))
        #expect(Terminal.allowsColour(environment: ["NO_COLOR": ""]))
        #expect(!Terminal.allowsColour(environment: ["TERM": "dumb"]))
    }
}

@Suite struct ScreenedPictureTests {
    @Test func scriptsFindEveryKey() throws {
        let (desk, picture) = try desk()
        try desk.library.decide([.add(tag: "bow", facet: "subject")], on: picture.id, by: "Ada")
        let text = try JSONOutput.text(PictureReport(picture, desk))
        let object = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        #expect(Set(object.keys) == ["picture", "encoder", "vocabulary", "recovered", "analyses", "suggestions", "prompt", "generations"])
        let suggestions = try #require(object["suggestions"] as? [[String: Any]])
        for suggestion in suggestions {
            #expect(
                Set(suggestion.keys) == [
                    "id", "tag", "facet", "cosine", "confidence", "rank", "source", "described", "state", "inBulk", "text", "weight",
                    "decidedAt", "decidedBy",
                ])
        }
        #expect(suggestions[0]["cosine"] as? Double == 0.2931)
        #expect(suggestions[3]["rank"] is NSNull)
    }
}

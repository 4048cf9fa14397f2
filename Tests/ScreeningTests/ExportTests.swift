import Foundation
import Screening
import TestSupport
import Testing

@Suite struct ExportTests {
    private func busy() throws -> (library: Library, picture: Int64) {
        let (library, picture) = try Library.withPicture()
        try library.record(.sample([.sample("cat", aliases: ["feline"]), .sample("dog", rank: 2), .sample("sofa", rank: 3)]), of: picture)
        try library.decide([.edit("cat", to: "tabby"), .reject("dog")], on: picture, by: "Ada")
        try library.decide([.add(tag: "bow", facet: "subject"), .weigh("cat", 1.4)], on: picture, by: "Ada")
        try library.undo(on: picture, by: "Ada")
        try library.decide([.reset("dog")], on: picture, by: "Bob")
        try library.record(NewPrompt(positive: "tabby", model: "m", width: 64, height: 64), of: picture)
        try library.record(NewPrompt(positive: "tabby!", source: .written), of: picture)
        try library.record(.sample(status: .done, picture: picture, prompt: 2))
        try library.record(.sample(.max, status: .failed))
        return (library, picture)
    }

    @Test func anExportRoundTripsThroughJSON() throws {
        let (library, picture) = try busy()
        let export = try library.export()
        #expect(try LibraryExport(json: export.json()) == export)
        let copy = try Library.inMemory()
        let report = try copy.import(LibraryExport(json: export.json()), by: "import")
        #expect(report.picturesAdded == 1 && report.promptsAdded == 2 && report.generationsAdded == 2)
        #expect(try copy.export() == export)
        #expect(try copy.check() == [])
        // What is undone over there is undone here, too, and so on to the beginning.
        for one in [library, copy] {
            while try one.canUndo(on: picture) { try one.undo(on: picture, by: "Ada", at: Date(timeIntervalSince1970: 2_000_000_000)) }
        }
        #expect(try copy.export().pictures == library.export().pictures)
    }

    @Test func importingAgainChangesNothing() throws {
        let (library, _) = try busy()
        let export = try library.export()
        let report = try library.import(export, by: "import")
        var nothing = ImportReport()
        nothing.picturesMerged = 1
        #expect(report == nothing)
        #expect(try library.export() == export)
    }

    @Test func aMergeKeepsWhatIsDecidedHere() throws {
        let (theirs, theirPicture) = try Library.withPicture()
        try theirs.record(
            .sample([.sample("cat"), .sample("dog", rank: 2), .sample("sofa", rank: 3), .sample("rug", rank: 4)]), of: theirPicture)
        try theirs.decide([.reject("cat"), .edit("dog", to: "puppy"), .add(tag: "bow", facet: "subject")], on: theirPicture, by: "Bob")
        let (mine, picture) = try Library.withPicture()
        try mine.record(.sample([.sample("Cat"), .sample("dog", rank: 2)], version: 2), of: picture)
        try mine.decide([.approve("cat"), .add(tag: "carpet", facet: "subject")], on: picture, by: "Ada")
        let cat = try mine.suggestions(of: picture).first { $0.tag == "Cat" }
        let report = try mine.import(theirs.export(), by: "import of Bob's")
        #expect(
            try mine.states(picture) == [
                "Cat": .approved, "carpet": .approved, "dog": .approved, "bow": .approved, "sofa": .pending, "rug": .pending,
            ])
        let suggestions = try mine.suggestions(of: picture)
        #expect(suggestions.first { $0.tag == "Cat" } == cat)
        #expect(suggestions.first { $0.tag == "dog" }?.text == "puppy")
        #expect(report.decisionsKept == 1 && report.decisionsTaken == 2 && report.suggestionsAdded == 3 && report.analysesAdded == 1)
        try mine.undo(on: picture, by: "Ada")
        #expect(try mine.states(picture)["dog"] == .pending)
    }

    @Test func onePictureCanBeExported() throws {
        let (library, picture) = try busy()
        try library.record(NewPicture(sha256: digest(2), width: 5, height: 5))
        let export = try library.export(pictures: [picture])
        #expect(export.pictures.map(\.sha256) == [digest(1)])
        #expect(export.generations.isEmpty)
        #expect(throws: LibraryError.noSuchPicture("77")) { try library.export(pictures: [77]) }
    }

    @Test(arguments: [
        "", "{}", "[1]", #"{"format": "other", "version": 1}"#, #"{"format": "redraw-library", "version": 99}"#,
        #"{"format": "redraw-library", "version": 1, "pictures": [{"sha256": 5}], "generations": []}"#,
    ])
    func otherTextsAreRefused(_ text: String) throws {
        #expect {
            _ = try LibraryExport(json: Data(text.utf8))
        } throws: { error in
            "\(error)".contains("not an export") && !"\(error)".contains("\n")
        }
    }

    @Test func aForgedExportChangesNothing() throws {
        let (library, _) = try busy()
        var forged = try library.export()
        forged.pictures[0].sha256 = digest(9)
        forged.pictures[0].decisions = []
        let copy = try Library.inMemory()
        #expect(throws: LibraryError.self) { try copy.import(forged, by: "import") }
        #expect(try copy.pictures().isEmpty)
        forged.pictures[0].suggestions = []
        forged.pictures[0].analyses[0].model = "{"
        #expect(throws: LibraryError.self) { try copy.import(forged, by: "import") }
    }
}

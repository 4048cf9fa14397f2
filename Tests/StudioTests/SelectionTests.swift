import Encoders
import Foundation
import Pixels
import Screening
import TestSupport
import Testing

@testable import Studio

/// What a person selects by a name becomes a mask around it.
@Suite struct SelectionTests {
    private let folder: TemporaryFolder
    private let picture: PictureFile
    private let premises: Premises

    init() throws {
        folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("photo.png")
        try FileBytes.write(try ImageFile.encodePNG(Image(width: 200, height: 100, filledWith: [90, 120, 40])), to: file)
        picture = try PictureFile(path: file.path)
        premises = Premises(
            try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path]),
            libraryFolder: folder.url.appendingPathComponent("library"))
    }

    /// Keeps an analysis of the picture in which these things were seen.
    private func seen(
        _ things: [(name: String, certainty: Double, left: Double, right: Double)], tags: [String] = [], sure: [Double] = []
    ) throws {
        let entries = things.map {
            AnalysisReport.ThingEntry(name: $0.name, certainty: $0.certainty, left: $0.left, top: 0.2, right: $0.right, bottom: 0.8)
        }
        try premises.library().record(
            picture.record,
            analysis: NewAnalysis(
                encoder: EncoderIdentity(name: "seeing", sha256: String(repeating: "a", count: 64)),
                vocabulary: VocabularyIdentity(name: "words", sha256: String(repeating: "b", count: 64), count: 1), seconds: 0,
                suggestions: tags.enumerated().map {
                    Suggestion(
                        tag: $1, aliases: [], facet: "subject", cosine: 0.2, confidence: sure.isEmpty ? 0.5 : sure[$0], rank: $0 + 1)
                }, things: try JSON.text(entries)),
            embedding: nil)
    }

    @Test func theMaskIsABoxWithSoftEdges() throws {
        try seen([("dog", 0.9, 0.1, 0.4), ("cat", 0.8, 0.7, 0.9)])
        let mask = try ThingSelection(of: ["dog"], in: picture, premises).mask()
        #expect((mask.width, mask.height, mask.channels) == (200, 100, 1))
        #expect(mask[50, 50, 0] == 255 && mask[21, 50, 0] == 255, "all of the box")
        #expect(mask[160, 50, 0] == 0 && mask[50, 1, 0] == 0, "and nothing else")
        let edge = (80..<100).map { mask[$0, 50, 0] }
        #expect(edge.contains { $0 > 0 && $0 < 255 } && zip(edge, edge.dropFirst()).allSatisfy { $0 >= $1 }, "\(edge)")
        let both = try ThingSelection(of: ["dog", "cat"], in: picture, premises).mask()
        #expect(both[50, 50, 0] == 255 && both[160, 50, 0] == 255)
    }

    @Test func aNameMayBeThePluralOrAKindOfTheThing() throws {
        try seen([("dog", 0.9, 0.1, 0.4), ("sofa", 0.8, 0.5, 0.9)])
        for name in ["dog", "Dogs", "puppy", "couch"] {
            #expect(throws: Never.self) { try ThingSelection(of: [name], in: picture, premises) }
        }
    }

    @Test func whatIsNotThereIsSaidWithWhatIs() throws {
        try seen([("dog", 0.9, 0.1, 0.4), ("sofa", 0.8, 0.5, 0.9), ("zebra", 0.1, 0, 0.2)])
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["dog", "zebra"], in: picture, premises) }
        #expect(error == .nothingSelected(name: "zebra", picture: picture.path, seen: ["dog", "sofa"]))
        #expect(error?.description.contains("found were dog, sofa") == true)
    }

    /// A library that came from elsewhere may say anything of what was seen.
    @Test(arguments: [1e300, 1e30, -1e300, 1.5, -0.1]) func whatNoEncoderSaysWasNotSeen(_ number: Double) throws {
        try seen([("dog", number, 0.1, 0.4), ("cat", 0.8, 0.5, number), ("sofa", 0.8, 0.5, 0.9)], tags: ["dog", "cat"])
        let allowed = (-1...2).contains(number) ? ["cat", "sofa"] : ["sofa"]
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["dog"], in: picture, premises) }
        #expect(error == .nothingSelected(name: "dog", picture: picture.path, seen: allowed))
        #expect(throws: Never.self) { try ThingSelection(of: ["sofa"], in: picture, premises).maskFile() }
    }

    /// Whoever reads a tag can select it, as soon as there is a box.
    @Test func whatIsAmongTheTagsCanBeSelected() throws {
        try seen([("dog", 0.9, 0.1, 0.2), ("car", 0.29, 0.4, 0.6), ("car", 0.22, 0.8, 0.95)], tags: ["dog", "car"])
        let mask = try ThingSelection(of: ["car"], in: picture, premises).mask()
        #expect(mask[100, 50, 0] == 255 && mask[175, 50, 0] == 0, "the surest of the unsure ones")
        let file = try ThingSelection(of: ["dog", "car"], in: picture, premises).maskFile()
        #expect(ThingSelection.note(on: file.path) == "the mask is \(file.path), around dog (90 % sure), car (29 % sure)")

        // What the person says is not there is not.
        let id = try #require(try premises.library().picture(sha256: picture.sha256)).id
        _ = try premises.library().decide([.reject(.tag("car"))], on: id, by: "a test")
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["car"], in: picture, premises) }
        #expect(error == .nothingSelected(name: "car", picture: picture.path, seen: ["dog"]))
    }

    @Test func allThatAreSureAreSelectedAndNoOthers() throws {
        try seen([("dog", 0.9, 0.1, 0.2), ("dog", 0.5, 0.4, 0.6), ("dog", 0.3, 0.8, 0.95)], tags: ["dog"])
        let selection = try ThingSelection(of: ["dog"], in: picture, premises)
        let mask = selection.mask()
        #expect(mask[30, 50, 0] == 255 && mask[100, 50, 0] == 255 && mask[175, 50, 0] == 0)
        #expect(ThingSelection.note(on: try selection.maskFile().path)?.hasSuffix(", around dog (90 % and 50 % sure)") == true)
    }

    /// One cat, which was found as a dog as well.
    @Test func anotherNameForTheSameThingIsNothingToSelect() throws {
        try seen([("cat", 0.81, 0.1, 0.6), ("dog", 0.63, 0.12, 0.6), ("ball", 0.5, 0.7, 0.9)], tags: ["cat", "dog"], sure: [0.9, 0.19])
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["dog"], in: picture, premises) }
        #expect(error == .nothingSelected(name: "dog", picture: picture.path, seen: ["cat", "ball"]))
        #expect(throws: Never.self) { try ThingSelection(of: ["cat"], in: picture, premises) }

        // The person knows best.
        let id = try #require(try premises.library().picture(sha256: picture.sha256)).id
        _ = try premises.library().decide([.approve("dog")], on: id, by: "a test")
        #expect(throws: Never.self) { try ThingSelection(of: ["dog"], in: picture, premises) }
    }

    /// Looked at now, for nothing was kept: its box is found as a cat's and as a dog's.
    @Test func theCatThatComesAlongIsNoDog() throws {
        let cat = try PictureFile(path: checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path)
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["dog"], in: cat, premises) }
        #expect(error == .nothingSelected(name: "dog", picture: cat.path, seen: ["cat"]))
        #expect(throws: Never.self) { try ThingSelection(of: ["cat"], in: cat, premises) }
    }

    @Test func ofTwoNamesForOneThingTheTagsTellWhichItIs() throws {
        try seen([("horse", 0.58, 0.1, 0.6), ("dog", 0.36, 0.1, 0.6)], tags: ["dog"], sure: [0.95])
        let error = #expect(throws: OrderError.self) { try ThingSelection(of: ["horse"], in: picture, premises) }
        #expect(error == .nothingSelected(name: "horse", picture: picture.path, seen: ["dog"]))
        #expect(throws: Never.self) { try ThingSelection(of: ["dog"], in: picture, premises) }
    }

    @Test func thingsThatCoverEachOtherAreTwoWhereBothAreLikely() throws {
        // Who rides it; what is a part of it; what lies on a part of it.
        try seen(
            [("motorcycle", 0.71, 0.1, 0.6), ("person", 0.4, 0.12, 0.6)], tags: ["motorcycle", "woman"], sure: [0.89, 0.96])
        for name in ["motorcycle", "person"] {
            #expect(throws: Never.self, "\(name)") { try ThingSelection(of: [name], in: picture, premises) }
        }
        try seen([("person", 0.9, 0.1, 0.6), ("face", 0.8, 0.12, 0.6)], tags: ["person"], sure: [0.9])
        #expect(throws: Never.self) { try ThingSelection(of: ["face"], in: picture, premises) }
        try seen([("sofa", 0.9, 0.1, 0.9), ("cat", 0.4, 0.3, 0.6)], tags: ["sofa"], sure: [0.9])
        #expect(throws: Never.self) { try ThingSelection(of: ["cat"], in: picture, premises) }
    }

    @Test func theMaskIsAFileWhoseNameTellsWhatItSelects() throws {
        try seen([("dog", 0.9, 0.1, 0.4)])
        let file = try ThingSelection(of: ["dog"], in: picture, premises).maskFile()
        #expect(file.path.hasSuffix("-dog.png") && file.path.hasPrefix(premises.libraryFolder.path))
        #expect((file.width, file.height) == (200, 100))
        #expect(ThingSelection.note(on: file.path)?.contains(file.path) == true)
        #expect(ThingSelection.note(on: "/pictures/mask.png") == nil)
    }

    /// Analyses of earlier versions tell no colours.
    @Test func thingsOfTheVersionBeforeAreRead() throws {
        let text = #"[{"name": "car", "certainty": 0.9, "left": 0.1, "top": 0.2, "right": 0.4, "bottom": 0.8}]"#
        let older = try JSONDecoder().decode([AnalysisReport.ThingEntry].self, from: Data(text.utf8))
        #expect(older.map(\.colour) == [nil] && older[0].name == "car")
        let red = SeenThing(name: "car", box: UnitBox(left: 0, top: 0, right: 1, bottom: 1), certainty: 0.5)
        var coloured = red
        coloured.colour = "red"
        let kept = try JSONDecoder().decode(
            [AnalysisReport.ThingEntry].self, from: Data(try JSON.text([red, coloured].map(AnalysisReport.ThingEntry.init)).utf8))
        #expect(kept.map(\.colour) == [nil, "red"])
    }

    /// What is certain of a thing beside its name is what goes into the prompt; it is no edit of the person's.
    @Test func whatDescribesATagIsNoEdit() throws {
        let library = try premises.library()
        let analysis = NewAnalysis(
            encoder: EncoderIdentity(name: "seeing", sha256: String(repeating: "a", count: 64)),
            vocabulary: VocabularyIdentity(name: "words", sha256: String(repeating: "b", count: 64), count: 1), seconds: 0,
            suggestions: [Suggestion(tag: "car", facet: "subject", confidence: 0.5, rank: 1, described: "red car")])
        let (record, _) = try library.record(picture.record, analysis: analysis, embedding: nil)
        func report() throws -> SuggestionReport { SuggestionReport(try library.suggestions(of: record.id)[0]) }
        var told = try report()
        #expect((told.tag, told.text, told.described) == ("car", "red car", "red car") && told.editedText == nil)
        try library.decide([.edit("car", to: "car")], on: record.id, by: "Ada")
        told = try report()
        #expect((told.tag, told.text, told.described, told.editedText) == ("car", "car", "red car", "car"))
        try library.decide([.edit("car", to: "red car")], on: record.id, by: "Ada")
        #expect(try report().text == "red car")
        // Who sorts pictures by keywords looks for cars.
        #expect(KeywordForm().lists(try library.suggestions(of: record.id))[0].wanted == ["car"])
        #expect(ScreeningDesk.composition([.init(text: told.text, facet: told.facet, weight: 1)]) == "car")
    }
}

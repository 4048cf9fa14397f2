import Foundation
import Pixels
import Synchronization
import TestSupport
import Testing

@testable import Studio

/// Many pictures by one wish: where their results go, what is passed over, and that one bad picture stops no other.
@Suite struct ManyTests {
    private let pictures: ScreenedPictures

    init() throws {
        pictures = try ScreenedPictures()
        try pictures.add("in/a.png", shade: 1, tags: [])
        try pictures.add("in/deep/b.png", shade: 2, tags: [])
        try pictures.add("in/deep/c.webp", shade: 3, tags: [])
    }

    private func made(
        _ sources: [String] = ["in"], masks: String? = nil, _ change: (inout GenerationWish) -> Void = { _ in }
    ) async throws -> [String: String] {
        var wish = GenerationWish()
        (wish.mode, wish.prompt, wish.output, wish.seed) = ("generate", "a cat", pictures.path("out") + "/", 3)
        change(&wish)
        var outcomes: [String: String] = [:]
        try await pictures.studio.makeMany(
            of: sources.map { .path(pictures.path($0)) }, wish, masks: masks.map(pictures.path)
        ) { picture, outcome in
            let name = picture.replacing(pictures.folder.url.path + "/", with: "")
            switch outcome {
            case .made(let report):
                outcomes[name] = "made " + report.outputs.map { $0.split(separator: "/").last ?? "" }.joined(separator: " ")
            case .queued: outcomes[name] = "queued"
            case .stood: outcomes[name] = "stood"
            case .failed(let reason): outcomes[name] = "failed: \(reason)"
            }
        }
        return outcomes
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: pictures.path(name)) }

    @Test func theFoldersOfTheResultsAreThoseOfThePictures() async throws {
        let outcomes = try await made()
        #expect(outcomes == ["in/a.png": "made a.png", "in/deep/b.png": "made b.png", "in/deep/c.webp": "made c.png"])
        #expect(["out/a.png", "out/deep/b.png", "out/deep/c.png"].allSatisfy(exists))
    }

    @Test func theSameCallGoesOnWhereItStopped() async throws {
        _ = try await made()
        try FileManager.default.removeItem(at: pictures.url("out/deep/b.png"))
        #expect(try await made() == ["in/a.png": "stood", "in/deep/b.png": "made b.png", "in/deep/c.webp": "stood"])
        #expect(try await made { $0.overwrite = true }.values.allSatisfy { $0.hasPrefix("made") })
    }

    @Test func oneBadPictureStopsNoOther() async throws {
        try Data("no picture".utf8).write(to: pictures.url("in/bad.png"))
        try pictures.add("in/a.webp", shade: 7, tags: [])
        let outcomes = try await made()
        #expect(outcomes["in/bad.png"]?.hasPrefix("failed") == true && outcomes.values.count { $0.hasPrefix("made") } == 3)
        #expect([outcomes["in/a.png"], outcomes["in/a.webp"]].contains { $0?.contains("rename one") == true }, "\(outcomes)")
    }

    /// Without a prompt each needs an approved one of its own.
    @Test func thePromptIsThePicturesOwn() async throws {
        try pictures.add("in/d.png", shade: 9, tags: [("dog", "subject")], decisions: [.approve(.tag("dog"))])
        let outcomes = try await made { $0.prompt = nil }
        #expect(outcomes["in/d.png"] == "made d.png" && outcomes["in/a.png"]?.contains("nothing is approved") == true, "\(outcomes)")
        #expect(try ImageFile.text(of: pictures.url("out/d.png"))["parameters"]?.hasPrefix("dog") == true)
    }

    @Test func masksAreThoseOfTheSameName() async throws {
        let white = Image(width: 8, height: 8, channels: 1, bytes: .init(repeating: 255, count: 64))
        try FileManager.default.createDirectory(at: pictures.url("masks/deep"), withIntermediateDirectories: true)
        try ImageFile.write(white, to: pictures.url("masks/a.png"))
        try ImageFile.write(white, to: pictures.url("masks/deep/b.webp"), lossless: true)
        let outcomes = try await made(masks: "masks") { $0.mode = "repaint" }
        #expect(outcomes["in/a.png"] == "made a.png" && outcomes["in/deep/b.png"] == "made b.png")
        #expect(outcomes["in/deep/c.webp"]?.contains("no mask of that name") == true, "\(outcomes)")
    }

    @Test func resultsAmongThePicturesAreNoPictures() async throws {
        await #expect(throws: ManyError.self) { try await made { $0.output = pictures.path("in") } }
        _ = try await made { $0.output = pictures.path("in/out") + "/" }
        let again = try await made { $0.output = pictures.path("in/out") + "/" }
        #expect(again.count == 3 && again.values.allSatisfy { $0 == "stood" }, "\(again)")
        try pictures.add("one.png", shade: 30, tags: [])
        await #expect(throws: ManyError.self) { try await made { $0.output = pictures.path("one.png") } }
        await #expect(throws: ManyError.self) { try await made { $0.output = nil } }
    }

    /// A thing that one picture does not show is that picture's own trouble.
    @Test func aThingThatIsNotThereStopsNoOther() async throws {
        let outcomes = try await made { ($0.mode, $0.select) = ("repaint", ["dog"]) }
        #expect(outcomes.count == 3 && outcomes.values.allSatisfy { $0.contains("no dog was found") }, "\(outcomes)")
    }

    /// Whatever is written over, it is no picture that was named or lies in a folder that was.
    @Test func noResultTakesThePlaceOfAPicture() async throws {
        try pictures.add("two.png", shade: 20, tags: [])
        try pictures.add("two.webp", shade: 21, tags: [])
        try pictures.add("in/in/a.webp", shade: 22, tags: [])
        let before = try Data(contentsOf: pictures.url("two.png"))
        let outcomes = try await made(["two.png", "two.webp"]) { ($0.output, $0.overwrite) = (pictures.path("") + "/", true) }
        #expect(outcomes.values.allSatisfy { $0.contains("would replace") }, "\(outcomes)")
        #expect(try Data(contentsOf: pictures.url("two.png")) == before)
        let nested = try await made { ($0.output, $0.overwrite) = (pictures.path("") + "/", true) }
        #expect(nested["in/in/a.webp"]?.contains("would replace") == true, "\(nested)")
    }

    /// Of several results each has its name, and all of them have to be there.
    @Test func severalResultsOfEachHaveNamesOfTheirOwn() async throws {
        try pictures.add("some/cat.png", shade: 23, tags: [])
        try pictures.add("some/cat-2.png", shade: 24, tags: [])
        let outcomes = try await made(["some"]) { ($0.count, $0.overwrite) = (2, true) }
        #expect(outcomes.values.count { $0.contains("rename one") } == 1, "\(outcomes)")
        #expect(outcomes.values.count { $0.hasPrefix("made") } == 1, "\(outcomes)")
        let choices = try await made { ($0.count, $0.prompt) = (2, "a {red|blue|green|white} cat") }
        #expect(choices.values.allSatisfy { $0.hasPrefix("made") }, "\(choices)")
        try FileManager.default.removeItem(at: pictures.url("out/a-2.png"))
        let again = try await made { ($0.count, $0.prompt) = (2, "a {red|blue|green|white} cat") }
        #expect(again == ["in/a.png": "made a-2.png", "in/deep/b.png": "stood", "in/deep/c.webp": "stood"])
    }

    @Test func whatIsWrongWithTheWishEndsTheWork() async throws {
        await #expect(throws: OrderError.self) { try await made { $0.strength = 7 } }
        await #expect(throws: StudioError.self) { try await made { $0.model = "nowhere" } }
    }
}

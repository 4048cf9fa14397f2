import Foundation
import Pixels
import TestSupport
import Testing

@testable import Studio

/// A precision is for whatever looks and takes it: the default encoder has f32 alone, a tagger beside it has them all.
@Suite struct EncoderPrecisionTests {
    private let folder: TemporaryFolder
    private let premises: Premises
    private let tagger = fixture("tagger-vit", room: "Encoders").path

    init() throws {
        folder = try TemporaryFolder()
        try Data("cat\ndog\nboat\n".utf8).write(to: folder.url.appendingPathComponent("words.txt"))
        premises = Premises(
            try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path]),
            libraryFolder: folder.url.appendingPathComponent("library"))
    }

    private func analyst(_ precision: String?, tagger: String? = nil, insists: Bool = true) -> Analyst {
        Analyst(
            premises, encoder: nil, vocabulary: folder.url.appendingPathComponent("words.txt").path, tagger: tagger, precision: precision,
            insistsOnPrecision: insists)
    }

    private func picture() throws -> PictureFile {
        try PictureFile(path: checkout.appendingPathComponent("Documentation/pictures/coffee.jpg").path)
    }

    @Test(arguments: ["bf16", "int8"]) func theTaggerTakesWhatTheDefaultEncoderLeaves(_ precision: String) async throws {
        let analyst = analyst(precision, tagger: tagger)
        let report = try await analyst.analyze(try picture())
        #expect(report.encoder.name == "redraw-encoder" && report.tagger != nil)
        let note = try #require(try await analyst.precisionNote())
        #expect(note.contains("redraw-encoder computes in f32") && note.contains("tagger-vit does in \(precision)"), "\(note)")
        let (with, without) = (
            try await analyst.embed(pictures: [try picture()]), try await self.analyst(nil).embed(pictures: [try picture()])
        )
        #expect(with.map(\.embedding) == without.map(\.embedding))
    }

    @Test func whatNothingTakesIsRefused() async throws {
        await #expect(throws: StudioError.self) { _ = try await analyst("int8").analyze(try picture()) }
        await #expect(throws: OrderError.self) { _ = try await analyst("half", tagger: tagger).analyze(try picture()) }
    }

    /// What was set for good is for the encoders that take it.
    @Test func whatWasSetForGoodIsNotInsistedOn() async throws {
        let analyst = analyst("int8", insists: false)
        _ = try await analyst.analyze(try picture())
        #expect(try await analyst.precisionNote() == "redraw-encoder computes in f32, whatever the precision")
    }

    @Test func whatEveryoneTakesNeedsNoNote() async throws {
        for precision in [nil, "auto", "f32"] { #expect(try await analyst(precision, tagger: tagger).precisionNote() == nil) }
        let foreign = Analyst(
            premises, encoder: fixture("clip", room: "Encoders").path, vocabulary: nil, tagger: nil, precision: "int8",
            insistsOnPrecision: true)
        #expect(try await foreign.precisionNote() == nil)
    }
}

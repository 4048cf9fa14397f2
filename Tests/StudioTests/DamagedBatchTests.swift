import Foundation
import Pixels
import Synchronization
import TestSupport
import Testing

@testable import Screening
@testable import Studio

/// Pictures of a folder, of one of which the library holds a value that cannot be read: that one is told, and the others are looked at.
@Suite struct DamagedBatchTests {
    /// What is damaged, and whether pictures that were looked at before are looked at again.
    @Test(arguments: [
        ("picture SET name", false), ("picture SET name", true), ("analysis SET seconds", false),
    ])
    func aPictureThatIsDamagedEndsNoneOfTheOthers(_ damaged: String, again: Bool) async throws {
        let folder = try TemporaryFolder()
        let paths = try (1...3).map { number in
            let file = folder.url.appendingPathComponent("\(number).png")
            let bytes = [UInt8](repeating: UInt8(50 * number), count: 48 * 40 * 3)
            try ImageFile.write(Image(width: 48, height: 40, channels: 3, bytes: bytes), to: file)
            return file.path
        }
        let words = folder.url.appendingPathComponent("words.txt")
        try Data("cat\ndog\n".utf8).write(to: words)
        let studio = Studio(
            installation: try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path]),
            encoder: checkout.appendingPathComponent("Tests/EncodersTests/Fixtures/clip").path, vocabulary: words.path)
        func outcomes(again: Bool) async throws -> [String] {
            let said = Mutex<[String]>([])
            try await studio.analyst.analyze(PictureListing(paths.map { .path($0) }), again: again, reportsStanding: true) { outcome in
                let words =
                    switch outcome {
                    case .analysed(let report): "analysed \(report.picture.path)"
                    case .stood(let path, _, _): "stood \(path)"
                    case .failed(let reason): reason
                    }
                said.withLock { $0.append(words) }
            }
            return said.withLock { $0 }
        }
        #expect(try await outcomes(again: false) == paths.map { "analysed \($0)" })
        let row = damaged.hasPrefix("picture") ? "id" : "pictureId"
        try FilledLibrary.run(["UPDATE \(damaged) = X'00ff' WHERE \(row) = 2"], on: studio)
        let said = try await outcomes(again: again)
        try #require(said.count == 3)
        let word = again ? "analysed" : "stood"
        #expect(said[0] == "\(word) \(paths[0])" && said[2] == "\(word) \(paths[2])", "\(said)")
        #expect(said[1].hasPrefix("\(paths[1]): ") && said[1].contains("doctor --repair"), "\(said)")
    }

    @Test func norDoesItEndTakingInAFolder() async throws {
        let pictures = try ScreenedPictures()
        let damaged = try pictures.add("folder/a.png", shade: 1, tags: [])
        try ImageFile.write(
            Image(width: 8, height: 8, channels: 3, bytes: [UInt8](repeating: 200, count: 8 * 8 * 3)), to: pictures.url("folder/b.png"))
        try FilledLibrary.run(["UPDATE picture SET name = X'00ff' WHERE id = \(damaged.id)"], on: pictures.studio)
        let report = try await pictures.studio.takeIn(folder: pictures.url("folder"))
        #expect(report.added == 1 && report.passedOver.map(\.name) == ["a.png"], "\(report)")
        #expect(report.passedOver.allSatisfy { $0.reason.contains("doctor --repair") }, "\(report)")
    }

    @Test func norDoesASuggestionOfItEndAnImport() async throws {
        let filled = try await FilledLibrary()
        defer { withExtendedLifetime(filled) {} }
        let studio = try filled.copy([
            "DROP TRIGGER decidedSuggestionIsKept", "UPDATE suggestion SET rank = 'first' WHERE pictureId = 1 AND tagKey = 'sofa'",
        ])
        let report = try FilledLibrary.desk().import(contentsOf: [studio.premises.libraryFolder], by: "a test")
        #expect(report.picturesAdded == 1 && report.generationsAdded == 2 && report.leftOut.count == 1, "\(report)")
        let line = try #require(report.leftOut.first)
        #expect(line.hasPrefix("picture 1 of the library ") && line.contains("doctor --repair"), "\(line)")
    }
}

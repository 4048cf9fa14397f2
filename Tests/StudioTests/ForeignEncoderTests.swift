import Encoders
import Foundation
import Pixels
@testable import Studio
import Synchronization
import TestSupport
import Testing

/// A CLIP folder and a tagger's as they are downloaded, narrow and with random weights: whatever they say, it must be kept as theirs.
struct ForeignEncoderTests {
    private static let fixtures = checkout.appendingPathComponent("Tests/EncodersTests/Fixtures")

    private func studio(_ folder: TemporaryFolder, encoder: String? = "clip", tagger: String? = nil) throws -> Studio {
        let words = folder.url.appendingPathComponent("words.txt")
        if !FileManager.default.fileExists(atPath: words.path) {
            try Data((0..<30).map { "thing \($0)\n" }.joined().utf8).write(to: words)
        }
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        return Studio(
            installation: installation, encoder: encoder.map { Self.fixtures.appendingPathComponent($0).path }, vocabulary: words.path,
            tagger: tagger.map { Self.fixtures.appendingPathComponent($0).path })
    }

    private func pictures(_ count: Int, in folder: TemporaryFolder) throws -> [String] {
        var random = SeededGenerator(seed: 5)
        return try (0..<count).map { number in
            let bytes = (0..<(48 * 40 * 3)).map { _ in UInt8.random(in: 0...255, using: &random) }
            let file = folder.url.appendingPathComponent("\(number).png")
            try ImageFile.write(Image(width: 48, height: 40, channels: 3, bytes: bytes), to: file)
            return file.path
        }
    }

    @Test func aDownloadedEncoderGuessesUntilItIsCalibrated() async throws {
        let folder = try TemporaryFolder()
        let paths = try pictures(60, in: folder)
        let studio = try studio(folder)
        let first = try await studio.analyst.analyze(try PictureFile(path: paths[0]))
        #expect(first.confidence?.source == "text" && first.confidence?.explanation.contains("guess") == true)
        #expect(first.encoder.sha256.count == 64 && first.vocabulary.count == 30)
        await #expect(throws: StudioError.self) { _ = try await studio.analyst.calibrate(on: Array(paths.prefix(3))) }
        let calibration = try await studio.analyst.calibrate(on: paths + [folder.url.appendingPathComponent("missing.png").path])
        #expect(calibration.pictures == 60 && calibration.failures.count == 1 && calibration.confidence.source == "background")
        let second = try await studio.analyst.analyze(try PictureFile(path: paths[0]))
        #expect(second.confidence?.source == "background" && second.confidence?.pictures == 60)
        // Another process finds it in the cache.
        #expect(try await self.studio(folder).analyst.analyze(try PictureFile(path: paths[1])).confidence?.source == "background")
        let thresholds = try await studio.analyst.thresholds()
        #expect(thresholds.facets.count == 10 && thresholds.facets.allSatisfy { !$0.learned && $0.threshold == $0.learnedThreshold })
    }

    @Test func aTaggerIsAskedBesides() async throws {
        let folder = try TemporaryFolder()
        let path = try pictures(1, in: folder)[0]
        let studio = try studio(folder, tagger: "tagger-vit")
        let report = try await studio.analyst.analyze(try PictureFile(path: path))
        let tagger = try #require(report.tagger)
        #expect(report.suggestions.count { $0.source == .tagger } == tagger.count)
        let library = try studio.desk().library
        let picture = try #require(try library.picture(sha256: report.picture.sha256))
        let analyses = try library.analyses(of: picture.id)
        #expect(analyses.map(\.encoder.sha256) == [report.encoder.sha256, tagger.sha256], "an analysis each, the encoder's the latest")
        #expect(try library.check().isEmpty)
        // Without the tagger, its tags stay.
        let again = try await self.studio(folder).analyst.analyze(try PictureFile(path: path))
        #expect(again.tagger == nil && again.suggestions.count { $0.source == .tagger } == tagger.count)
    }

    @Test func aRejectedTagOfATaggerStaysAwayAndIsTold() async throws {
        let folder = try TemporaryFolder()
        let path = try pictures(1, in: folder)[0]
        let studio = try studio(folder, tagger: "tagger-vit")
        let first = try await studio.analyst.analyze(try PictureFile(path: path))
        let named = try #require(first.suggestions.first { $0.source == .tagger }).tag
        let library = try studio.desk().library
        let picture = try #require(try library.picture(sha256: first.picture.sha256))
        try library.decide([.reject(.tag(named))], on: picture.id, by: "test")
        let again = try await studio.analyst.analyze(try PictureFile(path: path))
        #expect(try again.tagger?.count == #require(first.tagger).count - 1)
        #expect(again.dropped.contains { $0.tag == named && $0.reason == "rejected for this picture before" })
    }

    @Test func whatIsNoTaggerIsNamedSo() async throws {
        let folder = try TemporaryFolder()
        let path = try pictures(1, in: folder)[0]
        let studio = try studio(folder, tagger: "clip")
        let error = await #expect(throws: EncoderError.self) { _ = try await studio.analyst.analyze(try PictureFile(path: path)) }
        #expect(error?.description.contains("no tagger that is run here") == true)
    }

    /// The tower takes several pictures of a folder together; what is said of each must not depend on its neighbours.
    @Test func manyPicturesAreSeenAsEachAlone() async throws {
        let folder = try TemporaryFolder()
        var paths = try pictures(9, in: folder)
        // A wide one has parts, and a broken one stands among them.
        var random = SeededGenerator(seed: 6)
        let wide = folder.url.appendingPathComponent("3-wide.png")
        let bytes = (0..<(160 * 40 * 3)).map { _ in UInt8.random(in: 0...255, using: &random) }
        try ImageFile.write(Image(width: 160, height: 40, channels: 3, bytes: bytes), to: wide)
        let broken = folder.url.appendingPathComponent("broken.png")
        try Data("no picture".utf8).write(to: broken)
        paths.insert(wide.path, at: 4)
        paths.insert(broken.path, at: 2)

        let outcomes = Mutex<[String]>([])
        let together = try studio(folder, tagger: "tagger-vit")
        try await together.analyst.analyze(PictureListing(paths.map { .path($0) })) { outcome in
            switch outcome {
            case .analysed(let report): outcomes.withLock { $0.append(report.picture.path + Self.told(report)) }
            case .failed(let reason): outcomes.withLock { $0.append(reason) }
            case .stood: Issue.record("nothing was looked at before")
            }
        }
        let home = try TemporaryFolder()
        let alone = try studio(home, tagger: "tagger-vit")
        let said = outcomes.withLock { $0 }
        try #require(said.count == paths.count)
        for (path, said) in zip(paths, said) where path != broken.path {
            #expect(said == path + Self.told(try await alone.analyst.analyze(try PictureFile(path: path))))
        }
        #expect(said[2].contains("broken.png"))

        let passedOver = Mutex(0)
        try await together.analyst.analyze(PictureListing(paths.map { .path($0) })) { outcome in
            if case .stood = outcome { passedOver.withLock { $0 += 1 } }
        }
        #expect(passedOver.withLock { $0 } == paths.count - 1, "encoder and tagger have looked at all of them")
    }

    /// Rounded, for a wider product adds in another order.
    private static func told(_ report: AnalysisReport) -> String {
        report.suggestions.map { " \($0.tag) \(($0.confidence * 1000).rounded() / 1000)" }.joined()
    }
}

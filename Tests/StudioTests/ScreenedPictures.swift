import Foundation
import Pixels
import TestSupport

@testable import Screening
@testable import Studio

/// A library with pictures that somebody screened, without an encoder that looks at them, and a studio on it.
struct ScreenedPictures {
    let folder: TemporaryFolder
    let studio: Studio
    let engine = PretendedEngine()

    init() throws {
        folder = try TemporaryFolder()
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let premises = Premises(installation, libraryFolder: folder.url.appendingPathComponent("library"))
        studio = Studio(premises, analyst: Analyst(premises, encoder: nil, vocabulary: nil, tagger: nil), engines: [engine])
    }

    func url(_ name: String) -> URL { folder.url.appendingPathComponent(name) }
    func path(_ name: String) -> String { url(name).path }
    func text(_ name: String) throws -> String { try String(contentsOf: url(name), encoding: .utf8) }

    /// The studio's own; nothing of a test has to survive a power cut, so it waits for no disk.
    var library: Library {
        get throws {
            let library = try studio.premises.library()
            try library.onWriter { db in try db.execute(sql: "PRAGMA synchronous = OFF") }
            return library
        }
    }

    /// Writes a picture and keeps an analysis of it with pending tags.
    ///
    /// - Parameter shade: of its pixels: two pictures of one shade are the same file.
    @discardableResult
    func add(_ name: String, shade: UInt8, tags: [(tag: String, facet: String)], decisions: [Change] = []) throws -> PictureRecord {
        try FileManager.default.createDirectory(at: url(name).deletingLastPathComponent(), withIntermediateDirectories: true)
        let pixels = (0..<8 * 8 * 3).map { UInt8(truncatingIfNeeded: Int(shade) + $0) }
        try ImageFile.write(Image(width: 8, height: 8, channels: 3, bytes: pixels), to: url(name))
        let file = try PictureFile(path: path(name))
        let suggestions = tags.enumerated().map {
            Suggestion(
                tag: $1.tag, aliases: [], facet: $1.facet, cosine: 0.2, confidence: 0.9 - Double($0) / 100, rank: $0 + 1)
        }
        let (picture, _) = try library.record(
            file.record,
            analysis: NewAnalysis(
                encoder: EncoderIdentity(name: "none", sha256: String(repeating: "a", count: 64)),
                vocabulary: VocabularyIdentity(name: "none", sha256: String(repeating: "b", count: 64), count: tags.count), seconds: 0,
                suggestions: suggestions, positive: tags.map(\.tag).joined(separator: ", "), negative: "blurry",
                model: #"{"name":"redraw-small"}"#, size: #"{"width":64,"height":64}"#), embedding: nil)
        if !decisions.isEmpty { _ = try library.decide(decisions, on: picture.id, by: "a test") }
        return try library.picture(id: picture.id)
    }
}

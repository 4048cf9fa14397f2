import Foundation
import TestSupport
import Testing

@testable import Engines
@testable import Screening
@testable import Studio

/// A library in which no column that holds JSON is empty, and copies of its file in which one of them was changed by hand.
struct FilledLibrary {
    /// Rows that lists are to tell, whatever is wrong with one of them.
    struct Extent: Equatable {
        var pictures = 0
        var generations = 0
        var paintings = 0
        var history = 0
        var jobs = 0
        var sheets = 0
        var presets = 0
    }

    let pictures: ScreenedPictures
    let extent: Extent
    private let copies: TemporaryFolder
    /// The library's as it is before anything is changed.
    private let file: URL

    init() async throws {
        pictures = try ScreenedPictures()
        copies = try TemporaryFolder()
        let library = try pictures.library
        var ids: [Int64] = []
        for number in 1...2 {
            let file = try PictureFile(
                path: pictures.add("picture-\(number).png", shade: UInt8(number * 40), tags: []).paths.first ?? "")
            let picture = try library.record(
                file.record, analysis: Self.analysis([("dog", "subject"), ("sofa", "subject"), ("evening", "light")]), embedding: nil
            ).picture
            _ = try library.decide([.approve(.tag("dog"))], on: picture.id, by: "a test")
            _ = try library.decide([.approve(.tag("sofa")), .edit(.tag("evening"), to: "late")], on: picture.id, by: "a test")
            try library.want(analysis: "{}", of: picture.id)
            ids.append(picture.id)
        }
        // Two of pictures, and one painted.
        for number in 1...3 {
            let isPainted = number == 3
            try library.record(
                NewGeneration(
                    kind: isPainted ? .paint : .generate,
                    request: #"{"mode":"\#(isPainted ? "paint" : "generate")","prompt":"a cat","seed":\#(number),"steps":4}"#,
                    seed: UInt64(number), model: "redraw-small", profile: "redraw", precision: "f32", stepsRequested: 4,
                    pictureID: isPainted ? nil : ids[number - 1],
                    outcome: GenerationOutcome(
                        status: .done, stepsRun: 4, seconds: #"{"total":3}"#,
                        outputs: [GenerationOutput(path: "/made/\(number).png", sha256: String(repeating: "\(number)", count: 64))])))
        }
        var wish = LibraryWish()
        (wish.settings.prompt, wish.settings.steps) = ("in oil", 4)
        for name in ["first", "second"] { try pictures.studio.keep(preset: name, wish, replacing: false) }
        for _ in 1...2 {
            var base = GenerationWish()
            base.prompt = "a castle"
            let x = try #require(SheetAxis("steps=2,3"))
            let (axes, orders) = try await pictures.studio.orders(ofSheet: base, x: x, y: nil)
            _ = try pictures.studio.enqueue(sheet: axes, orders)
        }
        extent = try await Self.extent(pictures.studio)
        file = copies.url.appendingPathComponent(Library.fileName)
        let place = file.path
        try library.onWriter { db in try db.execute(sql: "VACUUM INTO '\(place)'") }
    }

    static func analysis(_ tags: [(tag: String, facet: String)]) -> NewAnalysis {
        NewAnalysis(
            encoder: EncoderIdentity(name: "none", sha256: String(repeating: "a", count: 64)),
            vocabulary: VocabularyIdentity(name: "none", sha256: String(repeating: "b", count: 64), count: tags.count), seconds: 0.5,
            suggestions: tags.enumerated().map {
                Suggestion(tag: $1.tag, facet: $1.facet, cosine: 0.2, confidence: 0.9 - Double($0) / 100, rank: $0 + 1)
            }, positive: tags.map(\.tag).joined(separator: ", "), negative: "blurry",
            model: #"{"name":"redraw-small","reason":"it fits","installed":true,"runnersUp":[]}"#,
            size: #"{"width":64,"height":64,"reason":"square"}"#,
            recovered: #"{"tool":"a1111","place":"PNG entry","positive":"a dog","negative":"","settings":{},"width":64,"height":64}"#,
            dropped: #"[{"tag":"cat","facet":"subject","confidence":0.1,"reason":"unlikely"}]"#,
            composition: #"{"mode":"fast","similarity":0.3,"tried":1,"gains":[{"tag":"dog","gain":0.1}]}"#,
            calibration: #"{"source":"fitted","learned":{"subject":0.1}}"#,
            things: #"[{"name":"dog","certainty":0.9,"left":0,"top":0,"right":1,"bottom":1}]"#)
    }

    /// How much each list tells. One that does not throw and whose pages do not fit together is found by this, too.
    static func extent(_ studio: Studio) async throws -> Extent {
        var extent = Extent()
        let desk = try studio.desk()
        extent.pictures = try studio.pictures(PictureFilter()).pictures.count
        var listed: [Int64] = []
        let total = try await studio.generations().total
        for offset in 0..<total { listed += try await studio.generations(offset: offset, limit: 1).generations.map(\.id) }
        extent.generations = Set(listed).count == total ? total : -1
        extent.paintings = try desk.generations().count { $0.kind == "paint" }
        let history = try studio.history()
        extent.history = try desk.history(of: nil, limit: 100, generationsOnly: false).count == history.count ? history.count : -1
        let summaries = try studio.jobSummaries()
        extent.jobs = try studio.jobs().count == summaries.count ? summaries.count : -1
        extent.sheets = try studio.sheets().sheets.count
        extent.presets = try studio.presets().count
        _ = try studio.styles { _ in }
        _ = try studio.allPresets()
        _ = try studio.search("cat", limit: 10)
        return extent
    }

    /// Another studio, whose library is a copy of this one in which statements were run that ask no rule.
    func copy(_ statements: [String]) throws -> Studio {
        let folder = copies.url.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.copyItem(at: file, to: folder.appendingPathComponent(Library.fileName))
        let premises = Premises(pictures.studio.installation, libraryFolder: folder)
        let studio = Studio(
            premises, analyst: Analyst(premises, encoder: nil, vocabulary: nil, tagger: nil), engines: [pictures.engine])
        try Self.run(statements, on: studio)
        return studio
    }

    /// Runs statements as a damaged disk does, which asks nobody.
    static func run(_ statements: [String], on studio: Studio) throws {
        try studio.premises.library().onWriter { db in
            for trigger in ["analysisIsKept", "decisionIsKept", "finishedGenerationIsKept", "jobThatIsOverIsKept", "promptIsKept"] {
                try db.execute(sql: "DROP TRIGGER IF EXISTS \(trigger)")
            }
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            for statement in statements { try db.execute(sql: statement) }
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
    }

    /// A desk of an empty library that goes with it.
    static func desk() throws -> ScreeningDesk { ScreeningDesk(library: try Library.inMemory(), compose: ScreeningDesk.composition) }
}

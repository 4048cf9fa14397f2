import Diffusion
import Foundation
import Pixels
import Screening
import Synchronization
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// Sheets without a page: ordered, made, gone on with, and written as one picture.
@Suite struct SheetRunTests {
    private let pictures: ScreenedPictures

    init() throws { pictures = try ScreenedPictures() }

    private var studio: Studio { pictures.studio }

    private func ordered(_ x: String, _ y: String? = nil, _ change: (inout GenerationWish) -> Void = { _ in }) async throws -> SheetReport {
        var wish = GenerationWish()
        wish.prompt = "a cat"
        change(&wish)
        let (axes, orders) = try await studio.orders(ofSheet: wish, x: #require(SheetAxis(x)), y: y.map { try #require(SheetAxis($0)) })
        return try studio.enqueue(sheet: axes, orders)
    }

    @Test(
        arguments: [
            ("steps=2, 3", "steps", [.whole(2), .whole(3)]), ("first-side=0,64", "firstSide", [.whole(0), .whole(64)]),
            ("GUIDANCE=1.5", "guidance", [.number(1.5)]),
            ("prompt=a cat, asleep; 1984 ;true", "prompt", [.text("a cat, asleep"), .text("1984"), .text("true")]),
            ("invert=true,false", "invert", [.flag(true), .flag(false)]), ("sampler=ddim,nan", "sampler", [.text("ddim"), .text("nan")]),
            ("CFG scale=1.5", "guidance", [.number(1.5)]), ("denoising=0.5", "strength", [.number(0.5)]),
            ("sampler=Euler a, DPM++ 2M", "sampler", [.text("euler-a"), .text("dpmpp-2m")]),
            ("mask_blur=2,4", "feather", [.whole(2), .whole(4)]),
            // What has its values written otherwise here is not taken for it: one side is no size.
            ("width=512", "width", [.whole(512)]),
            ("colour=1", "colour", [.whole(1)]), ("seed=18446744073709551615", "seed", [.whole(.max)]),
        ] as [(String, String, [SheetValue])])
    func valuesAreReadAsTheirSettingHasThem(_ text: String, _ name: String, _ values: [SheetValue]) throws {
        let axis = try #require(SheetAxis(text))
        #expect(axis.name == name && axis.values == values)
    }

    @Test func withoutAValueThereIsNoAxis() {
        for text in ["=3", "steps", "steps=", "steps= , ", ""] { #expect(SheetAxis(text) == nil) }
    }

    @Test func aSheetWithoutAPlaceForItsPicturesIsRefused() async throws {
        let job = try #require(try await ordered("steps=2").cells[0].job)
        let sheet = try pictures.library.keep(sheet: #"{"x": "steps", "columns": [], "rows": []}"#, of: nil, jobs: [job, job])
        let error = await #expect(throws: LibraryError.self) {
            try await studio.draw(sheet: sheet.id, to: pictures.url("sheet.png"), overwriting: false)
        }
        #expect(try "\(#require(error))".contains("axes"))
        // Two places that wait for one job are made once.
        let twice = try pictures.library.keep(sheet: #"{"x": "steps", "columns": [2, 2], "rows": []}"#, of: nil, jobs: [job, job])
        let made = try await studio.make(sheet: twice.id) { _, _ in }
        #expect(made.cells.map(\.state) == ["done", "done"])
    }

    @Test func aCellWhoseJobCannotBeReadIsToldAndTheOthersAreMade() async throws {
        let sheet = try await ordered("steps=2,3,4")
        let job = try #require(sheet.cells[0].job)
        try FilledLibrary.run(["UPDATE job SET progress = X'00ff' WHERE id = \(job)"], on: studio)
        var told: [String] = []
        let made = try await studio.make(sheet: sheet.id) { cell, outcome in
            do { _ = try outcome.get() } catch { told.append("cell \(cell): \(error)") }
        }
        #expect(made.cells.map(\.state) == ["queued", "done", "done"])
        let line = try #require(told.first)
        #expect(told.count == 1 && line.hasPrefix("cell 0: ") && line.contains("doctor --repair"), "\(told)")
    }

    @Test func everyCellIsMadeWithItsValues() async throws {
        let sheet = try await ordered("steps=2,3", "guidance=1,2,5") { $0.styles = [] }
        #expect(sheet.cells.count == 6 && sheet.axes?.seed != nil)
        #expect(sheet.axes?.told == "steps 2, 3 across; guidance 1, 2, 5 down")
        let told = Mutex<[Int]>([])
        var reports: [Int: GenerationReport] = [:]
        let made = try await studio.make(sheet: sheet.id) { cell, event in
            if case .planned = event { told.withLock { $0.append(cell) } }
        } onOutcome: {
            reports[$0] = try $1.get()
        }
        #expect(made.cells.map(\.state) == Array(repeating: "done", count: 6) && told.withLock { $0 } == Array(0..<6))
        let requests = try (0..<6).map { cell -> [String: Any] in
            let text = try pictures.library.generation(id: #require(reports[cell]).id).request.text
            return try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        }
        #expect(requests.map { $0["steps"] as? Int } == [2, 3, 2, 3, 2, 3])
        #expect(requests.map { $0["guidance"] as? Double } == [1, 1, 2, 2, 5, 5])
        #expect(Set(reports.values.map(\.seed)) == [sheet.axes?.seed])
        // The pictures are the library's, as those of the page are.
        #expect(reports.values.flatMap(\.outputs).allSatisfy { $0.hasPrefix(pictures.url("library/results").path) })
    }

    /// A wish may have several styles, or things that are selected; a cell keeps them.
    @Test func whatHasSeveralValuesIsKept() async throws {
        try Data("name,prompt,negative_prompt\nNight,\"{prompt}, at night\",\nOil,an oil painting of {prompt},\n".utf8).write(
            to: pictures.url("styles.csv"))
        _ = try studio.importStyles(from: pictures.url("styles.csv"), replacing: false)
        let sheet = try await ordered("steps=2,3") { $0.styles = ["Night", "Oil"] }
        let orders = try sheet.cells.map { try studio.job(#require($0.job)).prompt }
        #expect(orders == Array(repeating: "an oil painting of a cat, at night", count: 2))
    }

    @Test func aSheetThatWasInterruptedIsGoneOnWith() async throws {
        let sheet = try await ordered("seed=1,2,3,4")
        pictures.engine.hold(true)
        let work = Task { try await studio.make(sheet: sheet.id) { _, outcome in _ = try outcome.get() } }
        while pictures.engine.state.withLock({ $0.running }) == 0 { try await Task.sleep(for: .milliseconds(5)) }
        work.cancel()
        await #expect(throws: CancellationError.self) { try await work.value }
        pictures.engine.hold(false)
        #expect(try studio.sheet(sheet.id).cells.map(\.state) == Array(repeating: "queued", count: 4), "what was under way waits again")
        // Somebody cancels one, and other jobs are none of the sheet's.
        _ = try studio.cancelJob(#require(sheet.cells[2].job))
        var other = GenerationWish()
        (other.prompt, other.seed, other.output) = ("a dog", 9, pictures.path("9.png"))
        let left = try studio.enqueue(try await studio.order(other))
        var cells: [Int] = []
        let made = try await studio.make(sheet: sheet.id) { cell, outcome in
            _ = try outcome.get()
            cells.append(cell)
        }
        #expect(Set(cells) == [0, 1, 2, 3] && made.cells.allSatisfy { $0.state == "done" })
        #expect(try studio.job(left).state == "queued")
        #expect(try await studio.make(sheet: sheet.id) { _, _ in Issue.record("all of it is there") }.cells.count == 4)
    }

    @Test func whatIsNoSheetIsRefusedBeforeAnythingIsOrdered() async throws {
        await #expect(throws: OrderError.axisTwice("steps")) { try await ordered("steps=1", "steps=2") }
        let unknown = await #expect(throws: OrderError.self) { try await ordered("colour=red") }
        #expect(unknown?.field == "x" && unknown?.description.hasPrefix("colour is no setting that a sheet can run over; ") == true)
        #expect(OrderError.noAxis(field: "y", name: "stepps", known: Studio.sheetAxes).description.hasSuffix("; did you mean steps?"))
        await #expect(throws: OrderError.noValue(axis: "steps", value: "many")) { try await ordered("steps=2,many") }
        await #expect(throws: OrderError.sheetCells(65)) { try await ordered("seed=" + (1...65).map { "\($0)" }.joined(separator: ",")) }
        #expect(try studio.jobs().isEmpty && studio.sheets().total == 0)
    }

    /// The engine plans one step for everything.
    @Test func strengthsThatComeToTheSameStepsAreTold() async throws {
        try pictures.add("cat.png", shade: 1, tags: [])
        var wish = GenerationWish()
        (wish.prompt, wish.picture) = ("a cat", pictures.path("cat.png"))
        func notes(_ x: String, _ y: String?) async throws -> [String] {
            let (_, orders) = try await studio.orders(ofSheet: wish, x: #require(SheetAxis(x)), y: y.map { try #require(SheetAxis($0)) })
            return try await studio.outlook(on: orders).notes
        }
        let told = try await notes("strength=0.3,0.35", "guidance=1,2,5")
        #expect(told.count == 1 && told[0].hasPrefix("the strengths 0.3 and 0.35 come to the same steps"), "\(told)")
        #expect(try await notes("guidance=1,2", "seed=1,2").isEmpty)
    }

    @Test func theSheetOfAPictureIsThePictures() async throws {
        try pictures.add("cat.png", shade: 1, tags: [])
        let sheet = try await ordered("strength=0.3,0.6") { $0.picture = pictures.path("cat.png") }
        #expect(try sheet.picture == pictures.library.picture(meant: pictures.path("cat.png")).id)
        var wish = GenerationWish()
        wish.prompt = "a cat"
        let (_, orders) = try await studio.orders(ofSheet: wish, x: #require(SheetAxis("seed=1,2,3")), y: nil)
        #expect(try await studio.outlook(on: orders).seconds == 3, "the engine plans a second for each")
    }

    // MARK: Drawing

    @Test func aSheetIsWrittenAsOnePicture() async throws {
        let sheet = try await ordered("steps=2,3", "seed=1,2")
        _ = try studio.cancelJob(#require(sheet.cells[3].job))
        for job in sheet.cells.prefix(3).compactMap(\.job) {
            try await studio.workOffJobs(among: [job]) { _, outcome in _ = try outcome.get() }
        }
        let file = pictures.url("sheet.png")
        let drawn = try await studio.draw(sheet: sheet.id, to: file, overwriting: false)
        #expect(drawn.file == file.path && drawn.sheet.cells[3].state == "cancelled")
        let decoded = try ImageFile.decode(contentsOf: file)
        #expect(decoded.text["Comment"] == "redraw sheet \(sheet.id): steps 2, 3 across; seed 1, 2 down")
        await #expect(throws: StudioError.self) {
            try await studio.draw(sheet: sheet.id, to: file, overwriting: false)
        }
        #expect(throws: Never.self) { try studio.checkPlace(ofSheet: file, overwriting: true) }
        #expect(throws: ImageError.self) { try studio.checkPlace(ofSheet: pictures.url("sheet.txt"), overwriting: true) }
    }
}

import Diffusion
import Foundation
import Pixels
import Synchronization
import Screening
import TestSupport
import Testing

@testable import Engines
@testable import Studio

/// The queue: its order, its turns, and what several users of one library see of each other.
@Suite struct QueueTests {
    private let folder: TemporaryFolder
    private let engine = PretendedEngine()

    init() throws {
        folder = try TemporaryFolder()
    }

    /// Each call gives another user of the same library, as another process would be.
    private func studio() throws -> Studio {
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let premises = Premises(installation, libraryFolder: folder.url.appendingPathComponent("library"))
        return Studio(premises, analyst: Analyst(premises, encoder: nil, vocabulary: nil, tagger: nil), engines: [engine])
    }

    private func order(_ seed: UInt64, _ studio: Studio) async throws -> GenerationOrder {
        var wish = GenerationWish()
        (wish.prompt, wish.seed, wish.output) = ("a cat", seed, folder.url.appendingPathComponent("\(seed).png").path)
        return try await studio.order(wish)
    }

    private func wait(until holds: () throws -> Bool) async throws {
        // Other tests may hold every thread of the pool for a while.
        let deadline = ContinuousClock.now + .seconds(600)
        while try !holds(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try holds())
    }

    @Test func severalWorkOffOneQueueAndNoJobIsTakenTwice() async throws {
        let first = try studio()
        for seed in 1...6 { _ = try first.enqueue(try await order(UInt64(seed), first)) }
        let studios = [first, try studio(), try studio()]
        try await withThrowingTaskGroup(of: Void.self) { group in
            for studio in studios {
                group.addTask {
                    try await studio.workOffJobs { _, outcome in _ = try outcome.get() }
                }
            }
            try await group.waitForAll()
        }
        let (begun, most) = engine.state.withLock { ($0.begun, $0.mostAtOnce) }
        #expect(begun == [1, 2, 3, 4, 5, 6] && most == 1)
        #expect(try first.jobs().map(\.state) == Array(repeating: "done", count: 6))
        #expect((1...6).allSatisfy { FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("\($0).png").path) })
    }

    /// Refused before a job is queued, and again where a name was taken while the job waited; the engine is not asked.
    @Test(arguments: ["png", "preview.png", "safetensors"])
    func noNameThatIsTakenIsWrittenOver(_ taken: String) async throws {
        let studio = try studio()
        var wish = GenerationWish()
        func file(_ ending: String) -> URL { folder.url.appendingPathComponent("1." + ending) }
        (wish.prompt, wish.seed, wish.output) = ("a cat", 1, file("png").path)
        (wish.preview, wish.latent) = (file("preview.png").path, file("safetensors").path)
        let order = try await studio.order(wish)
        let waits = try studio.enqueue(order)
        try Data([1]).write(to: file(taken))
        #expect(throws: StudioError.self) { try studio.enqueue(order) }
        await #expect(throws: StudioError.self) { try await studio.generate(order) }
        #expect(try studio.jobs().map(\.id) == [waits])
        try await studio.workOffJobs { _, outcome in #expect(throws: StudioError.self) { try outcome.get() } }
        #expect(try studio.jobs().map(\.state) == ["failed"] && engine.state.withLock { $0.begun.isEmpty })
        #expect(try Data(contentsOf: file(taken)) == Data([1]))
    }

    /// An order that lies in a library may have been written by anybody.
    @Test(arguments: [
        ("\"count\":1,", "\"count\":9223372036854775807,", "count is 9.2"), ("\"count\":1,", "\"count\":-1,", "count is -1"),
        ("\"strengths\":[]", "\"strengths\":[0.5,1e300]", "strength is 1e+300"),
        ("\"grow\":0", "\"grow\":-9223372036854775808", "grow is -9.2"),
    ])
    func anOrderThatIsNotSoundFailsAlone(_ sound: String, _ unsound: String, _ message: String) async throws {
        let studio = try studio()
        let text = try JSON.text(try await order(1, studio))
        try #require(text.contains(sound))
        _ = try studio.premises.library().submit(text.replacing(sound, with: unsound), engine: engine.name, isAttended: false)
        _ = try studio.enqueue(try await order(2, studio))
        var told: [String] = []
        try await studio.workOffJobs { _, outcome in
            do { _ = try outcome.get() } catch { told.append("\(error)") }
        }
        #expect(told.count == 1 && told[0].hasPrefix(message), "\(told)")
        #expect(try studio.jobs().map(\.state).sorted() == ["done", "failed"] && engine.state.withLock { $0.begun } == [2])
    }

    /// What cannot be read of a job is told with the remedy, those behind it are made, and once it is mended it is made, too.
    @Test func aDamagedJobHoldsUpNoQueue() async throws {
        let studio = try studio()
        for seed in 1...3 { _ = try studio.enqueue(try await order(UInt64(seed), studio)) }
        try FilledLibrary.run(["UPDATE job SET progress = X'00ff' WHERE id = 1"], on: studio)
        var told: [String] = []
        try await studio.workOffJobs { job, outcome in
            do { _ = try outcome.get() } catch { told.append("job \(job): \(error)") }
        }
        let line = try #require(told.first)
        #expect(told.count == 1 && line.hasPrefix("job 1: ") && line.contains("doctor --repair") && !line.contains("\n"), "\(told)")
        #expect(try studio.jobs().map(\.state) == ["done", "done", "queued"] && engine.state.withLock { $0.begun } == [2, 3])
        _ = try studio.repair()
        try await studio.workOffJobs { _, outcome in _ = try outcome.get() }
        #expect(engine.state.withLock { $0.begun } == [2, 3, 1])
    }

    /// What an engine leaves out is told with the plan.
    @Test func notesReachWhoeverOrders() async throws {
        let studio = try studio()
        let notes = Mutex<[String]>([])
        _ = try await studio.generate(try await order(1, studio)) { event in
            if case .planned(let plan) = event { notes.withLock { $0 += plan.notes } }
        }
        #expect(notes.withLock { $0 } == ["something was left out"])
    }

    /// A mask of the picture's proportions is scaled, one of others is left to be refused; what it covers is told.
    @Test func masksOfOtherSizesAreScaled() throws {
        func order(_ width: Int, _ height: Int) throws -> GenerationOrder {
            let file = folder.url.appendingPathComponent("mask-\(width).png")
            try ImageFile.write(Image(width: width, height: height, filledWith: [255, 255, 255]), to: file)
            let mask = GenerationOrder.Picture(path: file.path, sha256: "", width: width, height: height)
            var request = GenerationRequest(mode: .repaint, prompt: "a hat")
            (request.seed, request.model) = (1, "m")
            return GenerationOrder(
                request: request, model: .init(name: "m", path: "/m"), engine: engine.name, mask: mask, place: .folder(folder.url))
        }
        let picture = PixelSize(width: 64, height: 48)
        let scaled = try order(32, 24).repaintMask(for: picture)
        #expect(scaled.mask?.size == picture && scaled.notes.count == 2, "\(scaled.notes)")
        #expect(scaled.notes.first?.contains("32x24") == true && scaled.notes.last?.contains("invert it") == true)
        let same = try order(64, 48).repaintMask(for: picture)
        #expect(same.mask?.size == picture && same.notes.count == 1)
        let other = try order(48, 48).repaintMask(for: picture)
        #expect(other.mask?.size == PixelSize(width: 48, height: 48) && other.notes.isEmpty)
    }

    @Test func whoeverOrdersWaitsForTheTurn() async throws {
        let (first, second) = (try studio(), try studio())
        engine.hold(true)
        let running = Task { [self] in try await first.generate(try await order(1, first)) }
        try await wait { engine.state.withLock { $0.running == 1 } }
        let told = Mutex<[Int]>([])
        let waiting = Task { [self] in
            try await second.generate(try await order(2, second)) { event in
                if case .waiting(_, let ahead) = event { told.withLock { $0.append(ahead) } }
            }
        }
        try await wait { told.withLock { $0 } == [1] }
        #expect(try first.jobs().map(\.state) == ["queued", "running"])
        engine.hold(false)
        #expect(try await running.value.seed == 1)
        #expect(try await waiting.value.seed == 2)
        #expect(engine.state.withLock { $0.mostAtOnce } == 1)
    }

    @Test func twoRunAtOnceWhereThatIsAllowed() async throws {
        let studio = try studio()
        engine.hold(true)
        let first = Task { [self] in try await studio.generate(try await order(1, studio)) }
        try await wait { engine.state.withLock { $0.running == 1 } }
        let second = Task { [self] in try await studio.generate(try await order(2, studio), atOnce: 2) }
        try await wait { engine.state.withLock { $0.running == 2 } }
        engine.hold(false)
        _ = (try await first.value, try await second.value)
    }

    @Test func aJobIsCancelledFromOutside() async throws {
        let (first, other) = (try studio(), try studio())
        engine.hold(true)
        let running = Task { [self] in try await first.generate(try await order(1, first)) }
        try await wait { engine.state.withLock { $0.running == 1 } }
        let waiting = Task { [self] in try await first.generate(try await order(2, first)) }
        try await wait { try other.jobs().count == 2 }
        let jobs = try other.jobs()
        #expect(try other.cancelJob(jobs[0].id).state == "cancelled")
        _ = try other.cancelJob(jobs[1].id)
        for task in [running, waiting] {
            await #expect {
                _ = try await task.value
            } throws: {
                if case StudioError.jobCancelled = $0 { true } else { false }
            }
        }
        #expect(try other.jobs().map(\.state) == ["cancelled", "cancelled"])
        #expect(try other.desk().library.generations().map(\.status) == [.cancelled])
        #expect(!FileManager.default.fileExists(atPath: folder.url.appendingPathComponent("1.png").path))
        #expect(try other.clearJobs().cleared == 2)
    }

    /// Two servers on one library: what one of them analyses, the other leaves to it.
    @Test func aPictureThatAnotherAnalysesIsLeftToIt() async throws {
        let (first, second) = (try studio(), try studio())
        let library = try first.premises.library()
        let picture = try library.record(NewPicture(sha256: String(repeating: "a", count: 64), width: 4, height: 3)).id
        try first.wantAnalysis(of: picture)
        var claim: JobLock.Attempt? = JobLock.attempt(picture, in: first.premises.libraryFolder, file: JobLock.analysesFileName)
        #expect(try await !second.analyseNext())
        #expect(try library.wantedAnalysis(of: picture) != nil)
        withExtendedLifetime(claim) {}
        claim = nil
        // Nobody has it any more; its file is nowhere, and that is told.
        #expect(try await second.analyseNext())
        #expect(try library.wantedAnalysis(of: picture) == nil && first.picture(picture).analysis == "failed")
    }

    @Test func aPictureThatChangedSinceItWasOrderedIsNotRedrawn() async throws {
        let studio = try studio()
        let photo = folder.url.appendingPathComponent("photo.jpg")
        let pictures = checkout.appendingPathComponent("Documentation/pictures")
        try FileManager.default.copyItem(at: pictures.appendingPathComponent("coffee.jpg"), to: photo)
        var wish = GenerationWish()
        (wish.picture, wish.prompt, wish.output) = (photo.path, "coffee", folder.url.appendingPathComponent("new.png").path)
        let order = try await studio.order(wish)
        try FileManager.default.removeItem(at: photo)
        try FileManager.default.copyItem(at: pictures.appendingPathComponent("chelsea.jpg"), to: photo)
        await #expect {
            _ = try await studio.generate(order)
        } throws: {
            if case StudioError.pictureChanged(photo.path) = $0 { true } else { false }
        }
    }
}

/// While pictures are made, everything else is answered.
@Suite(.serialized) struct AnsweringTests {
    @Test func anAnalysisTheHistoryAndAPlanAreAnsweredDuringAGeneration() async throws {
        let folder = try TemporaryFolder()
        let installation = try Installation.current(environment: ["REDRAW_DATA": checkout.path, "HOME": folder.url.path])
        let studio = Studio(installation: installation)
        let cat = try PictureFile(path: checkout.appendingPathComponent("Documentation/pictures/chelsea.jpg").path)
        // The vocabulary is embedded once.
        _ = try await studio.analyst.analyze(cat)
        var wish = GenerationWish()
        (wish.prompt, wish.size, wish.steps, wish.firstSide) = ("a photo of a cat", "384x384", 1000, 0)
        wish.output = folder.url.appendingPathComponent("out").path + "/"
        let order = try await studio.order(wish)
        let steps = Mutex(0)
        let work = Task { try await studio.generate(order) { if case .step = $0 { steps.withLock { $0 += 1 } } } }
        let deadline = ContinuousClock.now + .seconds(600)
        while steps.withLock({ $0 }) == 0, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
        let clock = ContinuousClock()
        let begin = clock.now
        let happened = try studio.desk().library.history().count
        let history = begin.duration(to: clock.now)
        #expect(happened >= 2)
        (wish.size, wish.seed) = ("64x64", 5)
        let second = try await studio.order(wish)
        let planning = try await clock.measure { _ = try await studio.engines["builtin"]?.plan(second) }
        let looking = try await clock.measure { _ = try await studio.analyst.analyze(cat) }
        let taken = steps.withLock { $0 }
        #expect(taken > 0 && taken < 1000, "the generation goes on: \(taken) steps")
        #expect(try studio.jobs().map(\.state) == ["running"])
        // All cores are busy, with other tests too: what counts is that nothing waited for the generation's end, minutes away.
        print("during a generation: history \(history), plan \(planning), analysis \(looking)")
        let stopping = await clock.measure {
            work.cancel()
            _ = await work.result
        }
        #expect(stopping < .seconds(60), "\(stopping)")
        #expect(try studio.jobs().map(\.state) == ["cancelled"])
    }
}

import Engines
import Foundation
import Synchronization
import TestSupport
import Testing

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
        #expect(try other.clearJobs() == 2)
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

import Foundation
import Hummingbird
import Studio
import Synchronization

/// All that the routes share: the use cases, those who listen, what is becoming of the pictures that are made.
final class Site: Sendable {
    let studio: Studio
    let options: ServeOptions
    let page: URL
    let hub = EventHub()
    let previews = PreviewShelf()
    let webUIJobs = WebUIJobs()
    /// Jobs that were made here and whose end was told, with what they made, before the library was looked at for it.
    let endsTold = Mutex<Set<Int64>>([])
    /// Who decides, for the record.
    let person = Studio.person()
    let errors: ErrorAnswers
    let largeBodies = Gate(most: Limits.largeBodies)
    /// Rung when something was put into a queue.
    let bell = Bell()

    init(_ studio: Studio, _ options: ServeOptions) {
        (self.studio, self.options) = (studio, options)
        page = studio.pageFolder
        errors = ErrorAnswers(text: studio.discreetText(besides: options.folders))
    }

    /// Asked before jobs are put into the queue.
    ///
    /// - Throws: ``Refusal`` where more would wait than are taken.
    func checkRoom(for count: Int = 1) throws {
        let waiting = try studio.status().jobs
        guard waiting + count <= Limits.jobs else {
            throw Refusal(
                .tooManyRequests, "\(waiting) jobs wait already; cancel some, or wait until some are done", headers: [.retryAfter: "60"])
        }
    }

    // MARK: Telling

    func tell(picture id: Int64) {
        guard let picture = try? studio.picture(id) else { return }
        hub.tell("picture", picture)
    }

    func tellAnalysis() {
        guard let progress = try? studio.analysisProgress() else { return }
        hub.tell("analysis", progress)
    }

    func tell(job id: Int64) {
        guard let job = try? answer(job: id) else { return }
        hub.tell("job", job)
    }

    func tellLibrary() { hub.tell("library", [String: String]()) }

    /// A job as the page sees it.
    func answer(job id: Int64) throws -> JobAnswer { JobAnswer(try studio.jobSummary(id), previews[id]) }
}

/// Wakes who waits for work, sooner than it would look by itself.
final class Bell: Sendable {
    private let state = Mutex<(rung: Bool, waiting: CheckedContinuation<Void, Never>?)>((false, nil))

    func ring() {
        let waiting = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard let waiting = state.waiting else {
                state.rung = true
                return nil
            }
            state.waiting = nil
            return waiting
        }
        waiting?.resume()
    }

    /// Returns when it is rung, when it was since the last time, or after a while. One may wait at a time.
    func wait(atMost duration: Duration) async {
        let alarm = Task {
            try await Task.sleep(for: duration)
            ring()
        }
        defer { alarm.cancel() }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let isRung = state.withLock { state -> Bool in
                    if state.rung || Task.isCancelled {
                        state.rung = false
                        return true
                    }
                    state.waiting = continuation
                    return false
                }
                if isRung { continuation.resume() }
            }
        } onCancel: {
            ring()
        }
    }
}

/// What is becoming of the pictures that are being made: the latest sight of each, and how far it is.
final class PreviewShelf: Sendable {
    struct Entry: Sendable {
        var step: StepEntry?
        var jpeg: [UInt8]?
        /// When the sight is from.
        var at: Date?
        /// When a step was last told.
        fileprivate var told: ContinuousClock.Instant?
    }

    /// Between two steps that are told.
    static let pause = Duration.milliseconds(100)

    private let entries = Mutex<[Int64: Entry]>([:])

    subscript(job: Int64) -> Entry? { entries.withLock { $0[job] } }

    /// - Returns: whether the last step that was told is a while ago.
    func put(_ step: StepEntry, of job: Int64) -> Bool {
        entries.withLock { entries in
            var entry = entries[job] ?? Entry()
            entry.step = step
            let now = ContinuousClock.now
            let isLate = entry.told.map { $0.duration(to: now) >= Self.pause } ?? true
            if isLate { entry.told = now }
            entries[job] = entry
            return isLate
        }
    }

    func put(_ jpeg: [UInt8], of job: Int64) {
        entries.withLock { entries in
            entries[job, default: Entry()].jpeg = jpeg
            entries[job]?.at = Date()
        }
    }

    func remove(_ job: Int64) { entries.withLock { $0[job] = nil } }
}

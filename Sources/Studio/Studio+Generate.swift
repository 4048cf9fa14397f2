import Diffusion
import Engines
import Screening

/// What happens to an order on its way to pictures.
package enum JobEvent: Sendable {
    /// Others come first; told once for each number of them.
    case waiting(job: Int64, ahead: Int)
    /// What will run, told when the model is there and before the first step.
    case planned(PlanReport)
    case step(StepEntry)
    /// What is becoming of the picture, as a JPEG; told before the step that it shows, where previews were asked for.
    case preview([UInt8])
}

extension Studio {
    /// Makes the pictures of an order in this process, when its turn has come, and keeps in the library how they were made.
    ///
    /// Stops within a fraction of a step when its task is cancelled; no picture is written then, and the library says so.
    ///
    /// - Parameters:
    ///   - most: jobs that may run at the same time on this library, this one included.
    ///   - isLast: whether this process makes no more pictures after it, so that an engine need not keep its model.
    /// - Throws: what is in the way of the order: an output that is there already, too little memory, a model that lacks something;
    ///   `StudioError.jobCancelled` where somebody else cancelled it.
    package func generate(
        _ order: GenerationOrder, atOnce most: Int = 1, isLast: Bool = false, onEvent: @escaping @Sendable (JobEvent) -> Void = { _ in }
    ) async throws -> GenerationReport {
        // Refused before anything is queued.
        _ = try freeOutputs(of: order)
        var lock: JobLock?
        let job = try premises.library().submit(try JSON.text(order), engine: order.engine, isAttended: true) { id in
            lock = JobLock.take(id, in: premises.libraryFolder)
        }
        defer { withExtendedLifetime(lock) {} }
        let most = max(most, jobsAtOnce(order.engine))
        return try await JobRun(studio: self, job: job.id, order: order, most: most, isLast: isLast, onEvent: onEvent).report(waits: true)
    }

    /// Jobs that an engine takes at the same time, whatever the person says: one, or one for each server of a pool.
    package func jobsAtOnce(_ engine: String) -> Int { (engines[engine] as? any OutsideEngine)?.jobsAtOnce ?? 1 }

    /// - Throws: `OrderError.unknown` where there is none of that name.
    func engine(named name: String) throws(OrderError) -> any Engine {
        guard let engine = engines[name] else { throw .unknown(what: "engine", value: name, known: engines.keys.sorted()) }
        return engine
    }

    /// Leaves an order in the queue, for whoever works it off.
    ///
    /// - Returns: the job's number.
    package func enqueue(_ order: GenerationOrder) throws -> Int64 {
        _ = try freeOutputs(of: order)
        return try premises.library().submit(try JSON.text(order), engine: order.engine, isAttended: false).id
    }

    /// Works off the jobs of the queue that nobody attends, one after the other, until none is left for the engines of this studio.
    ///
    /// Any number of processes may do so at the same time: no job is taken twice. What fails of a job ends that job only; one that is running
    /// when the task is cancelled goes back into the queue.
    ///
    /// - Parameters:
    ///   - most: jobs that may run at the same time on this library.
    ///   - only: the engine whose jobs are taken; nil: those of every engine there is.
    ///   - jobs: of these only; nil: of all.
    ///   - staying: goes on for ever, until its task is cancelled: whoever attends to a page. Steps are shown then.
    ///   - onOutcome: told what became of each job; of one that cannot be read, which is passed over, what is wrong with it.
    package func workOffJobs(
        atOnce most: Int = 1, of only: String? = nil, among jobs: Set<Int64>? = nil, staying: Bool = false,
        onEvent: @escaping @Sendable (Int64, JobEvent) -> Void = { _, _ in },
        onOutcome: (Int64, Result<GenerationReport, any Error>) throws -> Void
    ) async throws {
        let library = try premises.library()
        // Jobs that cannot be read: each is told once, and made once it is mended.
        var told: Set<Int64> = []
        while true {
            try Task.checkCancellation()
            try library.markInterrupted(in: premises.libraryFolder)
            var lock: JobLock?
            var next: Job?
            var damaged: [Int64: LibraryError] = [:]
            for engine in only.map({ [$0] }) ?? engines.keys.sorted() where next == nil {
                next = try library.startNext(
                    engine: engine, among: jobs, most: max(most, jobsAtOnce(engine)), onDamaged: { damaged[$0] = $1 }
                ) { id in
                    lock = JobLock.take(id, in: premises.libraryFolder)
                }
            }
            defer { withExtendedLifetime(lock) {} }
            do {
                for (id, error) in damaged.sorted(by: { $0.key < $1.key }) where told.insert(id).inserted {
                    try onOutcome(id, .failure(error))
                }
            } catch {
                if let next { try? library.leave(next.id) }
                throw error
            }
            if let next {
                do {
                    let order: GenerationOrder = try next.order.decoded()
                    let run = JobRun(
                        studio: self, job: next.id, order: order, most: max(most, jobsAtOnce(order.engine)), showsSteps: staying,
                        leavesUnfinished: true
                    ) { onEvent(next.id, $0) }
                    try onOutcome(next.id, .success(try await run.report(waits: false)))
                } catch let error as CancellationError {
                    throw error
                } catch let error as LibraryError {
                    // An order that cannot be read any more is nobody's to run.
                    _ = try? library.finish(job: next.id, .failed, message: discreetText().words(of: error))
                    try onOutcome(next.id, .failure(error))
                } catch {
                    try onOutcome(next.id, .failure(error))
                }
            } else {
                let waits = try library.jobsUnderWay().contains { job in
                    job.state == .queued && !job.isAttended && damaged[job.id] == nil && jobs?.contains(job.id) != false
                        && (only.map { $0 == job.engine } ?? (engines[job.engine] != nil))
                }
                guard waits || staying else { return }
                try await Task.sleep(for: JobRun.patience)
            }
        }
    }
}

import Engines
import Foundation
import Screening

extension Studio {
    /// The jobs of the queue, the latest first.
    package func jobs(limit: Int = 50) throws -> [JobReport] {
        try premises.library().jobs(limit: limit).map(JobReport.init)
    }

    /// - Throws: `LibraryError.noSuchJob`.
    package func job(_ id: Int64) throws -> JobReport {
        JobReport(try premises.library().job(id: id))
    }

    /// Cancels a job: one that waits is over at once, one that runs is asked to stop and does so within a fraction of a step.
    ///
    /// - Throws: `LibraryError.noSuchJob`, `LibraryError.jobIsOver`.
    package func cancelJob(_ id: Int64) throws -> JobReport {
        JobReport(try premises.library().cancel(job: id))
    }

    /// Whether an error of ``cancelJob(_:)`` says something of that job alone, and not of the library.
    package func isOfOneJob(_ error: any Error) -> Bool {
        switch error as? LibraryError {
        case .noSuchJob, .jobIsOver: true
        case let error?: error.place != nil
        case nil: false
        }
    }

    /// Takes the jobs that are over out of the list. The pictures and what is known of them stay.
    ///
    /// - Parameter spared: those that somebody waits for, and has not been told of yet.
    /// - Returns: how many there were.
    package func clearJobs(sparing spared: Set<Int64> = []) throws -> ClearedReport {
        ClearedReport(cleared: try premises.library().clearJobs(sparing: spared))
    }
}

extension JobReport {
    init(_ job: Job) {
        // A job is told of, and can be cleared, even where its order came from a version that is gone.
        let (order, damaged) = job.order.listed(as: GenerationOrder.self)
        self.init(
            id: job.id, state: job.state.rawValue, engine: job.engine, mode: order?.request.mode.rawValue, model: order?.model.name,
            prompt: order?.request.prompt, attended: job.isAttended, progress: job.progress, secondsLeft: job.secondsLeft,
            memory: job.memory, generation: job.generationID, message: job.message, damaged: job.damaged ?? damaged, created: job.createdAt,
            started: job.startedAt, finished: job.finishedAt)
    }
}

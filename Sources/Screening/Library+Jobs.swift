import Foundation
import GRDB

extension Library {
    /// Puts an order at the end of the queue.
    ///
    /// - Parameters:
    ///   - order: JSON of the whole order.
    ///   - isAttended: whether this process waits for it and runs it itself.
    ///   - holding: called with the job's number before anybody else can see the job: the place to take a lock that tells that it is attended.
    package func submit(
        _ order: String, engine: String, isAttended: Bool, at moment: Date = Date(), holding: (Int64) throws -> Void = { _ in }
    ) throws(LibraryError) -> Job {
        try Text.json(order, field: "the order")
        return try write { db in
            try db.execute(
                sql: #"INSERT INTO job ("order", engine, isAttended, createdAt) VALUES (?, ?, ?, ?)"#,
                arguments: [order, engine, isAttended, moment])
            let id = db.lastInsertedRowID
            try holding(id)
            return try Library.job(id, db)
        }
    }

    /// Takes an attended job out of the queue to run it.
    ///
    /// - Parameter most: jobs of its engine that may run at the same time, this one included.
    /// - Returns: whether it may run now: fewer than `most` run, and it is the first of the attended ones; one that may run beside others does
    ///   not wait behind those that may not.
    /// - Throws: `LibraryError.jobIsOver` where it was cancelled meanwhile.
    package func start(_ id: Int64, most: Int, at moment: Date = Date()) throws(LibraryError) -> Bool {
        try note { db in
            let job = try Library.job(id, db)
            guard !job.state.isOver else { throw LibraryError.jobIsOver(id, state: job.state.rawValue) }
            guard job.state == .queued else { return false }
            let earlier = try Int.fetchOne(
                db, sql: "SELECT count(*) FROM job WHERE state = 'queued' AND id < ? AND engine = ? AND isAttended",
                arguments: [id, job.engine])
            guard earlier == 0 || most > 1 else { return false }
            return try Library.start(job, most: most, at: moment, db)
        }
    }

    /// Takes the first job that nobody attends out of the queue; nil where there is none, or where `most` of the engine's run already. No two
    /// processes are given the same one.
    ///
    /// One that cannot be read, or that the table's rules do not let run, stays where it is until it is mended, and holds up none behind it.
    ///
    /// - Parameters:
    ///   - jobs: of these only; nil: of all.
    ///   - onDamaged: told each that was passed over, with what is wrong.
    package func startNext(
        engine: String, among jobs: Set<Int64>? = nil, most: Int, at moment: Date = Date(),
        onDamaged: (Int64, LibraryError) -> Void = { _, _ in }, holding: (Int64) throws -> Void = { _ in }
    ) throws(LibraryError) -> Job? {
        try write { db in
            let waiting = try Int64.fetchCursor(
                db,
                sql: """
                    SELECT id FROM job WHERE state = 'queued' AND engine = ? AND NOT isAttended
                    \(jobs.map { "AND id IN (\($0.map { "\($0)" }.joined(separator: ", ")))" } ?? "")
                    ORDER BY coalesce(position, id), id
                    """, arguments: [engine])
            while let next = try waiting.next() {
                do {
                    guard try Library.start(Library.job(next, db), most: most, at: moment, db) else { return nil }
                } catch let error as LibraryError where error.place != nil {
                    onDamaged(next, error)
                    continue
                } catch let error as DatabaseError where error.resultCode == .SQLITE_CONSTRAINT {
                    let reason = "the job cannot be started: \(error.message ?? "the table's rules forbid it")"
                    onDamaged(next, .damagedValue(table: "job", row: "id \(next)", column: "state", reason: reason))
                    continue
                }
                try holding(next)
                return try Library.job(next, db)
            }
            return nil
        }
    }

    private static func start(_ job: Job, most: Int, at moment: Date, _ db: Database) throws -> Bool {
        let running = try Int.fetchOne(
            db, sql: "SELECT count(*) FROM job WHERE state = 'running' AND engine = ?", arguments: [job.engine])
        guard running ?? 0 < most else { return false }
        try db.execute(sql: "UPDATE job SET state = 'running', startedAt = ? WHERE id = ?", arguments: [moment, job.id])
        return true
    }

    /// Puts a running job back where it was: there is too little memory for it beside the others. It stays this process's, which attends to
    /// it from now on, so that nobody else takes it out of the queue. Where that process ends before the job runs again, one that nobody
    /// attended before is anybody's again.
    package func putBack(_ id: Int64) throws(LibraryError) {
        try note { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', isPutBack = isPutBack OR NOT isAttended, isAttended = 1, startedAt = NULL, progress = 0
                    WHERE id = ? AND state = 'running'
                    """,
                arguments: [id])
        }
    }

    /// Puts a running job back into the queue for whoever works it off next: its process stops before it is made.
    package func leave(_ id: Int64) throws(LibraryError) {
        try write { db in
            try db.execute(
                sql: """
                    UPDATE job SET state = 'queued', isAttended = 0, isPutBack = 0, startedAt = NULL, progress = 0, secondsLeft = NULL, generationId = NULL
                    WHERE id = ? AND (state = 'running' OR state = 'queued' AND isAttended) AND NOT isAskedToStop
                    """, arguments: [id])
        }
    }

    /// Has a job wait right before another one of the queue, or, with nil, as the last.
    ///
    /// Only jobs that nobody attends change places: who waits for a job of its own has it made in the order in which it came.
    /// - Throws: `LibraryError.noSuchJob`; `LibraryError.invalid` for a job that does not wait.
    package func move(job id: Int64, before other: Int64?) throws(LibraryError) {
        try write { db in
            for moved in [id, other].compactMap({ $0 }) {
                let job = try Library.job(moved, db)
                guard job.state == .queued, !job.isAttended else {
                    throw LibraryError.invalid(field: "job", value: "\(moved)", rule: "only one that waits in the queue changes its place")
                }
            }
            let rows = try Row.fetchAll(
                db,
                sql: """
                    SELECT id, CAST(coalesce(position, id) AS REAL) AS place FROM job WHERE state = 'queued' AND NOT isAttended
                    ORDER BY coalesce(position, id), id
                    """
            ).map { StoredRow($0, of: "job") }
            var queue: [Int64] = try rows.map { try $0.value("id") }
            let places: [Double] = try rows.map { try $0.value("place") }
            guard id != other else { return }
            queue.removeAll { $0 == id }
            queue.insert(id, at: other.flatMap { queue.firstIndex(of: $0) } ?? queue.endIndex)
            // The places stay those they were, and so stand as they did among all others.
            for (job, place) in zip(queue, places) {
                try db.execute(sql: "UPDATE job SET position = ? WHERE id = ?", arguments: [place, job])
            }
        }
    }

    /// Whether a running job may take as much memory as it was planned to, beside what the others that run were; if so, that is noted.
    ///
    /// One that runs alone may.
    /// - Parameters:
    ///   - memory: bytes.
    ///   - limit: bytes that all of them together may take.
    package func admit(job id: Int64, memory: Int, limit: Int) throws(LibraryError) -> Bool {
        try write { db in
            let others = try Row.fetchOne(
                db, sql: "SELECT count(*) AS jobs, coalesce(sum(memory), 0) AS bytes FROM job WHERE state = 'running' AND id <> ?",
                arguments: [id])
            let row = others.map { StoredRow($0, of: "job") }
            let (count, taken): (Int, Int) = (try row?.value("jobs") ?? 0, try row?.value("bytes") ?? 0)
            guard count == 0 || memory.addingReportingOverflow(taken).partialValue <= limit else { return false }
            try db.execute(sql: "UPDATE job SET memory = ? WHERE id = ?", arguments: [max(0, memory), id])
            return true
        }
    }

    /// Notes how far a running job is.
    package func note(_ progress: JobProgress, ofJob id: Int64) throws(LibraryError) {
        try note { db in
            try db.execute(
                sql: "UPDATE job SET progress = ?, secondsLeft = ? WHERE id = ? AND state = 'running'",
                arguments: [min(max(progress.share, 0), 1), progress.secondsLeft, id])
        }
    }

    /// Says what became of a job under way.
    ///
    /// - Throws: `LibraryError.jobIsOver` where that was said before.
    @discardableResult
    package func finish(
        job id: Int64, _ state: Job.State, message: String? = nil, at moment: Date = Date()
    ) throws(LibraryError) -> Job {
        guard state.isOver else { throw .invalid(field: "the job's end", value: state.rawValue, rule: "done, failed or cancelled") }
        return try write { db in
            let job = try Library.job(id, db)
            guard !job.state.isOver else { throw LibraryError.jobIsOver(id, state: job.state.rawValue) }
            try Library.end(id, state, message, at: moment, db)
            return try Library.job(id, db)
        }
    }

    /// Cancels a job: one that waits is over at once, one that runs is asked to stop. One that was asked before is over, too: what does not
    /// answer, as where a folder's file system knows no locks that would tell it is dead, must not hold up the queue for ever.
    ///
    /// - Throws: `LibraryError.jobIsOver`, `LibraryError.noSuchJob`.
    @discardableResult
    package func cancel(job id: Int64, at moment: Date = Date()) throws(LibraryError) -> Job {
        try write { db in
            let job = try Library.job(id, db)
            switch job.state {
            case .queued: try Library.end(id, .cancelled, nil, at: moment, db)
            case .running where job.isAskedToStop: try Library.end(id, .cancelled, nil, at: moment, db)
            case .running: try db.execute(sql: "UPDATE job SET isAskedToStop = 1 WHERE id = ?", arguments: [id])
            case .done, .failed, .cancelled: throw LibraryError.jobIsOver(id, state: job.state.rawValue)
            }
            return try Library.job(id, db)
        }
    }

    /// - Throws: `LibraryError.noSuchJob`.
    package func job(id: Int64) throws(LibraryError) -> Job {
        try read { db in try Library.job(id, db) }
    }

    /// Jobs, the latest first.
    package func jobs(limit: Int = .max) throws(LibraryError) -> [Job] {
        try read { db in
            try Row.fetchAll(db, sql: "SELECT * FROM job ORDER BY id DESC LIMIT ?", arguments: [max(0, limit)]).map(Job.listed)
        }
    }

    /// Jobs that wait or run, the first first. Found by an index, however many are over.
    package func jobsUnderWay() throws(LibraryError) -> [Job] {
        try read { db in
            try Row.fetchAll(
                db, sql: "SELECT * FROM job WHERE state IN ('queued', 'running') ORDER BY state DESC, coalesce(position, id), id"
            )
            .map(Job.listed)
        }
    }

    /// Numbers of the jobs that wait or run, and of all that came after the one of that number, the first first.
    package func jobNumbers(after last: Int64) throws(LibraryError) -> (underWay: Set<Int64>, later: [Int64]) {
        try read { db in
            (
                underWay: Set(try Int64.fetchAll(db, sql: "SELECT id FROM job WHERE state IN ('queued', 'running')")),
                later: try Int64.fetchAll(db, sql: "SELECT id FROM job WHERE id > ? ORDER BY id", arguments: [last])
            )
        }
    }

    /// Takes away the jobs that are over. What they made stays.
    ///
    /// - Parameter spared: jobs that somebody still asks for.
    /// - Returns: how many there were.
    @discardableResult
    package func clearJobs(sparing spared: Set<Int64> = []) throws(LibraryError) -> Int {
        try write { db in
            let marks = spared.map { _ in "?" }.joined(separator: ", ")
            try db.execute(
                sql: "DELETE FROM job WHERE state NOT IN ('queued', 'running') AND id NOT IN (\(marks))",
                arguments: StatementArguments(spared))
            return db.changesCount
        }
    }

    /// Marks what ended with its process: jobs under way that nobody attends any more, and generations that no job under way makes. A job
    /// that was put back into the queue for want of memory only loses its attendant.
    ///
    /// - Parameter isAlive: whether some process runs, or waits for, the job of that number.
    package func markInterrupted(at moment: Date = Date(), unless isAlive: (Int64) -> Bool) throws(LibraryError) {
        guard !isReadOnly else { return }
        // Looked for before a writer's turn is taken: there is hardly ever one.
        let suspects = try read { db in
            try Bool.fetchOne(
                db,
                sql: """
                    SELECT EXISTS (SELECT 1 FROM job WHERE state IN ('queued', 'running'))
                        OR EXISTS (SELECT 1 FROM generation WHERE status = 'running')
                    """) ?? false
        }
        guard suspects else { return }
        try write { db in
            let putBack = try Int64.fetchAll(db, sql: "SELECT id FROM job WHERE state = 'queued' AND isAttended AND isPutBack ORDER BY id")
            for job in putBack where !isAlive(job) {
                try db.execute(sql: "UPDATE job SET isAttended = 0, isPutBack = 0 WHERE id = ?", arguments: [job])
            }
            // Whoever opens a library comes by here, whoever mends it as well: no more is read of a job than tells whose it is.
            let jobs = try Row.fetchAll(
                db, sql: "SELECT id, isAttended, state = 'running' AS isRunning FROM job WHERE state IN ('queued', 'running') ORDER BY id"
            ).map { StoredRow($0, of: "job").listed }
            for job in jobs {
                let (id, isAttended, isRunning): (Int64, Bool, Bool) = (
                    try job.value("id"), try job.value("isAttended"), try job.value("isRunning")
                )
                guard isAttended || isRunning, !isAlive(id) else { continue }
                // One whose damage the table's rules do not let pass stays as it is until it is mended.
                try Library.end(id, isRunning ? .failed : .cancelled, Library.interruption, at: moment, isForced: false, db)
            }
            try db.execute(
                sql: """
                    UPDATE generation SET status = 'failed', message = ?, finishedAt = ?
                    WHERE status = 'running' AND NOT EXISTS (SELECT 1 FROM job WHERE generationId = generation.id AND state = 'running')
                    """,
                arguments: [Library.interruption, moment])
        }
    }

    private static let interruption = "interrupted: the program that was making it ended before it was finished"

    /// - Parameter isForced: whether it throws where the table's rules do not let the row be changed; else that stays as it is.
    private static func end(
        _ id: Int64, _ state: Job.State, _ message: String?, at moment: Date, isForced: Bool = true, _ db: Database
    ) throws {
        // How far another one came is left alone: where that cannot be read, the table's rules would not let it be written again.
        let isWhole = state == .done ? ", progress = 1" : ""
        try db.execute(
            sql: """
                UPDATE \(isForced ? "" : "OR IGNORE ")job SET state = ?, message = ?, finishedAt = ?, secondsLeft = NULL\(isWhole)
                WHERE id = ?
                """,
            arguments: [state.rawValue, message, moment, id])
    }

    static func job(_ id: Int64, _ db: Database) throws -> Job {
        guard let row = try Row.fetchOne(db, sql: "SELECT * FROM job WHERE id = ?", arguments: [id]) else {
            throw LibraryError.noSuchJob(id)
        }
        return try Job(row)
    }
}

extension Job {
    init(_ row: Row) throws { try self.init(StoredRow(row, of: "job")) }

    /// As a list reads it, which goes on.
    static func listed(_ row: Row) throws -> Job { try Job(StoredRow(row, of: "job").listed) }

    private init(_ row: StoredRow) throws {
        id = try row.value("id")
        order = try row.requiredJSON("order")
        engine = try row.value("engine")
        isAttended = try row.value("isAttended")
        state = try row.choice("state", listing: .failed)
        progress = try row.value("progress")
        secondsLeft = try row.optional("secondsLeft")
        memory = try row.optional("memory")
        isAskedToStop = try row.value("isAskedToStop")
        generationID = try row.optional("generationId")
        message = try row.optional("message")
        createdAt = try row.moment("createdAt")
        startedAt = try row.optionalMoment("startedAt")
        finishedAt = try row.optionalMoment("finishedAt")
        damaged = row.unreadable
    }
}

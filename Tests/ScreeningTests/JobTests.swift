import Foundation
import GRDB
import TestSupport
import Testing

@testable import Screening

@Suite struct JobTests {
    private func submit(_ library: Library, attended: Bool = true) throws -> Int64 {
        try library.submit(#"{"steps":4}"#, engine: "builtin", isAttended: attended).id
    }

    @Test func aJobGoesFromTheQueueToItsEnd() throws {
        let library = try Library.inMemory()
        let id = try submit(library)
        #expect(try library.job(id: id).state == .queued)
        #expect(try library.start(id, most: 1))
        try library.note(JobProgress(share: 0.5, secondsLeft: 3), ofJob: id)
        #expect(try library.admit(job: id, memory: 1 << 30, limit: 1 << 30))
        let generation = try library.record(.sample(), ofJob: id)
        let running = try library.job(id: id)
        #expect(running.state == .running && running.progress == 0.5 && running.secondsLeft == 3 && running.memory == 1 << 30)
        #expect(running.generationID == generation.id && running.startedAt != nil && running.finishedAt == nil)
        let done = try library.finish(job: id, .done)
        #expect(done.state == .done && done.progress == 1 && done.finishedAt != nil)
        #expect(throws: LibraryError.jobIsOver(id, state: "done")) { try library.finish(job: id, .failed) }
        #expect(throws: LibraryError.jobIsOver(id, state: "done")) { try library.cancel(job: id) }
        #expect(throws: LibraryError.noSuchJob(77)) { try library.job(id: 77) }
    }

    @Test func oneRunsAtATimeUnlessMoreAreAllowed() throws {
        let library = try Library.inMemory()
        let (first, second, third) = (try submit(library), try submit(library), try submit(library))
        #expect(try !library.start(second, most: 1), "the first one's turn comes first")
        #expect(try library.start(first, most: 1))
        #expect(try !library.start(second, most: 1))
        #expect(try library.start(second, most: 2))
        try library.finish(job: first, .failed, message: "no")
        #expect(try library.start(third, most: 2))
        try library.putBack(third)
        #expect(try library.job(id: third).state == .queued)
        let fourth = try submit(library)
        #expect(try !library.start(fourth, most: 1))
        #expect(try library.start(fourth, most: 2), "it does not stand behind one that waits for all others")
    }

    @Test func cancellingEndsWhatWaitsAndAsksWhatRuns() throws {
        let library = try Library.inMemory()
        let (waiting, running) = (try submit(library, attended: false), try submit(library))
        #expect(try library.start(running, most: 1))
        #expect(try library.cancel(job: waiting).state == .cancelled)
        let asked = try library.cancel(job: running)
        #expect(asked.state == .running && asked.isAskedToStop)
        try library.finish(job: running, .cancelled)
        #expect(try library.clearJobs() == 2)
        #expect(try library.jobs().isEmpty)
    }

    @Test func aJobThatIsPutBackIsNobodyElses() throws {
        let library = try Library.inMemory()
        let job = try submit(library, attended: false)
        #expect(try library.startNext(engine: "builtin", most: 2)?.id == job)
        #expect(try !library.start(job, most: 2), "it runs already")
        try library.putBack(job)
        #expect(try library.startNext(engine: "builtin", most: 2) == nil)
        #expect(try library.start(job, most: 2))
    }

    /// Killed while it waited for memory: what the queue had before is the queue's again, what somebody waited for is over.
    @Test func aJobThatWasPutBackOutlivesItsProcess() throws {
        let library = try Library.inMemory()
        let (queued, attended) = (try submit(library, attended: false), try submit(library))
        #expect(try library.startNext(engine: "builtin", most: 2)?.id == queued)
        #expect(try library.start(attended, most: 2))
        for job in [queued, attended] { try library.putBack(job) }
        // It starts and is put back once more: it is still the queue's.
        #expect(try library.start(queued, most: 2))
        try library.putBack(queued)
        try library.markInterrupted { _ in true }
        #expect(try library.startNext(engine: "builtin", most: 2) == nil, "whoever put it back is still there")
        try library.markInterrupted { _ in false }
        #expect(try library.job(id: attended).state == .cancelled && library.job(id: queued).state == .queued)
        #expect(try library.startNext(engine: "builtin", most: 2)?.id == queued)
    }

    @Test func aJobThatDoesNotAnswerIsEndedByASecondCancel() throws {
        let library = try Library.inMemory()
        let job = try submit(library)
        #expect(try library.start(job, most: 1))
        #expect(try library.cancel(job: job).state == .running)
        #expect(try library.cancel(job: job).state == .cancelled)
        #expect(try library.start(try submit(library), most: 1), "it holds nobody up")
    }

    @Test func whatRunsIsNotClearedAndWhatIsOverIsNotChanged() throws {
        let library = try Library.inMemory()
        let (over, running) = (try submit(library), try submit(library))
        try library.finish(job: over, .cancelled)
        #expect(try library.start(running, most: 1))
        #expect(throws: LibraryError.self) { try library.write { db in try db.execute(sql: "DELETE FROM job") } }
        #expect(throws: LibraryError.self) { try library.write { db in try db.execute(sql: "UPDATE job SET state = 'queued'") } }
        #expect(try library.clearJobs() == 1)
        #expect(try library.jobs().map(\.id) == [running])
    }

    /// Several processes work off one queue: each job is handed out once, in order.
    @Test func noJobIsTakenTwice() async throws {
        let folder = try TemporaryFolder()
        let first = try Library(folder: folder.url)
        for _ in 0..<40 { _ = try submit(first, attended: false) }
        let url = folder.url
        let taken = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let library = try Library(folder: url)
                    var taken: [Int64] = []
                    while let job = try library.startNext(engine: "builtin", most: 40) {
                        taken.append(job.id)
                        try library.finish(job: job.id, .done)
                    }
                    #expect(taken == taken.sorted())
                    return taken
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        #expect(taken.sorted() == (1...40).map(Int64.init))
    }

    /// Interruptions are marked where a library is opened: what cannot be read of one job keeps nobody from it, nor from mending it.
    @Test(arguments: ["order", "engine", "isAttended", "progress", "memory", "createdAt"])
    func whatIsDamagedOfAJobKeepsNoLibraryClosed(_ column: String) throws {
        let library = try Library.inMemory()
        let (damaged, other) = (try submit(library), try submit(library))
        #expect(try library.start(damaged, most: 1))
        try library.onWriter { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE job SET \"\(column)\" = X'00ff' WHERE id = ?", arguments: [damaged])
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
        try library.markInterrupted { _ in false }
        #expect(try library.job(id: other).state == .cancelled)
        _ = try library.repair { _ in }
        #expect(try library.check() == [])
        try library.markInterrupted { _ in false }
        #expect(try library.jobs().allSatisfy(\.state.isOver))
    }

    private func damage(_ job: Int64, _ change: String, _ library: Library) throws {
        try library.onWriter { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = ON")
            try db.execute(sql: "UPDATE job SET \(change) WHERE id = ?", arguments: [job])
            try db.execute(sql: "PRAGMA ignore_check_constraints = OFF")
        }
    }

    /// What cannot be read of it, or what the table's rules do not let run, is told, and what is mended is made after all.
    @Test(arguments: [
        ("progress = X'00ff'", true), ("memory = 'much'", true), ("createdAt = 'once'", false),
        ("finishedAt = '2026-01-01 00:00:00.000'", false),
    ])
    func aDamagedJobHoldsUpNoneBehindIt(_ change: String, isMended: Bool) throws {
        let library = try Library.inMemory()
        let (first, second) = (try submit(library, attended: false), try submit(library, attended: false))
        try damage(first, change, library)
        var told: [Int64: String] = [:]
        let next = try library.startNext(engine: "builtin", most: 1, onDamaged: { told[$0] = "\($1)" })
        #expect(next?.id == second)
        #expect(told.keys.sorted() == [first], "\(told)")
        let line = try #require(told[first])
        #expect(line.contains("table job, row id \(first)") && line.contains("doctor --repair") && !line.contains("\n"), "\(line)")
        #expect(try library.jobsUnderWay().map(\.id).sorted() == [first, second])
        try library.finish(job: second, .done)
        _ = try library.repair { _ in }
        #expect(try library.startNext(engine: "builtin", most: 1)?.id == (isMended ? first : nil))
    }

    @Test func aDamagedJobWhoseProcessEndedHoldsUpNobodyElse() throws {
        let library = try Library.inMemory()
        let (dead, other) = (try submit(library), try submit(library))
        try damage(dead, "progress = X'00ff'", library)
        try library.markInterrupted { $0 == other }
        #expect(try library.start(other, most: 1))
        #expect(try library.jobs().map(\.state) == [.running, .cancelled])
    }

    @Test func whatEndedWithItsProcessIsMarked() throws {
        let library = try Library.inMemory()
        let (dead, alive, waiting, nobodys) = (
            try submit(library), try submit(library), try submit(library), try submit(library, attended: false)
        )
        for id in [dead, alive] { #expect(try library.start(id, most: 2)) }
        let (lost, kept) = (try library.record(.sample(), ofJob: dead), try library.record(.sample(), ofJob: alive))
        // Of a version that knew no jobs.
        let old = try library.record(.sample())
        try library.markInterrupted { $0 == alive }
        #expect(try library.jobs().map(\.state) == [.queued, .cancelled, .running, .failed])
        #expect(try library.job(id: nobodys).state == .queued && library.job(id: waiting).message?.contains("interrupted") == true)
        #expect(try library.generation(id: lost.id).status == .failed)
        #expect(try library.generation(id: old.id).message?.contains("interrupted") == true)
        #expect(try library.generation(id: kept.id).status == .running)
    }

    @Test func whatIsUnderWayIsFoundByAnIndex() throws {
        let library = try Library.inMemory()
        let plans = try library.read { db in
            try [
                "SELECT * FROM job WHERE state IN ('queued', 'running') ORDER BY id", "SELECT 1 FROM generation WHERE status = 'running'",
                "SELECT pictureId FROM generation WHERE model = 'm' AND status = 'done'",
                "SELECT count(*) FROM picture WHERE binnedAt IS NULL AND pending > 0",
            ]
            .map { sql in try Row.fetchAll(db, sql: "EXPLAIN QUERY PLAN " + sql).map { $0["detail"] as String }.joined(separator: "; ")
            }
        }
        #expect(plans[0].contains("jobUnderWay") && plans[1].contains("generationRunning"), "\(plans)")
        #expect(plans[2].contains("generationByModel") && plans[3].contains("picturePending"), "\(plans)")
    }
}

/// A file that no version of ours wrote: an error that names the place, never the end of the process.
@Suite struct DamagedValueTests {
    @Test(arguments: [
        ("UPDATE generation SET stepsRun = 'many'", "generation", "stepsRun"),
        ("UPDATE generation SET status = 'dreaming'", "generation", "status"),
        ("UPDATE generation SET createdAt = 'yesterday'", "generation", "createdAt"),
        ("UPDATE generationOutput SET path = x'ff00ff'", "generationOutput", "path"),
    ])
    func aDamagedValueIsNamed(_ sql: String, _ table: String, _ column: String) throws {
        let library = try Library.inMemory()
        try library.record(.sample(status: .done))
        let id = try #require(try library.generations().first?.id)
        try damage(library, sql)
        #expect {
            _ = try library.generation(id: id)
        } throws: { error in
            guard case LibraryError.damagedValue(table, _, column, _) = error else { return false }
            return "\(error)".contains("table \(table)") && "\(error)".contains("column \(column)")
        }
        // A list goes on, and tells the same.
        let told = try library.generations().map(\.damaged)
        #expect(told.count == 1 && told[0]?.contains("table \(table)") == true && told[0]?.contains("column \(column)") == true, "\(told)")
    }

    @Test func structuredValuesOfAnotherShapeAreErrorsToo() throws {
        struct Size: Decodable { let width, height: Int }
        let (library, picture) = try Library.withPicture()
        var analysis = NewAnalysis.sample([.sample("cat")])
        analysis.size = #"{"width": 12}"#
        let kept = try library.record(analysis, of: picture).analysis
        #expect {
            let _: Size? = try kept.size?.decoded()
        } throws: { "\($0)".contains("table analysis, row id 1, column size") && "\($0)".contains("height") }
    }

    /// As another program could: without our rules.
    private func damage(_ library: Library, _ sql: String) throws {
        try library.write { db in
            try db.execute(sql: "PRAGMA ignore_check_constraints = 1")
            try db.execute(sql: "DROP TRIGGER finishedGenerationIsKept")
            try db.execute(sql: sql)
        }
    }
}

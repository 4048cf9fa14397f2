import Synchronization

/// The jobs that came through `/sdapi/v1` and are not over: what `interrupt` and `skip` are about.
final class WebUIJobs: Sendable {
    private struct State {
        var jobs: [Int64] = []
        var interrupted: Set<Int64> = []
    }

    private let state = Mutex(State())

    /// In the order in which they came.
    var all: [Int64] { state.withLock { $0.jobs } }

    func begin(_ job: Int64) { state.withLock { $0.jobs.append(job) } }

    func end(_ job: Int64) {
        state.withLock { state in
            state.jobs.removeAll { $0 == job }
            state.interrupted.remove(job)
        }
    }

    func interrupt(_ job: Int64) { state.withLock { _ = $0.interrupted.insert(job) } }

    func isInterrupted(_ job: Int64) -> Bool { state.withLock { $0.interrupted.contains(job) } }
}

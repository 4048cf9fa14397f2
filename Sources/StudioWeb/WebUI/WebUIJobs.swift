import Synchronization

/// What came through `/sdapi/v1` and is not over: what `interrupt` and `skip` are about. A request has a job for each of its batches.
final class WebUIJobs: Sendable {
    enum Stop {
        /// One batch was left out.
        case skip
        /// All of it ended.
        case interrupt
    }

    private struct Request {
        let id: Int
        let jobs: [Int64]
        var stop: Stop?
    }

    private let state = Mutex<(next: Int, requests: [Request])>((0, []))

    /// Those of each request, in the order in which they came.
    var all: [[Int64]] { state.withLock { $0.requests.map(\.jobs) } }

    /// - Returns: what the request is called here.
    func begin(_ jobs: [Int64]) -> Int {
        state.withLock { state in
            state.next += 1
            state.requests.append(Request(id: state.next, jobs: jobs))
            return state.next
        }
    }

    func end(_ request: Int) { state.withLock { $0.requests.removeAll { $0.id == request } } }

    /// Notes how the request of a job was stopped; one that was interrupted stays so.
    func stop(_ job: Int64, by stop: Stop) {
        state.withLock { state in
            guard let index = state.requests.firstIndex(where: { $0.jobs.contains(job) }), state.requests[index].stop != .interrupt else {
                return
            }
            state.requests[index].stop = stop
        }
    }

    func stopped(_ request: Int) -> Stop? { state.withLock { $0.requests.first { $0.id == request }?.stop } }

    func stopped(byJob job: Int64) -> Stop? { state.withLock { $0.requests.first { $0.jobs.contains(job) }?.stop } }
}

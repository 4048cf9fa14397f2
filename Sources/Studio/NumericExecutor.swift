import Dispatch

/// Runs an actor's work on a queue of its own: minutes of arithmetic must not hold a thread of the cooperative pool.
final class NumericExecutor: SerialExecutor {
    private let queue = DispatchQueue(label: "redraw.studio", qos: .userInitiated)

    func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}

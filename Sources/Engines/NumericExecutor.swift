import Dispatch

/// Runs an actor's work on a queue of its own: minutes of arithmetic must not hold a thread of the cooperative pool.
package final class NumericExecutor: SerialExecutor {
    private let queue: DispatchQueue

    package init(label: String) {
        queue = DispatchQueue(label: label, qos: .userInitiated)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedSerialExecutor())
        }
    }
}

/// Runs pieces of long work off the cooperative pool: one after the other, or beside each other.
package final class NumericQueue: TaskExecutor {
    /// For work that many may do at the same time: reading headers, decoding pictures, hashing files.
    package static let shared = NumericQueue(label: "redraw.shared", isSerial: false)

    private let queue: DispatchQueue

    package init(label: String, isSerial: Bool) {
        queue = DispatchQueue(label: label, qos: .userInitiated, attributes: isSerial ? [] : .concurrent)
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let job = UnownedJob(job)
        queue.async {
            job.runSynchronously(on: self.asUnownedTaskExecutor())
        }
    }

    /// Does the work there; the task it is done for may be cancelled meanwhile, and the work is what looks.
    package func run<Value: Sendable>(_ body: @Sendable @escaping () throws -> Value) async throws -> Value {
        try await withTaskExecutorPreference(self) { try await NumericQueue.performed(body) }
    }

    /// Where the task's preferred executor is: that of the caller's actor does not count here.
    private nonisolated static func performed<Value: Sendable>(_ body: @Sendable () throws -> Value) async throws -> Value {
        try body()
    }
}

import CProcessors
import Synchronization

/// How many threads of this process work at once: the one place that says so, for arithmetic and for pictures.
package enum ThreadCount {
    private static let limit = Mutex<Int?>(nil)
    private static let processors = Int(rd_processor_count())

    /// The processors this process may run on, or what was set.
    package static var current: Int {
        limit.withLock { $0 } ?? processors
    }

    /// Sets it for the whole process. The first call wins, as work already under way relies on it.
    package static func set(_ count: Int) {
        precondition(count >= 1, "at least one thread has to work, not \(count)")
        limit.withLock { limit in
            if limit == nil { limit = count }
        }
    }
}

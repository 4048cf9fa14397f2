import Dispatch
import Glibc
import Synchronization
import Threads

/// The one place where work is spread over threads.
package enum Parallel {
    /// How many threads work at once.
    package static var threadCount: Int { ThreadCount.current }

    /// Runs `body` so that the work it spreads over threads ends early once `check` says so; what is then computed is worth nothing, and
    /// the caller is to throw it away. It is how a long product ends within a fraction of a second.
    ///
    /// - Parameter check: asked between pieces of work, on the thread that called this and on no other.
    package static func interruptible<Result>(by check: @escaping () -> Bool, _ body: () throws -> Result) rethrows -> Result {
        let interruption = Interruption(check)
        let outer = pthread_getspecific(Interruption.key)
        pthread_setspecific(Interruption.key, Unmanaged.passUnretained(interruption).toOpaque())
        defer {
            pthread_setspecific(Interruption.key, outer)
            withExtendedLifetime(interruption) {}
        }
        return try body()
    }

    /// Whether the work that this thread takes part in is no longer wanted. A piece of work that takes long asks between its parts, and
    /// leaves the rest undone; so does what would keep a result that was cut short.
    package static var isInterrupted: Bool { Interruption.current?.isSet ?? false }

    /// Calls `body` once for each index in `0..<count`, on several threads at once, and returns when all calls have.
    ///
    /// Indices are handed out in order as threads become free. The calls must not depend on each other; `body` may capture pointers, and
    /// it is the caller who answers for each index writing to a place of its own.
    package static func forEach(count: Int, body: (Int) -> Void) {
        let workers = min(count, threadCount)
        let interruption = Interruption.current
        guard workers > 1 else {
            for index in 0..<count {
                if let interruption, interruption.isSet { return }
                body(index)
            }
            return
        }
        withoutActuallyEscaping(body) { escaping in
            nonisolated(unsafe) let shared = escaping
            let next = NextIndex()
            DispatchQueue.concurrentPerform(iterations: workers) { _ in
                // The helping threads hear of it too, for pieces that ask within themselves.
                let outer = pthread_getspecific(Interruption.key)
                if let interruption { pthread_setspecific(Interruption.key, Unmanaged.passUnretained(interruption).toOpaque()) }
                defer { pthread_setspecific(Interruption.key, outer) }
                while let index = next.take(below: count) {
                    if let interruption, interruption.isSet {
                        next.skipAll()
                        return
                    }
                    shared(index)
                }
            }
        }
    }

    /// Splits `0..<count` into contiguous ranges of at least `minimum` (a multiple of `multiple` but for the last), at most
    /// `perThread` for each thread, and calls `body` with each, on several threads at once.
    package static func forEachRange(
        count: Int, minimum: Int = 1, multiple: Int = 1, perThread: Int = 2, body: (Range<Int>) -> Void
    ) {
        guard count > 0 else { return }
        let pieces = threadCount == 1 ? 1 : max(1, min(count / max(minimum, 1), threadCount * perThread))
        let size = ((count + pieces - 1) / pieces + multiple - 1) / multiple * multiple
        forEach(count: (count + size - 1) / size) { piece in
            body(piece * size..<min(count, (piece + 1) * size))
        }
    }
}

/// What asks whether the work of this thread is still wanted. Kept by thread and not by task: it is looked up where no task is known.
private final class Interruption: Sendable {
    static let key: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "the system has no thread-local storage left")
        return key
    }()
    private nonisolated(unsafe) let check: () -> Bool
    private let asking = pthread_self()
    private let known = Atomic<Bool>(false)

    init(_ check: @escaping () -> Bool) {
        self.check = check
    }

    /// Once true, always true. Only the thread that began the work asks: it is the one that runs the task in question, and it works as
    /// well; the others see what it was told.
    var isSet: Bool {
        if known.load(ordering: .relaxed) { return true }
        guard pthread_equal(asking, pthread_self()) != 0, check() else { return false }
        known.store(true, ordering: .relaxed)
        return true
    }

    static var current: Interruption? {
        pthread_getspecific(key).map { Unmanaged<Interruption>.fromOpaque($0).takeUnretainedValue() }
    }
}

private final class NextIndex: Sendable {
    private let value = Atomic<Int>(0)

    func take(below count: Int) -> Int? {
        let index = value.wrappingAdd(1, ordering: .relaxed).oldValue
        return index < count ? index : nil
    }

    /// Leaves nothing to be taken.
    func skipAll() { value.store(Int.max / 2, ordering: .relaxed) }
}

import Dispatch
import Threads

/// Below this many elementary steps a second core costs more to wake than it saves.
private let workWorthSharing = 1_000_000

/// Calls `body` with parts of `0..<count` that together cover it, at the same time where there is work enough and a second core.
func inChunks(of count: Int, work: Int, _ body: @Sendable (Range<Int>) -> Void) {
    let chunks = min(count, 4, ThreadCount.current)
    guard work > workWorthSharing && chunks > 1 else { return body(0..<count) }
    DispatchQueue.concurrentPerform(iterations: chunks) { index in
        body(count * index / chunks..<count * (index + 1) / chunks)
    }
}

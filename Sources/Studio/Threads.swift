import Engines
import Pixels
import Threads

extension Studio {
    /// As many as may be asked for: more than any machine has, and few enough to be started.
    package static let threadCounts = 1...1024

    /// Fewer addresses than these, and threads are waited for that never come, or libraries fall over their own missing memory.
    private static let fewestAddresses = 448 << 20

    /// - Throws: ``StudioError/tooFewAddresses(allowed:needed:)`` where `ulimit -v` allows fewer than any work needs.
    package static func refuseTooFewAddresses() throws {
        guard let allowed = Memory.addressLimit, allowed < fewestAddresses else { return }
        throw StudioError.tooFewAddresses(allowed: allowed, needed: fewestAddresses)
    }

    /// How many processor cores the arithmetic of this process may use.
    package static func useThreads(_ count: Int) {
        ThreadCount.set(count)
    }

    /// Removes what this process has begun to write: for one that ends without waiting for what it does.
    package static func removeUnfinishedFiles() {
        AbandonedFiles.removeThoseUnderWay()
    }

    /// Calls `body`, for which that file stands: it goes with the process, should that end before.
    package static func withUnfinishedFile<Result>(_ path: String, _ body: () throws -> Result) rethrows -> Result {
        try AbandonedFiles.writing(path, body)
    }

    /// Has this process take PNG and JPEG files that end early as far as they go, instead of refusing them.
    package static func acceptTruncatedFiles() {
        TruncatedFiles.accept()
    }
}

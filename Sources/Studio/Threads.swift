import Pixels
import Threads

extension Studio {
    /// As many as may be asked for: more than any machine has, and few enough to be started.
    package static let threadCounts = 1...1024

    /// How many processor cores the arithmetic of this process may use.
    package static func useThreads(_ count: Int) {
        ThreadCount.set(count)
    }

    /// Has this process take PNG and JPEG files that end early as far as they go, instead of refusing them.
    package static func acceptTruncatedFiles() {
        TruncatedFiles.accept()
    }
}

import Threads

extension Studio {
    /// How many processor cores the arithmetic of this process may use.
    public static func useThreads(_ count: Int) {
        ThreadCount.set(count)
    }
}

import Tensors

extension Studio {
    /// How many processor cores the arithmetic of this process may use.
    public static func useThreads(_ count: Int) {
        Parallel.setThreadCount(count)
    }
}

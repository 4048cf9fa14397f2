import Studio

/// Which jobs were under way when it was last looked, so that the end of each can be told: also of those that another program makes.
struct WatchedJobs {
    private var underWay: Set<Int64> = []
    /// Nil before the first look.
    private var last: Int64?

    /// Numbers of the jobs that were under way the last time, or that came since, and are over or gone now; none the first time.
    ///
    /// - Throws: as the library does; the next call tells what this one could not.
    mutating func ended(in studio: Studio) throws -> [Int64] {
        let (now, later) = try studio.jobNumbers(after: last ?? 0)
        let ended = last == nil ? [] : underWay.union(later).subtracting(now).sorted()
        (underWay, last) = (now, later.last ?? last ?? 0)
        return ended
    }
}

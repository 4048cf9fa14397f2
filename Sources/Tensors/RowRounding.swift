/// Has all rows of a matrix rounded, a range of them at a time.
///
/// - Parameters:
///   - width: floats of a row.
///   - isShared: the rounding is spread over threads; false within what a thread does by itself.
func roundRows(count: Int, width: Int, isShared: Bool, _ round: (Range<Int>) -> Void) {
    guard isShared else { return round(0..<count) }
    Parallel.forEachRange(count: count, minimum: max(1, smallestParallelCount / max(1, width)), perThread: 4, body: round)
}

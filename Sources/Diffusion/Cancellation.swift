import Synchronization
import Tensors

/// Lets a run be given up between the blocks of its networks, and within them between the pieces of a product.
///
/// What the given check throws once is thrown from then on: products that were cut short leave values that nobody may use.
final class Cancellation: Sendable {
    private let failure = Mutex<(any Error)?>(nil)
    nonisolated(unsafe) private let given: CancellationCheck

    init(_ check: @escaping CancellationCheck) {
        given = check
    }

    func check() throws {
        if let error = failure.withLock({ $0 }) { throw error }
        do {
            try given()
        } catch {
            failure.withLock { $0 = error }
            throw error
        }
    }

    /// Runs `body` so that its products end early once the check throws; then that error is thrown, whatever else came of it.
    func during<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            let result = try Parallel.interruptible(by: { (try? self.check()) == nil }) { try body() }
            if let error = failure.withLock({ $0 }) { throw error }
            return result
        } catch {
            throw failure.withLock { $0 } ?? error
        }
    }
}

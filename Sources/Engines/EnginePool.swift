import Synchronization

/// The servers of an engine, and what each is about: at most one picture at a time is asked of each, whatever the number of jobs.
final class EnginePool: Sendable {
    private struct State {
        var isBusy: [Bool]
        /// When it failed last; it is asked again when a while has passed, or when nobody else is left.
        var failed: [ContinuousClock.Instant?]

        /// Those of the candidates that did not fail lately; all of them where each did.
        func asked(of candidates: [Int], rest: Duration) -> [Int] {
            let rested = candidates.filter { index in failed[index].map { $0.duration(to: .now) > rest } ?? true }
            return rested.isEmpty ? candidates : rested
        }
    }

    let servers: [WebUIServer]
    private let state: Mutex<State>
    /// How long one that failed is left alone.
    private static let rest = Duration.seconds(60)

    init(_ servers: [WebUIServer]) {
        self.servers = servers
        state = Mutex(State(isBusy: servers.map { _ in false }, failed: servers.map { _ in nil }))
    }

    /// Waits for the first of the candidates that is free, and takes it.
    ///
    /// One that works for somebody else is passed over as long as another may become free; where all that are not ours do, the one that says it
    /// is done soonest is taken: it has a queue of its own.
    ///
    /// - Parameter candidates: indices, the most welcome first; there is at least one.
    func take(_ candidates: [Int]) async throws -> Int {
        while true {
            try Task.checkCancellation()
            let (free, others) = state.withLock { state in
                let asked = state.asked(of: candidates, rest: Self.rest)
                return (asked.filter { !state.isBusy[$0] }, asked.contains { state.isBusy[$0] })
            }
            var working: [(index: Int, left: Double)] = []
            for index in free {
                // One that does not answer is taken: its failure is told by the request itself.
                let told = candidates.count == 1 ? nil : try? await servers[index].progress(within: 5)
                if let told, told.isBusy {
                    working.append((index, told.etaRelative ?? 0))
                } else if take(index, of: candidates) {
                    return index
                }
            }
            if !others, let soonest = working.min(by: { $0.left < $1.left }), take(soonest.index, of: candidates) { return soonest.index }
            try await Task.sleep(for: .milliseconds(100))
        }
    }

    func giveBack(_ index: Int) {
        state.withLock { $0.isBusy[index] = false }
    }

    /// Lets others be asked first for a while.
    func putAside(_ index: Int) {
        state.withLock { $0.failed[index] = .now }
    }

    func worked(_ index: Int) {
        state.withLock { $0.failed[index] = nil }
    }

    /// Takes one that is still free, and has not failed somebody else since it was found free.
    private func take(_ index: Int, of candidates: [Int]) -> Bool {
        state.withLock { state in
            guard !state.isBusy[index], state.asked(of: candidates, rest: Self.rest).contains(index) else { return false }
            state.isBusy[index] = true
            return true
        }
    }
}

import Tensors

/// What a network's deeper levels made of the last pass that went through all of it. It changes slowly from step to step, so that passes
/// between two whole ones may take it over and run the outermost layers alone: DeepCache (Ma, Fang and Wang 2024).
package struct DeepFeatures: Sendable {
    /// Every how many passes go through the whole network; 1: each of them does.
    package let every: Int
    private var kept: Tensor?
    /// Passes since the last whole one, that one included.
    private var passes = 0

    package init(every: Int) {
        precondition(every >= 1)
        self.every = every
    }

    /// What a pass may take over; nil where it has to go through the whole network. Asked once a pass.
    package mutating func next() -> Tensor? {
        guard passes < every, let kept else { return nil }
        passes += 1
        return kept
    }

    /// Keeps what the deeper levels made of a whole pass.
    package mutating func keep(_ features: Tensor) {
        guard every > 1 else { return }
        (kept, passes) = (features, 1)
    }

    /// The next pass is told something else: what was kept no longer stands for it.
    package mutating func forget() { kept = nil }

    /// Whether a pass takes it over, counted from the last one that was told something else, from 0.
    static func takesOver(pass index: Int, every: Int) -> Bool { index % every != 0 }
}

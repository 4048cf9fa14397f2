import Synchronization

/// Whether a picture that was asked for was seen to have begun. A server has one queue for all who ask, so what it tells of its progress may be
/// of somebody else's picture.
final class PictureBeginning: Sendable {
    private struct State {
        /// Whether what is told may be of another picture still.
        var isOfOthers: Bool
        var share: Double
        var isSeen = false
    }

    private let state: Mutex<State>

    /// - Parameter before: what the server told before it was asked; nil where it told nothing.
    init(before: WebUI.Progress?) {
        state = Mutex(State(isOfOthers: before?.isBusy ?? true, share: before?.progress ?? 0))
    }

    var isSeen: Bool { state.withLock { $0.isSeen } }

    func hear(_ told: WebUI.Progress) {
        state.withLock { state in
            // The other picture is over once the server rests, or begins anew.
            if !told.isBusy || told.progress < state.share / 2 { state.isOfOthers = false }
            state.share = told.progress
            if told.isBusy, !state.isOfOthers { state.isSeen = true }
        }
    }
}

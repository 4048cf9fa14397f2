import Foundation
import Synchronization

/// One line on standard error that is written over as work goes on. It shows nothing where standard error is no terminal.
final class ProgressLine: Sendable {
    /// Whether anybody sees it.
    var isShown: Bool { enabled }

    private let enabled: Bool
    private let state = Mutex(State())

    private struct State {
        var isShown = false
        var lastShown: ContinuousClock.Instant?
    }

    init(enabled: Bool) {
        self.enabled = enabled && Terminal.standardError.isTerminal
    }

    /// - Parameters:
    ///   - share: done so far, 0 to 1.
    ///   - secondsLeft: nil where nobody knows.
    func show(_ text: String, share: Double, secondsLeft: Double? = nil) {
        show(isLast: share >= 1) { ProgressLine.line(text, share: share, secondsLeft: secondsLeft, width: $0) }
    }

    /// Work whose end nobody knows.
    func show(_ text: String) {
        show(isLast: false) { DisplayText.fitted(text, max(0, $0 - 1)) }
    }

    private func show(isLast: Bool, _ line: (_ width: Int) -> String) {
        guard enabled else { return }
        state.withLock { state in
            let now = ContinuousClock.now
            // Twenty lines a second are as many as anybody reads.
            if let lastShown = state.lastShown, !isLast, lastShown.duration(to: now) < .milliseconds(50) { return }
            state.lastShown = now
            state.isShown = true
            Terminal.standardError.draw("\r\u{1B}[K" + DisplayText.harmless(line(Terminal.standardError.size.width)))
        }
    }

    /// Takes the line away.
    func clear() {
        state.withLock { state in
            if state.isShown { Terminal.standardError.draw("\r\u{1B}[K") }
            state.isShown = false
            state.lastShown = nil
        }
    }

    /// `step 3 of 12 [#####---------------]  25 %, 4 s left`, never wider than the terminal.
    static func line(_ text: String, share: Double, secondsLeft: Double?, width: Int) -> String {
        let share = share.isNaN ? 0 : min(max(share, 0), 1)
        let left = secondsLeft.map { ", \(duration($0)) left" } ?? ""
        let percent = CommandText.percent(share)
        let tail = " " + String(repeating: " ", count: max(0, 5 - percent.count)) + percent + left
        let room = width - 1 - DisplayText.width(of: text) - tail.count - 3
        guard room >= 5 else { return DisplayText.fitted(text + tail, max(0, width - 1)) }
        let bar = min(room, 30)
        let filled = Int((share * Double(bar)).rounded())
        return "\(text) [" + String(repeating: "#", count: filled) + String(repeating: "-", count: bar - filled) + "]" + tail
    }

    /// `8 s`, `2 min 5 s`, `1 h 3 min`; whatever number a program elsewhere made of it.
    static func duration(_ seconds: Double) -> String {
        guard seconds < 100 * 86_400 else { return "more than 100 days" }
        let whole = Int(max(0, seconds).rounded(.up))
        switch whole {
        case ..<60: return "\(whole) s"
        case ..<3600: return "\(whole / 60) min \(whole % 60) s"
        default: return "\(whole / 3600) h \(whole % 3600 / 60) min"
        }
    }
}

import Foundation
import Glibc
import Synchronization

/// A terminal in raw mode with the alternate screen, given back as it was on every way out.
final class ReviewScreen {
    /// What to put back if the process ends while the screen is up. Signal and exit handlers read it.
    private static let saved = Mutex<termios?>(nil)
    private static let handlers: Void = {
        atexit { ReviewScreen.giveBack() }
        for number in [SIGTERM, SIGHUP, SIGQUIT] {
            signal(number) { number in
                ReviewScreen.giveBack()
                _exit(128 + number)
            }
        }
    }()

    private let input = Terminal.standardInput
    private let output = Terminal.standardOutput
    private var decoder = KeyDecoder()
    private var shown: [String] = []

    /// - Throws: `ReviewError.noTerminal` where standard input or output is none.
    init() throws {
        var attributes = termios()
        guard input.isTerminal, output.isTerminal, tcgetattr(input.descriptor, &attributes) == 0 else { throw ReviewError.noTerminal }
        _ = ReviewScreen.handlers
        ReviewScreen.saved.withLock { $0 = attributes }
        var raw = attributes
        cfmakeraw(&raw)
        // Line ends are written as they are meant.
        raw.c_oflag |= tcflag_t(OPOST)
        guard tcsetattr(input.descriptor, TCSAFLUSH, &raw) == 0 else { throw ReviewError.noTerminal }
        output.draw("\u{1B}[?1049h\u{1B}[?25l\u{1B}[2J")
    }

    deinit {
        ReviewScreen.giveBack()
    }

    /// Puts the terminal back. Doing it twice does no harm.
    static func giveBack() {
        // A signal may come while the lock is held; then whoever holds it is about to do the same.
        _ = saved.withLockIfAvailable { attributes in
            guard var kept = attributes else { return }
            Terminal.standardOutput.draw("\u{1B}[?25h\u{1B}[?1049l")
            tcsetattr(Terminal.standardInput.descriptor, TCSAFLUSH, &kept)
            attributes = nil
        }
    }

    var size: (width: Int, height: Int) { output.size }

    /// Draws the lines that changed.
    func show(_ lines: [String]) {
        var text = ""
        if lines.count != shown.count {
            shown = []
            text += "\u{1B}[2J"
        }
        for (row, line) in lines.enumerated() where shown.isEmpty || shown[row] != line {
            text += "\u{1B}[\(row + 1);1H\u{1B}[0m\u{1B}[2K\(line)"
        }
        shown = lines
        if !text.isEmpty { output.draw(text) }
    }

    /// Forgets what is shown: after the size has changed, all is drawn anew.
    func invalidate() {
        shown = []
        output.draw("\u{1B}[2J")
    }

    /// The keys that came within a moment; none where nothing did. Ends with `endOfInput` where the terminal is gone.
    func keys() -> [Key] {
        // A lone Escape is told from the start of a sequence by the silence after it.
        let patience: Int32 = decoder.isWaiting ? 40 : 200
        var watched = pollfd(fd: input.descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&watched, 1, patience) > 0 else { return decoder.flush() }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(input.descriptor, &bytes, bytes.count)
        if count == 0 || count < 0 && errno != EINTR && errno != EAGAIN { return [.endOfInput] }
        return decoder.keys(bytes.prefix(max(0, count)))
    }
}

enum ReviewError: Error, CustomStringConvertible {
    case noTerminal
    case notUnderstood(String)

    var description: String {
        switch self {
        case .noTerminal: "the terminal cannot be set up; pipe commands into `redraw review` instead, or use `redraw tag`"
        case .notUnderstood(let line): "\"\(line)\" is not understood; type a, r, e TEXT, w NUMBER, + TAG, u, n, p, ? or q"
        }
    }
}

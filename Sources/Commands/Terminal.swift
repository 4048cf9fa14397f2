import Foundation
import Glibc

/// What one of the standard streams can do.
struct Terminal: Sendable {
    let descriptor: Int32

    static let standardInput = Terminal(descriptor: STDIN_FILENO)
    static let standardOutput = Terminal(descriptor: STDOUT_FILENO)
    static let standardError = Terminal(descriptor: STDERR_FILENO)

    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// Colour only where somebody sees it and did not decline: https://no-color.org
    var allowsColour: Bool {
        isTerminal && Terminal.allowsColour(environment: ProcessInfo.processInfo.environment)
    }

    static func allowsColour(environment: [String: String]) -> Bool {
        environment["NO_COLOR", default: ""].isEmpty && environment["TERM"] != "dumb"
    }

    var paint: Paint { Paint(enabled: allowsColour) }

    /// Columns and lines; 80 by 24 where nobody tells.
    var size: (width: Int, height: Int) {
        var window = winsize()
        if ioctl(descriptor, UInt(TIOCGWINSZ), &window) == 0, window.ws_col > 0, window.ws_row > 0 {
            return (Int(window.ws_col), Int(window.ws_row))
        }
        let environment = ProcessInfo.processInfo.environment
        let width = environment["COLUMNS"].flatMap(Int.init) ?? 80
        let height = environment["LINES"].flatMap(Int.init) ?? 24
        return (max(1, width), max(1, height))
    }

    /// Columns that what is written here keeps within. A pipe and a file have no edge: who reads them, `grep` say, wants lines whole.
    var columns: Int { isTerminal ? size.width : .max }

    /// Asks the person a question that is answered with yes or no; anything but yes is no.
    ///
    /// - Returns: nil where there is nobody at a terminal to ask.
    static func agrees(to question: String) -> Bool? {
        guard standardInput.isTerminal, standardError.isTerminal else { return nil }
        standardError.write(DisplayText.harmless("\(question) [y/N] "))
        waitsForInput.withLock { $0 = true }
        defer { waitsForInput.withLock { $0 = false } }
        let answer = readLine()?.trimmingCharacters(in: .whitespaces).lowercased()
        return answer == "y" || answer == "yes"
    }

    /// Writes text for people. Whatever came into it from outside, nothing but this program's own colours moves the terminal.
    func write(_ text: String) {
        draw(DisplayText.harmless(output: text, withColours: allowsColour))
    }

    /// Writes JSON, which is the same whoever reads it.
    func write(json text: String) {
        draw(DisplayText.harmless(json: text))
    }

    /// Writes all of it as it is, the commands of the terminal too, whatever the pieces the system takes it in. A closed pipe ends the
    /// writing quietly. Text from outside within it has to be harmless already.
    func draw(_ text: String) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if written > 0 {
                bytes = bytes.dropFirst(written)
            } else if errno != EINTR && errno != EAGAIN {
                let reason = errno
                // A reader that has seen enough is no failure; results that did not arrive are.
                if descriptor == STDOUT_FILENO, reason != EPIPE {
                    Terminal.standardError.write("redraw: standard output cannot be written: \(String(cString: strerror(reason)))\n")
                    exit(1)
                }
                return
            }
        }
    }
}

/// Colours and weights for text, or none.
struct Paint: Sendable {
    let enabled: Bool

    func bold(_ text: String) -> String { wrap(text, "1") }
    func dim(_ text: String) -> String { wrap(text, "2") }
    func reversed(_ text: String) -> String { wrap(text, "7") }
    func red(_ text: String) -> String { wrap(text, "31") }
    func green(_ text: String) -> String { wrap(text, "32") }
    func yellow(_ text: String) -> String { wrap(text, "33") }
    func cyan(_ text: String) -> String { wrap(text, "36") }

    /// Every sequence that is written here.
    static let codes = ["0", "1", "2", "7", "31", "32", "33", "36"].map { "\u{1B}[\($0)m" }

    private func wrap(_ text: String, _ code: String) -> String {
        enabled && !text.isEmpty ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }
}

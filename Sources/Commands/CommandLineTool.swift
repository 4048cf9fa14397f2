import ArgumentParser
import Dispatch
import Foundation
import Studio
import Synchronization

/// Runs a command as a whole process: prints a failure as one line, stops on Ctrl-C, and exits with the code scripts rely on.
package enum CommandLineTool {
    /// Done, failed, wrong usage, interrupted.
    package enum ExitStatus: Int32 {
        case done = 0
        case failed = 1
        case usage = 64
        case interrupted = 130
    }

    /// Parses this process's arguments with `root` and runs what they name.
    ///
    /// It is no asynchronous function because the first thing to await needs a thread, for which whoever allows too few addresses waits
    /// without end: those are told before.
    package static func run(_ root: any ParsableCommand.Type) -> Never {
        let command: any ParsableCommand
        let arguments = ForeignNames.arguments
        // The parser answers a request for help on what it does not know with the help on everything.
        if arguments.first == "help", let words = Mistyping.words(for: arguments, of: root) { refuse(words, as: root._commandName) }
        do {
            command = try root.parseAsRoot(arguments)
        } catch {
            // Said before what else is wrong, which may come of it: the value of a mistyped option is taken for a picture.
            if root.exitCode(for: error) != .success, let words = Mistyping.words(for: arguments, of: root) {
                refuse(words, as: root._commandName)
            }
            leave(root, error)
        }
        let name = root._commandName
        do {
            try Studio.refuseTooFewAddresses()
        } catch {
            complain(oneLine(error), as: name)
            // What libraries do at an orderly end waits for threads that they never got.
            _exit(ExitStatus.failed.rawValue)
        }
        let interruption = Interruption()
        let work = Task {
            var command = command
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        }
        interruption.onInterrupt {
            work.cancel()
        } atOnce: {
            if endsInOrder.withLock({ $0 }) { return false }
            if let message = whenInterrupted.withLock({ $0 }) ?? (waitsForInput.withLock { $0 } ? nil : interrupted) {
                complain(message, as: name)
            }
            Studio.removeUnfinishedFiles()
            return true
        }
        Task { await end(with: work, interruption, of: root, as: name) }
        dispatchMain()
    }

    /// Waits for a command's work, says what became of it, and ends the process.
    private static func end(
        with work: Task<Void, any Error>, _ interruption: Interruption, of root: any ParsableCommand.Type, as name: String
    ) async -> Never {
        let status: ExitStatus
        do {
            try await work.value
            status = .done
        } catch is CancellationError {
            complain(whenInterrupted.withLock { $0 } ?? interrupted, as: name)
            status = .interrupted
        } catch let exit as ExitCode {
            Foundation.exit(exit.rawValue)
        } catch let error as ValidationError {
            complain(error.message, as: name)
            status = .usage
        } catch let error as OrderError {
            complain(oneLine(error), as: name)
            status = .usage
        } catch let error as CleanExit {
            leave(root, error)
        } catch  where root.exitCode(for: error) == .success {
            // Help asked for as a command of its own.
            leave(root, error)
        } catch {
            complain(oneLine(error), as: name)
            status = interruption.wasInterrupted ? .interrupted : .failed
        }
        Foundation.exit(status.rawValue)
    }

    /// Help and version are "errors" too: ArgumentParser knows which text and code each wants.
    private static func leave(_ root: any ParsableCommand.Type, _ error: any Error) -> Never {
        let code = root.exitCode(for: error)
        let output = code == .success ? Terminal.standardOutput : .standardError
        var text = root.fullMessage(for: error)
        // As everything that is wrong begins.
        let start = "Error: "
        if code != .success, text.hasPrefix(start) { text = "\(root._commandName): \(text.dropFirst(start.count))" }
        let message = UsageText.wrapped(text, width: output.isTerminal ? output.size.width : 80) + "\n"
        // What is wrong quotes what was typed; help and completions are the program's own.
        if message.count > 1 { code == .success ? output.draw(message) : output.write(message) }
        Foundation.exit(code.rawValue)
    }

    private static let interrupted = "interrupted; nothing half-written is left behind"

    private static func refuse(_ message: String, as name: String) -> Never {
        complain(message, as: name)
        exit(ExitStatus.usage.rawValue)
    }

    private static func complain(_ message: String, as name: String) {
        Terminal.standardError.draw("\(name): \(DisplayText.harmless(message))\n")
    }

    /// Ends a command that did all that it could: what could not be done, a line each.
    ///
    /// - Throws: what ends the process with 1, where there is anything.
    static func end(with failures: [String]) throws {
        guard !failures.isEmpty else { return }
        for failure in failures { Terminal.standardError.write("redraw: \(DisplayText.harmless(failure))\n") }
        throw ExitCode.failure
    }

    /// What a damaged file is quoted with may be as long as the file.
    private static let longestLine = 2_000

    /// Redraw's own errors describe themselves; Foundation's have a better text than their dump.
    static func oneLine(_ error: any Error) -> String {
        let text: String
        if let error = error as? CocoaError {
            text = [error.filePath, error.localizedDescription].compactMap { $0 }.joined(separator: ": ")
        } else {
            text = "\(error)"
        }
        let line = text.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard line.count > longestLine else { return line }
        // What is wrong stands in front, what to do at the end.
        return line.prefix(longestLine * 3 / 4) + " … " + line.suffix(longestLine / 4)
    }
}

/// Whether the process is reading standard input, which nothing but the end of the process interrupts.
let waitsForInput = Mutex(false)

/// What Ctrl-C says of work of which more is to be told than that it was cut off.
let whenInterrupted = Mutex<String?>(nil)

/// Whether the work looks often whether it is to stop, and then has something to put in order: it is waited for. All other is cut off soon, in the
/// midst of a huge picture or a long list: what it writes is whole or not there.
let endsInOrder = Mutex(false)

/// Turns Ctrl-C into a call: the first one asks the work to stop, the second one ends the process at once.
private final class Interruption: Sendable {
    private let state = Mutex(State())

    private struct State {
        var count = 0
        var source: (any DispatchSourceSignal)?
    }

    var wasInterrupted: Bool { state.withLock { $0.count > 0 } }

    /// - Parameters:
    ///   - stop: asks the work to stop.
    ///   - endsAtOnce: asked a little later, where the work goes on: whether the process may end all the same.
    func onInterrupt(_ stop: @escaping @Sendable () -> Void, atOnce endsAtOnce: @escaping @Sendable () -> Bool) {
        signal(SIGINT, SIG_IGN)
        state.withLock { state in
            let source = DispatchSource.makeSignalSource(signal: SIGINT, queue: .global(qos: .userInteractive))
            source.setEventHandler { [self] in
                guard !ForegroundProgram.isRunning.withLock({ $0 }) else { return }
                let count = self.state.withLock { state in
                    state.count += 1
                    return state.count
                }
                // Work that waits for standard input, or decodes a huge picture, does not look whether it was asked to stop.
                DispatchQueue.global().asyncAfter(deadline: .now() + .milliseconds(800)) {
                    if endsAtOnce() { _exit(CommandLineTool.ExitStatus.interrupted.rawValue) }
                }
                if count > 1 { _exit(CommandLineTool.ExitStatus.interrupted.rawValue) }
                stop()
            }
            source.resume()
            state.source = source
        }
    }
}

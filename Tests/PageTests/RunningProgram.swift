import Foundation
import Synchronization

/// A program that runs beside the tests and ends with them, however they end; what it prints is kept, and read all the time, so that it never
/// waits for a reader.
final class RunningProgram: Sendable {
    /// A shell that becomes the program, so that both have one number. What it leaves behind reads from the tests' process, and at the end of that,
    /// when the kernel closes what was open, ends the program. Nothing that a process does at its own end would be done by one that is killed.
    ///
    /// `Process` hears of a program's end by a socket that the program inherits, so what is left behind closes whatever else it inherited. Only
    /// bash closes descriptors above nine.
    private static let guarded = """
        exec 3<&0 </dev/null
        {
            for descriptor in /proc/self/fd/*; do
                number=${descriptor##*/}
                [ "$number" -gt 3 ] && eval "exec $number>&-"
            done
            cat <&3
            kill -TERM $$ && sleep 5 && kill -KILL $$
        } >/dev/null 2>&1 &
        exec 3<&-
        exec "$@"
        """

    private let process: Mutex<Process>
    private let hold: FileHandle
    private let printed = Mutex("")

    init(_ executable: URL, _ arguments: [String], environment: [String: String]? = nil, in folder: URL? = nil) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", RunningProgram.guarded, "bash", executable.path] + arguments
        if let environment { process.environment = environment }
        if let folder { process.currentDirectoryURL = folder }
        let (held, pipe) = (Pipe(), Pipe())
        process.standardInput = held
        process.standardOutput = pipe
        process.standardError = pipe
        try RunningProgram.withAllSignals { try process.run() }
        let reading = pipe.fileHandleForReading
        self.process = Mutex(process)
        hold = held.fileHandleForWriting
        Thread.detachNewThread { [weak self] in
            while case let data = reading.availableData, !data.isEmpty {
                self?.printed.withLock { $0 += String(decoding: data, as: UTF8.self) }
            }
        }
    }

    /// Threads of Dispatch hold signals back, and what they start inherits that: a program so started would never hear `SIGTERM`.
    private static func withAllSignals(_ start: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try start()
    }

    var output: String { printed.withLock { $0 } }
    var isRunning: Bool { process.withLock { $0.isRunning } }

    /// The first match of a pattern with one group in what was printed, once it is there; nil where the program ends or the time is over before.
    func says(_ pattern: String, within seconds: Double) async throws -> String? {
        let expression = try Regex<(Substring, Substring)>(pattern)
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if let match = output.firstMatch(of: expression) { return String(match.output.1) }
            if !isRunning { break }
            try await Task.sleep(for: .milliseconds(20))
        }
        return output.firstMatch(of: expression).map { String($0.output.1) }
    }

    /// Sends a signal and waits until it has ended.
    func end(_ signal: Int32 = SIGTERM, within seconds: Double = 20) async throws {
        let identifier = process.withLock { $0.isRunning ? $0.processIdentifier : 0 }
        guard identifier > 0 else { return }
        kill(identifier, signal)
        let end = ContinuousClock.now + .seconds(seconds)
        while isRunning {
            if ContinuousClock.now > end { kill(identifier, SIGKILL) }
            try await Task.sleep(for: .milliseconds(20))
        }
        letGo()
    }

    /// What the end of the tests does by itself.
    func letGo() { try? hold.close() }

    deinit {
        letGo()
        process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } }
    }
}

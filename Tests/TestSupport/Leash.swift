import Foundation
import Synchronization

/// Ends a program with the tests that started it, however they end: also where they are killed and nobody is left to end it.
///
/// The tests hold a pipe. What the program leaves behind reads from it, and at the end of the tests' process, when the kernel closes what was
/// open, ends the program. Nothing that a process does at its own end would be done by one that is killed.
package final class Leash: Sendable {
    /// A shell that becomes the program, so that both have one number, and keeps its streams for it.
    ///
    /// `Process` hears of a program's end by a socket that the program inherits, so what is left behind closes whatever else it inherited. Only
    /// bash closes descriptors above nine. A line in the pipe tells that the program ended and its number may be another's.
    private static let guarded = """
        exec 3<"$1" || exit 126
        shift
        {
            for descriptor in /proc/self/fd/*; do
                number=${descriptor##*/}
                [ "$number" -gt 3 ] && eval "exec $number>&-"
            done
            read -r <&3 || { kill -TERM $$ && /bin/sleep 5 && kill -KILL $$; }
        } </dev/null >/dev/null 2>&1 &
        exec 3<&-
        exec "$@"
        """

    private struct Ends {
        var reading: Int32
        var writing: Int32

        mutating func closeWriting() {
            if writing >= 0 { close(writing) }
            writing = -1
        }
    }

    private let ends: Mutex<Ends>

    package init() throws {
        var both: [Int32] = [-1, -1]
        guard pipe(&both) == 0 else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EMFILE) }
        // What else the tests start must not hold it open.
        for end in both { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        ends = Mutex(Ends(reading: both[0], writing: both[1]))
    }

    /// Starts a process that was told its program and arguments.
    package func start(_ process: Process) throws {
        let program = process.executableURL?.path ?? ""
        // By that name the pipe is opened anew, with nothing inherited.
        let place = "/proc/\(getpid())/fd/\(ends.withLock { $0.reading })"
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-c", Leash.guarded, "bash", place, program] + (process.arguments ?? [])
        process.terminationHandler = { _ in self.release() }
        try Leash.withAllSignals { try process.run() }
    }

    /// Threads of Dispatch hold signals back, and what they start inherits that: a program so started would never hear `SIGTERM`.
    private static func withAllSignals(_ start: () throws -> Void) rethrows {
        var (none, before) = (sigset_t(), sigset_t())
        sigemptyset(&none)
        pthread_sigmask(SIG_SETMASK, &none, &before)
        defer { pthread_sigmask(SIG_SETMASK, &before, nil) }
        try start()
    }

    /// The program ended: nothing is left to be done.
    private func release() {
        ends.withLock {
            if $0.writing >= 0 { _ = write($0.writing, "\n", 1) }
            $0.closeWriting()
        }
    }

    /// What the end of the tests does by itself.
    package func letGo() { ends.withLock { $0.closeWriting() } }

    deinit {
        letGo()
        ends.withLock { _ = close($0.reading) }
    }
}

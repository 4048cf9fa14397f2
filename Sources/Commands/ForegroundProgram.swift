import Foundation
import Glibc
import Synchronization

/// Another program that has the terminal for a while, as an editor does.
///
/// Foundation's `Process` begins a process group of its own, which a terminal takes for one in the background: the first key that it reads
/// would stop it.
enum ForegroundProgram {
    /// Whether one is running: Ctrl-C is meant for it then.
    static let isRunning = Mutex(false)

    /// Runs it and waits for its end.
    ///
    /// - Parameter words: its path, and its arguments.
    /// - Returns: its exit code; 128 and more where a signal ended it.
    static func run(_ words: [String]) throws -> Int32 {
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // What this process does not heed, and what its threads block, that program does.
        var (heeded, blocked) = (sigset_t(), sigset_t())
        sigemptyset(&heeded)
        for signal in [SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU] { sigaddset(&heeded, signal) }
        sigemptyset(&blocked)
        posix_spawnattr_setsigdefault(&attributes, &heeded)
        posix_spawnattr_setsigmask(&attributes, &blocked)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
        var arguments = words.map { strdup($0) } + [nil]
        defer { arguments.forEach { free($0) } }
        isRunning.withLock { $0 = true }
        defer { isRunning.withLock { $0 = false } }
        var process = pid_t()
        let failure = posix_spawn(&process, words[0], nil, &attributes, &arguments, environ)
        guard failure == 0 else { throw POSIXError(POSIXErrorCode(rawValue: failure) ?? .ENOEXEC) }
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0 && errno == EINTR {}
        let signal = status & 0x7F
        return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
    }
}

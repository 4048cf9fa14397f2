import Foundation
import Synchronization
import TestSupport

/// A program that runs beside the tests and ends with them, however they end; what it prints is kept, and read all the time, so that it never
/// waits for a reader.
final class RunningProgram: Sendable {
    private let process: Mutex<Process>
    private let leash: Leash
    private let printed = Mutex("")

    init(_ executable: URL, _ arguments: [String], environment: [String: String]? = nil, in folder: URL? = nil) throws {
        let process = Process()
        process.executableURL = executable
        process.arguments = arguments
        if let environment { process.environment = environment }
        if let folder { process.currentDirectoryURL = folder }
        let pipe = Pipe()
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = pipe
        process.standardError = pipe
        let leash = try Leash()
        try leash.start(process)
        let reading = pipe.fileHandleForReading
        self.process = Mutex(process)
        self.leash = leash
        Thread.detachNewThread { [weak self] in
            while case let data = reading.availableData, !data.isEmpty {
                self?.printed.withLock { $0 += String(decoding: data, as: UTF8.self) }
            }
        }
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
    func letGo() { leash.letGo() }

    deinit {
        letGo()
        process.withLock { if $0.isRunning { kill($0.processIdentifier, SIGKILL) } }
    }
}

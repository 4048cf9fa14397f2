import Foundation
import Synchronization

/// A program that serves on loopback for one test: it prints its port on its first line and ends when its input is closed.
package final class ServingProcess: Sendable {
    package let port: Int
    private let process: Process
    private let input: FileHandle

    /// - Parameter arguments: of `python3`, the script first.
    package init(python arguments: [String]) throws {
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["python3"] + arguments
        let (input, output) = (Pipe(), Pipe())
        (process.standardInput, process.standardOutput) = (input, output)
        try process.run()
        self.input = input.fileHandleForWriting
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), !byte.isEmpty, byte[0] != 10 { line += byte }
        guard let port = Int(String(decoding: line, as: UTF8.self)) else { throw NotServing(arguments: arguments) }
        self.port = port
    }

    deinit {
        try? input.close()
        process.terminate()
    }

    package var address: String { "http://127.0.0.1:\(port)" }

    package struct NotServing: Error {
        package let arguments: [String]
    }
}

/// The programs of a test, kept to its end: one that nobody holds stops.
package final class ServingProcesses: Sendable {
    private let all = Mutex<[ServingProcess]>([])

    package init() {}

    package func start(python arguments: [String]) throws -> ServingProcess {
        let process = try ServingProcess(python: arguments)
        all.withLock { $0.append(process) }
        return process
    }
}

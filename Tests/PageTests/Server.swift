import Foundation
import TestSupport

/// `redraw serve` on a library of its own, as a person starts it. It may be stopped and started again at the same address.
final class Server: Sendable {
    let home: TemporaryFolder
    let address: URL
    private let port: Int
    private let arguments: [String]
    private let program: Slot<RunningProgram>

    /// - Parameter arguments: beyond the port and the library.
    static func started(_ arguments: [String] = []) async throws -> Server {
        let home = try TemporaryFolder()
        let program = try run(home, port: 0, arguments)
        let address = try await address(of: program)
        return Server(home, URL(string: address)!, arguments, program)
    }

    private init(_ home: TemporaryFolder, _ address: URL, _ arguments: [String], _ program: RunningProgram) {
        (self.home, self.address, self.arguments) = (home, address, arguments)
        port = address.port ?? 0
        self.program = Slot(program)
    }

    /// Ends it: `SIGTERM` as a system's manager does, `SIGKILL` as a power cut.
    func stop(_ signal: Int32 = SIGTERM) async throws {
        try await program.value.end(signal)
    }

    func startAgain() async throws {
        let next = try Server.run(home, port: port, arguments)
        _ = try await Server.address(of: next)
        program.value = next
    }

    private static func address(of program: RunningProgram) async throws -> String {
        guard let address = try await program.says(#"(http://[0-9A-Za-z.:\[\]]+)"#, within: 60) else {
            throw BrowserError.noServer(program.output)
        }
        return address
    }

    /// Another program on the same library, as somebody starts it in a terminal.
    func beside(_ arguments: [String]) throws -> RunningProgram { try Server.run(home, arguments) }

    private static func run(_ home: TemporaryFolder, port: Int, _ arguments: [String]) throws -> RunningProgram {
        try run(home, ["serve", "--port", "\(port)"] + arguments)
    }

    private static func run(_ home: TemporaryFolder, _ arguments: [String]) throws -> RunningProgram {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        return try RunningProgram(
            folder.appendingPathComponent("redraw"),
            arguments + ["--library", home.url.appendingPathComponent("library").path],
            environment: [
                "HOME": home.url.path,
                "PATH": ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin",
                // Computed once for all tests of a run.
                "XDG_CACHE_HOME": cache.path,
                "XDG_DATA_HOME": home.url.appendingPathComponent("data").path,
            ], in: home.url)
    }

    private static let cache: URL = {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-page-cache-\(getpid())")
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        atexit { Server.removeCache() }
        return url
    }()

    private static func removeCache() { try? FileManager.default.removeItem(at: cache) }
}

import Foundation

/// The program that drives Chromium, at a free port. One serves all tests of a run.
actor ChromeDriver {
    static let shared = ChromeDriver()

    private var running: (program: RunningProgram, address: URL)?

    /// Where it listens; it is started when that is first asked.
    func address() async throws -> URL {
        if let running, running.program.isRunning { return running.address }
        let program = try RunningProgram(try ChromeDriver.program("chromedriver", package: "chromium-driver"), ["--port=0"])
        guard let port = try await program.says(#"started successfully on port (\d+)"#, within: 30) else {
            throw BrowserError.noDriver(program.output)
        }
        let address = URL(string: "http://127.0.0.1:\(port)")!
        // Another test may have been here meanwhile: one is enough, the other ends with its value.
        if let running { return running.address }
        running = (program, address)
        return address
    }

    /// What the end of the tests does by itself.
    func letGo() { running?.program.letGo() }

    var isRunning: Bool { running?.program.isRunning ?? false }

    /// A program of the search path.
    static func program(_ name: String, package: String) throws -> URL {
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
        for folder in path.split(separator: ":") {
            let url = URL(fileURLWithPath: String(folder)).appendingPathComponent(name)
            if FileManager.default.isExecutableFile(atPath: url.path) { return url }
        }
        throw BrowserError.missing(program: name, package: package)
    }
}

import Foundation
import Studio
import StudioWeb

/// Opening the page in the person's browser, and what is said where none can be opened.
struct BrowserOpening: Sendable {
    let environment: [String: String]
    /// With the token in it, where there is one.
    let address: String
    /// Where the server listens, and whether that is this machine alone.
    let host: String
    let isLoopback: Bool

    /// - Parameter address: as the server told it.
    init(_ address: String, _ options: ServeOptions, environment: [String: String] = ProcessInfo.processInfo.environment) {
        (self.address, self.environment) = (options.opening(address), environment)
        (host, isLoopback) = (options.host, options.isLoopback)
    }

    private func isSet(_ name: String) -> Bool { environment[name]?.isEmpty == false }

    private var hasScreen: Bool { isSet("DISPLAY") || isSet("WAYLAND_DISPLAY") || isSet("BROWSER") }

    /// Where the person sits at another machine: how its browser gets here. Nil where they sit at this one.
    var fromElsewhere: String? {
        guard !hasScreen, let connection = environment["SSH_CONNECTION"]?.split(separator: " ").map(String.init), connection.count == 4,
            let port = URLComponents(string: address)?.port
        else { return nil }
        let (server, door) = (connection[2], connection[3])
        guard isLoopback else {
            let reached = server.contains(":") ? "[\(server)]" : server
            let query = URLComponents(string: address)?.percentEncodedQuery.map { "?\($0)" } ?? ""
            return "You came here over SSH: open http://\(reached):\(port)/\(query) in the browser of your own machine."
        }
        let target = host.contains(":") ? "[\(host)]" : host
        let person = ShellWord.quoted("\(environment["USER"] ?? NSUserName())@\(server)")
        let tunnel = "ssh -N -L \(port):\(target):\(port)\(door == "22" ? "" : " -p \(door)") \(person)"
        return "You came here over SSH: run `\(tunnel)` on your own machine, leave it running, and open \(address) there."
    }

    /// Opens it with what the desktop opens addresses with.
    ///
    /// - Parameter onFailure: told in one line why no browser opens and what to do; at once, or when the desktop's program gives up.
    func begin(onFailure: @escaping @Sendable (String) -> Void) {
        if let fromElsewhere { return onFailure(fromElsewhere) }
        guard hasScreen else {
            return onFailure("No browser can be opened: there is no desktop here (DISPLAY is not set). The page is at \(address)")
        }
        guard let program = ["xdg-open", "sensible-browser"].lazy.compactMap(place).first else {
            return onFailure("No browser can be opened: xdg-open is not installed. The page is at \(address)")
        }
        let process = Process()
        process.executableURL = program
        process.arguments = [address]
        process.environment = environment.filter { $0.key != ServeToken.variable }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        let failure = "No browser opened: \(program.lastPathComponent) found none. The page is at \(address)"
        process.terminationHandler = { ended in
            if ended.terminationStatus != 0 { onFailure(failure) }
        }
        do {
            try process.run()
        } catch {
            onFailure(failure)
        }
    }

    private func place(of program: String) -> URL? {
        (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":").map {
            URL(fileURLWithPath: String($0), isDirectory: true).appendingPathComponent(program)
        }.first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
}

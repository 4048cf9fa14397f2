import Foundation
import Hummingbird
import Studio
import Synchronization

/// The page and its API on a port of this machine.
package struct WebServer: Sendable {
    private let site: Site

    package init(_ studio: Studio, _ options: ServeOptions = ServeOptions()) {
        site = Site(studio, options)
    }

    /// Serves until the task is cancelled: a job that runs goes back into the queue then, and pages are told that the server ends.
    ///
    /// - Parameter onRunning: told the address, once the server answers.
    /// - Throws: what is in the way of listening at the address.
    package func run(onRunning: @escaping @Sendable (String) -> Void) async throws {
        let site = site
        // Opened now: what is wrong with the library is told before anybody comes.
        _ = try site.studio.binCount()
        let address = Mutex<String?>(nil)
        let application = buildApplication(site) { port in
            let host = site.options.host.contains(":") ? "[\(site.options.host)]" : site.options.host
            let text = "http://\(host):\(port)/"
            address.withLock { $0 = text }
            onRunning(text)
        }
        let server = Task { try await application.run() }
        let work = Task { await site.work() }
        await withTaskCancellationHandler {
            _ = await server.result
        } onCancel: {
            // The work first: who listens hears what became of it.
            work.cancel()
            Task {
                await work.value
                site.hub.tell("stopping", [String: String]())
                site.hub.close()
                try? await Task.sleep(for: .milliseconds(100))
                server.cancel()
            }
        }
        work.cancel()
        await work.value
        site.hub.close()
        if Task.isCancelled { return }
        do {
            try await server.value
        } catch {
            throw ServeError.cannotListen(host: site.options.host, port: site.options.port, reason: ServeError.reason(error))
        }
    }
}

/// Why the page cannot be served.
package enum ServeError: Error, CustomStringConvertible {
    case cannotListen(host: String, port: Int, reason: String)
    case shortToken(Int)
    case noTokenFile(String, reason: String)
    case noFolder(String)

    package var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "cannot listen at \(host):\(port): \(reason); choose another with --port or --host"
        case .shortToken(let length):
            "the token has \(length) \(length == 1 ? "character" : "characters"); it needs at least \(ServeOptions.shortestToken), or leave it out and have one made"
        case .noTokenFile(let path, let reason): "no token in the file \(path): \(reason)"
        case .noFolder(let path): "\(path) is no folder; name one whose pictures the page may take in"
        }
    }

    static func reason(_ error: any Error) -> String {
        let text = "\(error)"
        if text.contains("errno: 98") { return "another program uses that port" }
        if text.contains("errno: 13") { return "that port is the system's own" }
        if text.contains("errno: 99") { return "this machine has no such address" }
        return text.split(whereSeparator: \.isNewline).joined(separator: " ")
    }
}

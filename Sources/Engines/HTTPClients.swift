import AsyncHTTPClient
import Foundation
import Synchronization

/// The clients of the process, never shut down: their threads are the process's own, and their connections end with it. A redirection is told,
/// not followed, for it may lead credentials astray.
enum HTTPClients {
    /// Who waits for a picture waits for minutes without a byte, so there is no limit on that.
    static let engines = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)

    private static var configuration: HTTPClient.Configuration {
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow, timeout: .init(connect: .seconds(10)), decompression: .disabled)
        configuration.httpVersion = .http1Only
        configuration.connectionPool.retryConnectionEstablishment = false
        configuration.http1_1ConnectionDebugInitializer = StatusCheck.add
        return configuration
    }

    private struct Way: Hashable {
        let proxy: HTTPProxy?
        let silence: Int64
    }

    private static let known = Mutex<[Way: HTTPClient]>([:])

    /// For what comes in a stream: silence is a break there. Proxies are those that the environment names.
    static func downloads(for url: URL, silence: Int64) -> HTTPClient {
        let way = Way(proxy: HTTPProxy(for: url, environment: ProcessInfo.processInfo.environment), silence: silence)
        return known.withLock { known in
            if let client = known[way] { return client }
            var configuration = configuration
            configuration.timeout.read = .seconds(silence)
            if let proxy = way.proxy {
                configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: proxy.authorization)
            }
            let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            known[way] = client
            return client
        }
    }

    static func isCutOff(_ error: any Error) -> Bool {
        let told = "\(error)"
        return ["Connection reset by peer", "Broken pipe", "invalidEOFState", "stream ended", "remoteConnectionClosed"].contains {
            told.contains($0)
        }
    }

    /// NIO's errors of connecting are lists of what was tried; what a person can use of them are a few cases.
    static func reason(_ error: any Error) -> String {
        let told = "\(error)"
        let known = [
            ("Connection refused", "connection refused"), ("No route to host", "no route to host"),
            ("Network is unreachable", "the network is unreachable"), ("DNS error", "its name is not known; is this machine online?"),
            ("CERTIFICATE_VERIFY_FAILED", "its certificate is not trusted"),
            ("handshakeFailed", "no TLS connection came about"), ("readTimeout", "nothing came for a while"),
            ("connectTimeout", "no answer within 10 s"), ("NoSuchStatus", "its answer has a status that HTTP does not have"),
        ]
        return known.first { told.contains($0.0) }?.1 ?? (isCutOff(error) ? "it was cut off" : "the connection failed")
    }
}

/// A proxy as the environment names it: `HTTPS_PROXY`, `HTTP_PROXY`, in small letters too, and `NO_PROXY` for those that are reached without.
struct HTTPProxy: Hashable {
    let host: String
    let port: Int
    private let credentials: String?

    var authorization: HTTPClient.Authorization? { credentials.map { .basic(credentials: Data($0.utf8).base64EncodedString()) } }

    init?(for url: URL, environment: [String: String]) {
        func value(_ name: String) -> String? {
            [environment[name.lowercased()], environment[name]].compactMap { $0 }.first { !$0.isEmpty }
        }
        guard let target = url.host?.lowercased(), !["localhost", "127.0.0.1", "::1"].contains(target) else { return nil }
        let without = (value("NO_PROXY") ?? "").lowercased().split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
        let isExcepted = without.contains { entry in
            let name = entry.hasPrefix(".") ? String(entry.dropFirst()) : entry
            return entry == "*" || !name.isEmpty && (target == name || target.hasSuffix("." + name))
        }
        guard !isExcepted, let text = value(url.scheme == "https" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? value("ALL_PROXY"),
            let parts = URLComponents(string: text.contains("://") ? text : "http://" + text), let host = parts.host, !host.isEmpty,
            parts.port.map({ (1...65535).contains($0) }) ?? true
        else { return nil }
        (self.host, port) = (host, parts.port ?? (parts.scheme == "https" ? 443 : 80))
        credentials = parts.user.map { "\($0):\(parts.password ?? "")" }
    }
}

extension URL {
    /// Whether its port is one: what makes connections takes any other for a fault of the program.
    var hasUsualPort: Bool { port.map { (1...65535).contains($0) } ?? true }
}

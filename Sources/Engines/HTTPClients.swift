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
        /// Lets everybody through to where TLS is spoken.
        let tunnel: HTTPProxy?
        /// Whether the requests are those that a proxy is asked itself.
        let isProxied: Bool
        let silence: Int64
    }

    private static let known = Mutex<[Way: HTTPClient]>([:])

    /// For what comes in a stream: silence is a break there. A proxy is one that the environment names.
    ///
    /// - Returns: who asks for what lies at an address, and the request, without its own headers.
    static func way(to url: URL, silence: Int64, environment: [String: String]) -> (client: HTTPClient, request: HTTPClientRequest) {
        guard let proxy = HTTPProxy(for: url, environment: environment) else {
            return (client(Way(tunnel: nil, isProxied: false, silence: silence)), HTTPClientRequest(url: url.absoluteString))
        }
        guard url.scheme == "http" else {
            return (client(Way(tunnel: proxy, isProxied: false, silence: silence)), HTTPClientRequest(url: url.absoluteString))
        }
        return (client(Way(tunnel: nil, isProxied: true, silence: silence)), proxy.request(for: url))
    }

    private static func client(_ way: Way) -> HTTPClient {
        known.withLock { known in
            if let client = known[way] { return client }
            var configuration = configuration
            configuration.timeout.read = .seconds(way.silence)
            if let proxy = way.tunnel {
                configuration.proxy = .server(host: proxy.host, port: proxy.port, authorization: proxy.authorization)
            }
            if way.isProxied { configuration.http1_1ConnectionDebugInitializer = ProxiedRequests.add }
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

    /// What the proxy itself is asked where no TLS is spoken: ``ProxiedRequests`` makes the whole address of it.
    func request(for url: URL) -> HTTPClientRequest {
        let address = url.absoluteString.dropFirst("http://".count).prefix { $0 != "#" }
        let authority = address.prefix { !"/?".contains($0) }
        let path = address.dropFirst(authority.count)
        let place = host.contains(":") && !host.hasPrefix("[") ? "[\(host)]" : host
        var request = HTTPClientRequest(url: "http://\(place):\(port)" + (path.hasPrefix("/") ? "" : "/") + path)
        request.headers.add(name: "Host", value: String(authority.split(separator: "@").last ?? authority))
        if let credentials {
            request.headers.add(name: "Proxy-Authorization", value: "Basic " + Data(credentials.utf8).base64EncodedString())
        }
        return request
    }
}

extension URL {
    /// Whether its port is one: what makes connections takes any other for a fault of the program.
    var hasUsualPort: Bool { port.map { (1...65535).contains($0) } ?? true }
}

import Foundation

/// Where an engine of the person's own answers: a server that speaks `/sdapi/v1`. A user name and a password in it are used, and never told.
package struct EngineAddress: Sendable, Hashable, CustomStringConvertible {
    /// `http://gpu:7860`, without credentials, a final slash or `/sdapi/v1`.
    package let description: String
    /// What a request's `Authorization` says; nil without credentials.
    let authorization: String?

    /// - Parameter text: `http://gpu:7860`, `https://name:password@host/path`, or a host with its port.
    package init(_ text: String) throws(EngineAddressError) {
        let hasScheme = text.contains("://")
        guard let parts = URLComponents(string: hasScheme ? text : "http://" + text), let host = parts.host, !host.isEmpty,
            hasScheme || parts.port != nil, parts.port.map({ (1...65535).contains($0) }) ?? true
        else { throw .noAddress(Self.withoutCredentials(text)) }
        guard let scheme = parts.scheme?.lowercased(), ["http", "https"].contains(scheme) else {
            throw .noAddress(Self.withoutCredentials(text))
        }
        guard parts.query == nil, parts.fragment == nil else { throw .noAddress(Self.withoutCredentials(text)) }
        var path = parts.percentEncodedPath
        while path.hasSuffix("/") { path.removeLast() }
        if path.hasSuffix("/sdapi/v1") { path.removeLast("/sdapi/v1".count) }
        let port = parts.port.map { ":\($0)" } ?? ""
        description = "\(scheme)://\(parts.percentEncodedHost ?? host)\(port)\(path)"
        authorization = parts.user.map { user in
            "Basic " + Data("\(user):\(parts.password ?? "")".utf8).base64EncodedString()
        }
    }

    /// What stands before the last `@` may be a password, whatever the rest is.
    private static func withoutCredentials(_ text: String) -> String {
        text.split(separator: "@", omittingEmptySubsequences: false).last.map(String.init) ?? text
    }
}

/// Why a text is no engine's address.
package enum EngineAddressError: Error, Equatable, CustomStringConvertible {
    /// The text, credentials left out.
    case noAddress(String)

    package var description: String {
        switch self {
        case .noAddress(let text): "\(text) is no engine: name builtin, or the address of a server such as http://192.168.1.20:7860"
        }
    }
}

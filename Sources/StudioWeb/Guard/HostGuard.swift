import Hummingbird

/// Refuses what another site's page would have a browser ask: a name that is not this server's (DNS rebinding), a post from elsewhere.
struct HostGuard: RouterMiddleware {
    /// Whether only this machine reaches the server.
    let isLoopback: Bool
    /// Names, besides addresses in numbers, under which others may reach it.
    let names: Set<String>

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        try check(request.head)
        return try await next(request, context)
    }

    /// - Throws: ``Refusal``.
    func check(_ request: HTTPRequest) throws {
        let host = request.authority.flatMap { HostName($0) }
        guard let host, isOurs(host) else {
            throw Refusal(
                .misdirectedRequest, "this server is not called \((request.authority ?? "").prefix(80)); use the address it printed")
        }
        if let origin = request.headerFields[.origin] {
            guard let from = Self.host(ofOrigin: origin), from == host else {
                throw Refusal(.forbidden, "another site's page may not ask this server for anything")
            }
        }
        // What a browser says of who asks; those that say nothing are not made to.
        let site = request.headerFields[.init("Sec-Fetch-Site")!]
        let isNavigation = request.headerFields[.init("Sec-Fetch-Mode")!] == "navigate" && request.method == .get
        if let site, site == "cross-site" || site == "same-site", !isNavigation {
            throw Refusal(.forbidden, "another site's page may not ask this server for anything")
        }
    }

    private func isOurs(_ host: HostName) -> Bool {
        if host.isLoopback { return true }
        return !isLoopback && (host.isAddress || names.contains(host.name))
    }

    /// `http://localhost:7861` → that host; nil for `null` and for what is no origin.
    private static func host(ofOrigin origin: String) -> HostName? {
        for scheme in ["http://", "https://"] where origin.lowercased().hasPrefix(scheme) {
            return HostName(String(origin.dropFirst(scheme.count)))
        }
        return nil
    }
}

import Foundation
import Hummingbird

/// Lets those in who show the token: as a Bearer header, as the cookie that opening `/?token=` sets, or as the password of Basic.
struct TokenGuard: RouterMiddleware {
    static let cookie = "redraw-token"

    let token: String?
    /// Of wrong tokens.
    let attempts: RateLimit

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        guard let token else { return try await next(request, context) }
        let address = context.address ?? ""
        if request.method == .get, request.uri.path == "/", let shown = request.query("token") {
            try checkAttempts(address)
            guard isRight(shown, token) else { throw refusal(address) }
            // The address without the token: it does not stay in the history.
            return Response(
                status: .seeOther,
                headers: [
                    .location: "/",
                    .setCookie: "\(Self.cookie)=\(token.percentEncoded); Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000",
                    .cacheControl: "no-store",
                ])
        }
        let shown = Self.shown(request)
        guard !shown.isEmpty else { throw Self.unauthorized }
        try checkAttempts(address)
        guard shown.contains(where: { isRight($0, token) }) else { throw refusal(address) }
        return try await next(request, context)
    }

    private static func shown(_ request: Request) -> [String] {
        var shown: [String] = []
        if let cookie = request.cookies[cookie]?.value { shown.append(cookie.removingPercentEncoding ?? cookie) }
        guard let header = request.headers[.authorization] else { return shown }
        let parts = header.split(separator: " ", maxSplits: 1).map(String.init)
        guard parts.count == 2 else { return shown }
        switch parts[0].lowercased() {
        case "bearer": shown.append(parts[1])
        case "basic":
            // Whatever the name; the password may hold colons.
            if let text = Data(base64Encoded: parts[1]).flatMap({ String(data: $0, encoding: .utf8) }), let colon = text.firstIndex(of: ":")
            {
                shown.append(String(text[text.index(after: colon)...]))
            }
        default: break
        }
        return shown
    }

    /// In the same time for every wrong one of the right length.
    private func isRight(_ shown: String, _ token: String) -> Bool {
        let (one, other) = (Array(shown.utf8), Array(token.utf8))
        guard one.count == other.count else { return false }
        return zip(one, other).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }

    /// Whoever has guessed too often is not told whether the next one is right: it is not looked at.
    private func checkAttempts(_ address: String) throws {
        if attempts.isSpent(address) { throw Self.tooMany }
    }

    /// Counts a wrong token.
    private func refusal(_ address: String) -> Refusal { attempts.allows(address) ? Self.unauthorized : Self.tooMany }

    private static let tooMany = Refusal(.tooManyRequests, "too many wrong tokens; wait a while", headers: [.retryAfter: "10"])

    private static let unauthorized = Refusal(
        .unauthorized, "this server wants its token: open the address it printed, or give the token as the password",
        headers: [.wwwAuthenticate: #"Basic realm="Redraw", charset="UTF-8""#])
}

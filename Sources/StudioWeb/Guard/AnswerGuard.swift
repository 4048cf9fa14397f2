import Hummingbird

/// The outermost of all: every error becomes an answer of one shape, and every answer has the headers that keep a browser careful.
struct AnswerGuard: RouterMiddleware {
    let errors: ErrorAnswers

    /// Nothing from outside, nothing inline, in nobody's frame.
    static let policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; font-src 'self'; "
        + "manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        var response: Response
        do {
            // An address that no browser sends in this form.
            guard request.uri.string.utf8.count <= 8192 else { throw Refusal(.uriTooLong, "the address is too long") }
            response = try await next(request, context)
        } catch {
            response = errors.refusal(error).answer
        }
        response.headers[.contentSecurityPolicy] = Self.policy
        response.headers[.xContentTypeOptions] = "nosniff"
        response.headers[.init("X-Frame-Options")!] = "DENY"
        response.headers[.init("Referrer-Policy")!] = "no-referrer"
        response.headers[.init("Cross-Origin-Opener-Policy")!] = "same-origin"
        response.headers[.init("Cross-Origin-Resource-Policy")!] = "same-origin"
        response.headers[.init("Permissions-Policy")!] = "camera=(), microphone=(), geolocation=(), payment=()"
        return response
    }
}

import Foundation
import Hummingbird
import Studio

/// The server's routes behind its guards; nothing listens yet.
///
/// - Parameter onRunning: told the port, once the server answers.
func buildApplication(_ site: Site, onRunning: @escaping @Sendable (Int) -> Void = { _ in }) -> some ApplicationProtocol {
    var application = Application(
        router: buildRouter(site),
        server: .http1(
            configuration: .init(
                idleTimeout: .seconds(Limits.idleSeconds),
                httpDecoderConfiguration: .init(
                    maxHeaderFieldSize: Limits.headBytes, maxHeaderListSize: Limits.headBytes, maxHeaderFieldCount: 100))),
        configuration: .init(address: .hostname(site.options.host, port: site.options.port), backlog: 1024),
        onServerRunning: { channel in onRunning(channel.localAddress?.port ?? site.options.port) })
    application.logger.logLevel = .critical
    return application
}

func buildRouter(_ site: Site) -> Router<Context> {
    let router = Router(context: Context.self, options: .autoGenerateHeadEndpoints)
    router.add(middleware: AnswerGuard(errors: site.errors))
    router.add(
        middleware: HostGuard(isLoopback: site.options.isLoopback, names: ServerNames.of(site.options)))
    router.add(middleware: RateGuard())
    router.add(
        middleware: TokenGuard(
            token: site.options.token, attempts: RateLimit(burst: Limits.wrongTokens, perSecond: Limits.wrongTokensPerSecond)))
    let api = router.group("api/v1")
    StatusRoutes(site: site).add(to: api)
    PictureRoutes(site: site).add(to: api)
    ScreeningRoutes(site: site).add(to: api)
    MaskRoutes(site: site).add(to: api)
    WishRoutes(site: site).add(to: api)
    JobRoutes(site: site).add(to: api)
    GenerationRoutes(site: site).add(to: api)
    SheetRoutes(site: site).add(to: api)
    RecordRoutes(site: site).add(to: api)
    EventRoutes(site: site).add(to: api)
    WebUIRoutes(site: site).add(to: router.group("sdapi/v1"))
    PageRoutes(page: site.page).add(to: router)
    return router
}

/// Names under which others reach a server that does not stay on this machine.
enum ServerNames {
    static func of(_ options: ServeOptions) -> Set<String> {
        guard !options.isLoopback else { return [] }
        let own = ProcessInfo.processInfo.hostName.lowercased()
        let short = own.split(separator: ".").first.map(String.init) ?? own
        return Set([own, short, short + ".local", options.host.lowercased()].filter { !$0.isEmpty })
    }
}

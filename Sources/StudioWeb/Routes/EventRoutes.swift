import Foundation
import Hummingbird

/// What happens, as it happens.
struct EventRoutes {
    let site: Site

    func add(to router: RouterGroup<Context>) {
        router.get("events") { request, _ in
            // A browser says in the header what it saw last; a query says it for those who cannot set one.
            let last = request.headers[.init("Last-Event-ID")!] ?? request.query("after")
            let events = try site.hub.listen(after: last.flatMap { UInt64($0) })
            return Response(
                status: .ok,
                headers: [.contentType: "text/event-stream; charset=utf-8", .cacheControl: "no-store", .init("X-Accel-Buffering")!: "no"],
                body: ResponseBody { writer in
                    for await text in events { try await writer.write(ByteBuffer(string: text)) }
                    try await writer.finish(nil)
                })
        }
    }
}

import NIOCore
import NIOHTTP1

/// Asks a proxy for the whole address (RFC 9112, 3.2.2): AsyncHTTPClient knows tunnels alone, and many a proxy lets nobody through to a port
/// where no TLS is spoken.
final class ProxiedRequests: ChannelOutboundHandler {
    typealias OutboundIn = HTTPClientRequestPart
    typealias OutboundOut = HTTPClientRequestPart

    /// Puts it between the client and the writer of requests, beside what looks at the answers.
    @Sendable static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        StatusCheck.add(to: channel).flatMap {
            channel.eventLoop.submit {
                let pipeline = channel.pipeline.syncOperations
                let check = try pipeline.context(handlerType: StatusCheck.self)
                try pipeline.addHandler(ProxiedRequests(), position: .after(check.handler))
            }
        }
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        guard case .head(var head) = unwrapOutboundIn(data), let host = head.headers.first(name: "Host") else {
            return context.write(data, promise: promise)
        }
        head.uri = "http://\(host)\(head.uri)"
        context.write(wrapOutboundOut(.head(head)), promise: promise)
    }
}

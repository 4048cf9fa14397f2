import NIOCore
import NIOHTTP1

/// Ends a connection whose server answers with a status that HTTP does not have (RFC 9110, 15): AsyncHTTPClient passes over the head of one below
/// 200, and takes the body behind it for a fault of this program.
final class StatusCheck: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias InboundOut = HTTPClientResponsePart

    struct NoSuchStatus: Error {
        let code: UInt
    }

    private var isOver = false

    /// Puts it between the reader of answers and the client.
    @Sendable static func add(to channel: any Channel) -> EventLoopFuture<Void> {
        channel.eventLoop.submit {
            let pipeline = channel.pipeline.syncOperations
            let reader = try pipeline.context(handlerType: ByteToMessageHandler<HTTPResponseDecoder>.self)
            try pipeline.addHandler(StatusCheck(), position: .after(reader.handler))
        }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isOver else { return }
        if case .head(let head) = unwrapInboundIn(data), head.status.code < 100 {
            isOver = true
            context.fireErrorCaught(NoSuchStatus(code: head.status.code))
            context.close(promise: nil)
            return
        }
        context.fireChannelRead(data)
    }
}

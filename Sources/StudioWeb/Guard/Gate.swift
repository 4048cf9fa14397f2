import Hummingbird
import Synchronization

/// Lets a few in at a time and turns others away at once: what takes much memory does not wait in memory.
final class Gate: Sendable {
    private let most: Int
    private let inside = Mutex(0)

    init(most: Int) { self.most = most }

    /// - Throws: ``Refusal`` where it is full; what the body throws.
    func pass<Value>(_ body: () async throws -> Value) async throws -> Value {
        let isOpen = inside.withLock { inside -> Bool in
            guard inside < most else { return false }
            inside += 1
            return true
        }
        guard isOpen else {
            throw Refusal(
                .serviceUnavailable, "\(most) large pictures are being taken in already; send this one again in a moment",
                headers: [.retryAfter: "2"])
        }
        defer { inside.withLock { $0 -= 1 } }
        return try await body()
    }
}

extension Site {
    /// Does what a request asks for that may bring a picture: where its body is large, or nobody says how large it is, among few at a time.
    func admit<Value>(_ request: Request, _ body: () async throws -> Value) async throws -> Value {
        if let length = request.headers[.contentLength].flatMap({ Int($0) }), length <= Limits.json { return try await body() }
        return try await largeBodies.pass(body)
    }
}

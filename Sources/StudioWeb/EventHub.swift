import Foundation
import Hummingbird
import Synchronization

/// Tells every page that listens what happens, and one that was away for a while what it missed.
final class EventHub: Sendable {
    /// Events that are kept for those who come back.
    static let kept = 1000

    struct Event: Sendable {
        let id: UInt64
        let name: String
        /// JSON on one line.
        let data: String

        var text: String { "id: \(id)\nevent: \(name)\ndata: \(data)\n\n" }
    }

    private struct State {
        var next: UInt64
        var ring: [Event] = []
        var listeners: [UInt64: AsyncStream<String>.Continuation] = [:]
        var nextListener: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    /// Numbers go on from one run of the server to the next: they begin with the time.
    init(at moment: Date = Date()) {
        let first = UInt64(max(0, moment.timeIntervalSince1970 * 1000)) * 1000
        state = Mutex(State(next: first))
    }

    func tell(_ name: String, _ value: some Encodable) {
        let data = JSONText.text(value)
        state.withLock { state in
            let event = Event(id: state.next, name: name, data: data)
            state.next += 1
            state.ring.append(event)
            if state.ring.count > Self.kept { state.ring.removeFirst(state.ring.count - Self.kept) }
            Self.send(event.text, to: &state)
        }
    }

    /// A line that says nothing: it keeps proxies from closing what seems idle, and finds out who is gone.
    func comment() {
        state.withLock { Self.send(": \n\n", to: &$0) }
    }

    private static func send(_ text: String, to state: inout State) {
        for (id, listener) in state.listeners {
            // Who does not keep up is let go: it comes back and says what it has seen.
            if case .enqueued = listener.yield(text) { continue }
            listener.finish()
            state.listeners[id] = nil
        }
    }

    /// What is told from now on, and what was told after the event of that number.
    ///
    /// - Parameter last: nil: nothing was seen before. One older than what is kept gets the event `reload`.
    /// - Throws: ``Refusal`` where too many listen already.
    func listen(after last: UInt64?) throws -> AsyncStream<String> {
        try state.withLock { state in
            guard !state.isClosed else { throw CancellationError() }
            guard state.listeners.count < Limits.listeners else {
                throw Refusal(.serviceUnavailable, "\(Limits.listeners) pages are open already; close one", headers: [.retryAfter: "5"])
            }
            let (stream, continuation) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingOldest(Self.kept + 8))
            let id = state.nextListener
            state.nextListener += 1
            // The browser waits so long before it comes back.
            continuation.yield("retry: 1000\n\n")
            if let last {
                let first = state.ring.first?.id ?? state.next
                if last >= state.next || last + 1 < first {
                    let newest = state.next == 0 ? 0 : state.next - 1
                    continuation.yield(Event(id: newest, name: "reload", data: "{}").text)
                } else {
                    for event in state.ring where event.id > last { continuation.yield(event.text) }
                }
            }
            state.listeners[id] = continuation
            continuation.onTermination = { [weak self] _ in
                // Where this ends while the lock is held, it was taken out already.
                Task { self?.remove(id) }
            }
            return stream
        }
    }

    private func remove(_ id: UInt64) { state.withLock { $0.listeners[id] = nil } }

    /// How many listen.
    var listeners: Int { state.withLock { $0.listeners.count } }

    /// Ends all that listen; nobody can any more.
    func close() {
        state.withLock { state in
            state.isClosed = true
            for listener in state.listeners.values { listener.finish() }
            state.listeners = [:]
        }
    }
}

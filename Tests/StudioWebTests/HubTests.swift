import Foundation
import Testing

@testable import StudioWeb

/// What listeners are told, and what those who come back are told again.
@Suite struct HubTests {
    private func numbers(_ texts: [String]) -> [UInt64] {
        texts.compactMap { text in text.split(separator: "\n").first { $0.hasPrefix("id: ") }.flatMap { UInt64($0.dropFirst(4)) } }
    }

    private func all(_ stream: AsyncStream<String>) async -> [String] {
        var texts: [String] = []
        for await text in stream { texts.append(text) }
        return texts
    }

    @Test func whoComesBackHearsWhatWasMissed() async throws {
        let hub = EventHub()
        let first = try hub.listen(after: nil)
        for number in 0..<5 { hub.tell("step", ["n": number]) }
        let heard = try hub.listen(after: nil)
        hub.close()
        let ids = numbers(await all(first))
        let late = numbers(await all(heard))
        #expect(ids.count == 5 && ids == ids.sorted() && late.isEmpty)

        let other = EventHub()
        for number in 0..<5 { other.tell("step", ["n": number]) }
        let seen = try other.listen(after: nil)
        other.tell("step", ["n": 5])
        let later = try other.listen(after: numbers(await firstText(seen, 2))[0] - 3)
        other.close()
        #expect(numbers(await all(later)).count == 3)
    }

    private func firstText(_ stream: AsyncStream<String>, _ count: Int) async -> [String] {
        var texts: [String] = []
        for await text in stream {
            texts.append(text)
            if texts.count == count { break }
        }
        return texts
    }

    @Test func whoWasAwayTooLongIsToldToReload() async throws {
        let hub = EventHub()
        for number in 0..<EventHub.kept + 10 { hub.tell("step", ["n": number]) }
        let (old, foreign) = (try hub.listen(after: 5), try hub.listen(after: UInt64.max))
        hub.close()
        for texts in [await all(old), await all(foreign)] {
            #expect(texts.count == 2 && texts[1].contains("event: reload"))
        }
    }

    @Test func whoDoesNotListenIsLetGo() async throws {
        let hub = EventHub()
        let stream = try hub.listen(after: nil)
        for number in 0..<EventHub.kept + 100 { hub.tell("step", ["n": number]) }
        #expect(hub.listeners == 0)
        #expect(await all(stream).count <= EventHub.kept + 8)
    }

    @Test func aNumberOfListenersIsEnough() throws {
        let hub = EventHub()
        let streams = try (0..<Limits.listeners).map { _ in try hub.listen(after: nil) }
        #expect(throws: Refusal.self) { try hub.listen(after: nil) }
        withExtendedLifetime(streams) {}
        hub.close()
        #expect(throws: CancellationError.self) { try hub.listen(after: nil) }
    }
}

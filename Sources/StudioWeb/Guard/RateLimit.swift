import Hummingbird
import Synchronization

/// So many at once and so many a second for long, for each address: a bucket that fills up again.
final class RateLimit: Sendable {
    private struct Bucket {
        var left: Double
        var at: ContinuousClock.Instant
    }

    private let burst: Double
    private let perSecond: Double
    private let buckets = Mutex<[String: Bucket]>([:])

    init(burst: Double, perSecond: Double) {
        (self.burst, self.perSecond) = (burst, perSecond)
    }

    /// Whether the next one would be beyond the limit; nothing is counted.
    func isSpent(_ address: String, at now: ContinuousClock.Instant = .now) -> Bool {
        buckets.withLock { buckets in
            guard let bucket = buckets[address] else { return burst < 1 }
            return min(burst, bucket.left + max(0, bucket.at.duration(to: now) / .seconds(1)) * perSecond) < 1
        }
    }

    /// Whether one more is within the limit; it counts then.
    func allows(_ address: String, at now: ContinuousClock.Instant = .now) -> Bool {
        buckets.withLock { buckets in
            // Full buckets say nothing: a server that many visit does not keep them.
            if buckets.count > 10_000 {
                buckets = buckets.filter { $0.value.left + ($0.value.at.duration(to: now) / .seconds(1)) * perSecond < burst }
            }
            var bucket = buckets[address] ?? Bucket(left: burst, at: now)
            bucket.left = min(burst, bucket.left + max(0, bucket.at.duration(to: now) / .seconds(1)) * perSecond)
            bucket.at = now
            let isAllowed = bucket.left >= 1
            if isAllowed { bucket.left -= 1 }
            buckets[address] = bucket
            return isAllowed
        }
    }
}

/// Refuses those who ask more often than a person's page does.
struct RateGuard: RouterMiddleware {
    let all = RateLimit(burst: Limits.burst, perSecond: Limits.requestsPerSecond)
    let changes = RateLimit(burst: Limits.changeBurst, perSecond: Limits.changesPerSecond)

    func handle(_ request: Request, context: Context, next: (Request, Context) async throws -> Response) async throws -> Response {
        let address = context.address ?? ""
        let isChange = ![.get, .head, .options].contains(request.method)
        guard all.allows(address), !isChange || changes.allows(address) else {
            throw Refusal(.tooManyRequests, "too many requests; wait a second", headers: [.retryAfter: "1"])
        }
        return try await next(request, context)
    }
}

import AsyncHTTPClient
import Foundation
import Glibc

/// A file on its way from a server to this machine: whole under its name, or not there at all.
///
/// What came so far lies beside it and is gone on with after a break or a kill. The digest that was promised is compared before the file gets its
/// name. It stands with the engines because AsyncHTTPClient has one importer; what is fetched, and where to, others decide.
package struct FileDownload: Sendable {
    /// How far it is.
    package struct Progress: Sendable {
        /// Bytes that are here, those of an earlier try included.
        package let bytes: Int
        /// Of all; nil where the server does not tell.
        package let total: Int?
        /// As this try has gone so far; nil before anything came, or without a total.
        package let secondsLeft: Double?
    }

    /// How long is waited, and how often is tried again.
    package struct Patience: Sendable {
        /// Seconds without a byte.
        package var silence: Int64
        /// Tries without a single new byte.
        package var tries: Int
        /// Before the second try; it doubles with each.
        package var pause: Duration
        /// Longest wait that a server may ask for.
        package var longestWait: Double

        package init(silence: Int64 = 60, tries: Int = 5, pause: Duration = .seconds(1), longestWait: Double = 300) {
            (self.silence, self.tries, self.pause, self.longestWait) = (silence, tries, pause, longestWait)
        }
    }

    package let source: URL
    package let place: URL
    /// Sent to the host of `source` only.
    private let authorization: String?
    /// In lower-case hexadecimal; nil where nobody told.
    private let sha256: String?
    private let bytes: Int?
    private let replaces: Bool
    private let patience: Patience
    private let environment: [String: String]

    /// - Parameters:
    ///   - replaces: whether another file of the name gives way to it.
    ///   - environment: names the proxies.
    package init(
        from source: URL, to place: URL, token: String? = nil, sha256: String? = nil, bytes: Int? = nil, replaces: Bool = false,
        patience: Patience = .init(), environment: [String: String] = ProcessInfo.processInfo.environment
    ) {
        self.environment = environment
        self.replaces = replaces
        (self.source, self.place, self.sha256, self.bytes, self.patience) = (source, place, sha256, bytes, patience)
        authorization = token.map { "Bearer " + $0 }
    }

    /// Where what came so far lies.
    package var partial: URL { place.appendingPathExtension("partial") }
    /// What of the server's file that is: its entity tag. Without one nothing is gone on with.
    private var mark: URL { place.appendingPathExtension("partial-tag") }

    /// - Parameters:
    ///   - digest: makes the SHA-256 of a file, in lower-case hexadecimal.
    ///   - onProgress: told a few times a second.
    /// - Throws: `DownloadError`.
    package func run(
        digest: @Sendable (URL) throws -> String, onProgress: @escaping @Sendable (Progress) -> Void = { _ in }
    ) async throws {
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        let lock = try DownloadLock.take(place.appendingPathExtension("partial-lock").path, for: place.path)
        defer { withExtendedLifetime(lock) {} }
        var (tries, pause, before) = (1, patience.pause, size)
        while true {
            do {
                try await attempt(onProgress)
                break
            } catch let error as DownloadError {
                // What gets on goes on: only tries that bring nothing are counted.
                if size > before { (tries, pause, before) = (0, patience.pause, size) }
                let asked = error.wait.map { Double($0) }
                let most = error.reachedNobody ? min(patience.tries, Self.triesToReach) : patience.tries
                guard let wait = asked ?? (error.isPassing ? pause / .seconds(1) : nil), tries < most,
                    wait <= patience.longestWait
                else { throw error }
                tries += 1
                pause = pause * 2
                try await Task.sleep(for: .seconds(wait))
            }
        }
        if let sha256 {
            let found = try digest(partial)
            guard found == sha256.lowercased() else {
                // Nothing of it can be believed.
                forget()
                throw DownloadError.digest(file: place.lastPathComponent, found: found, expected: sha256)
            }
        }
        if !replaces, (try? FileManager.default.attributesOfItem(atPath: place.path)) != nil {
            // The same once more is no news.
            let isSame = FileManager.default.contentsEqual(atPath: partial.path, andPath: place.path)
            forget()
            guard isSame else { throw DownloadError.isThere(path: place.path) }
            return
        }
        guard rename(partial.path, place.path) == 0 else {
            throw DownloadError.cannotWrite(path: place.path, reason: String(cString: strerror(errno)))
        }
        try? FileManager.default.removeItem(at: mark)
    }

    /// Of a host that never answered; whoever waits for its file wants to know soon.
    private static let triesToReach = 2

    private var size: Int { (try? FileManager.default.attributesOfItem(atPath: partial.path)[.size] as? Int) ?? 0 }

    private func forget() {
        try? FileManager.default.removeItem(at: partial)
        try? FileManager.default.removeItem(at: mark)
    }

    private func attempt(_ onProgress: @Sendable (Progress) -> Void) async throws {
        let tag = try? String(contentsOf: mark, encoding: .utf8)
        if tag == nil { forget() }
        var have = size
        if let bytes, have == bytes, have > 0 { return }
        if let bytes, have > bytes {
            forget()
            have = 0
        }
        let response: HTTPClientResponse
        do {
            response = try await answer(from: have, tag: tag)
        } catch let error as DownloadError {
            throw error
        } catch {
            try Task.checkCancellation()
            let (host, reason) = (source.host ?? "", HTTPClients.reason(error))
            throw HTTPClients.isCutOff(error)
                ? DownloadError.broken(host: host, reason: reason, kept: have > 0)
                : DownloadError.unreachable(host: host, reason: reason, kept: have > 0)
        }
        // A server may tell any number; no sum of these is past an Int.
        let length = response.headers.first(name: "Content-Length").flatMap { Int($0) }.map { min(max($0, 0), Self.largest) }
        var total = bytes
        switch response.status.code {
        case 206:
            let range = ContentRange(response.headers.first(name: "Content-Range") ?? "")
            guard let range, range.first == have else {
                throw DownloadError.broken(host: source.host ?? "", reason: "another part came than was asked for", kept: true)
            }
            total = total ?? range.total.map { min($0, Self.largest) }
        case 200:
            forget()
            have = 0
            total = total ?? length
        default: throw DownloadError.refused(url: plain, status: Int(response.status.code))
        }
        if let bytes, let total = length.map({ $0 + have }), total != bytes {
            throw DownloadError.length(file: place.lastPathComponent, found: total, expected: bytes)
        }
        if let needed = total.map({ $0 - have }), let free = Self.freeBytes(at: place), free < needed {
            throw DownloadError.noSpace(path: place.deletingLastPathComponent().path, needed: needed, free: free)
        }
        if have == 0, let tag = response.headers.first(name: "ETag"), !tag.hasPrefix("W/") {
            try Data(tag.utf8).write(to: mark)
        }
        try await keep(response, from: have, total: total, onProgress)
    }

    private func keep(
        _ response: HTTPClientResponse, from start: Int, total: Int?, _ onProgress: @Sendable (Progress) -> Void
    ) async throws {
        if !FileManager.default.fileExists(atPath: partial.path) {
            _ = FileManager.default.createFile(atPath: partial.path, contents: nil)
        }
        guard let handle = try? FileHandle(forWritingTo: partial) else {
            throw DownloadError.cannotWrite(path: partial.path, reason: String(cString: strerror(errno)))
        }
        defer { try? handle.close() }
        try handle.seek(toOffset: UInt64(start))
        let begin = ContinuousClock.now
        var (have, told) = (start, begin)
        do {
            for try await part in response.body {
                try Task.checkCancellation()
                if let total, have + part.readableBytes > total {
                    throw DownloadError.length(file: place.lastPathComponent, found: have + part.readableBytes, expected: total)
                }
                do {
                    try handle.write(contentsOf: Data(part.readableBytesView))
                } catch {
                    throw DownloadError.cannotWrite(path: partial.path, reason: String(cString: strerror(errno)))
                }
                have += part.readableBytes
                guard told.duration(to: .now) > .milliseconds(250) else { continue }
                told = .now
                let seconds = begin.duration(to: told) / .seconds(1)
                onProgress(
                    Progress(
                        bytes: have, total: total,
                        secondsLeft: total.map { seconds / Double(max(have - start, 1)) * Double($0 - have) }))
            }
        } catch let error as DownloadError {
            if case .length = error { forget() }
            throw error
        } catch {
            try Task.checkCancellation()
            throw DownloadError.broken(host: source.host ?? "", reason: HTTPClients.reason(error), kept: have > 0)
        }
        if let total, have < total { throw DownloadError.broken(host: source.host ?? "", reason: "it ended early", kept: have > 0) }
        onProgress(Progress(bytes: have, total: total, secondsLeft: 0))
    }

    /// Follows redirections by hand: the token stays with the host it is for, and nothing goes on without TLS that began with it.
    private func answer(from start: Int, tag: String?) async throws -> HTTPClientResponse {
        var url = source
        guard url.hasUsualPort else { throw DownloadError.noPort(url: plain) }
        for _ in 0..<10 {
            let way = HTTPClients.way(to: url, silence: patience.silence, environment: environment)
            var request = way.request
            request.headers.add(name: "User-Agent", value: "Redraw")
            request.headers.add(name: "Accept-Encoding", value: "identity")
            if let authorization, url.host == source.host, url.port == source.port, url.scheme == source.scheme {
                request.headers.add(name: "Authorization", value: authorization)
            }
            if start > 0, let tag {
                request.headers.add(name: "Range", value: "bytes=\(start)-")
                request.headers.add(name: "If-Range", value: tag)
            }
            let response = try await way.client.execute(request, timeout: .hours(24 * 30))
            let status = Int(response.status.code)
            switch status {
            case 301, 302, 303, 307, 308:
                guard let next = response.headers.first(name: "Location").flatMap({ URL(string: $0, relativeTo: url)?.absoluteURL }),
                    next.scheme == "https" || next.scheme == url.scheme && next.scheme == "http", next.hasUsualPort
                else { throw DownloadError.refused(url: plain, status: status) }
                url = next
            case 401, 403: throw DownloadError.unauthorized(url: plain, hadToken: authorization != nil)
            case 404, 410: throw DownloadError.notThere(url: plain)
            case 408, 429, 500...599:
                throw DownloadError.busy(
                    host: url.host ?? "", status: status,
                    wait: response.headers.first(name: "Retry-After").flatMap { Self.seconds(retryAfter: $0) })
            case 416:
                // What is here is not a part of what is there.
                forget()
                throw DownloadError.broken(host: url.host ?? "", reason: "the file is another one than before", kept: false)
            default: return response
            }
        }
        throw DownloadError.refused(url: plain, status: 310)
    }

    /// Without what may be a signature or a password.
    private var plain: String { "\(source.scheme ?? "")://\(source.host ?? "")\(source.port.map { ":\($0)" } ?? "")\(source.path)" }

    private static func freeBytes(at place: URL) -> Int? {
        var status = statvfs()
        guard statvfs(place.deletingLastPathComponent().path, &status) == 0 else { return nil }
        let (bytes, isMore) = Int(clamping: status.f_bavail).multipliedReportingOverflow(by: Int(clamping: status.f_frsize))
        return isMore ? .max : bytes
    }

    /// More than any file has: a petabyte.
    private static let largest = 1 << 50

    /// What `Retry-After` asks for, a year at most; nil for dates and for what is no number.
    static func seconds(retryAfter text: String) -> Int? {
        guard let seconds = Double(text), seconds.isFinite, seconds >= 0 else { return nil }
        return Int(min(seconds, 31_536_000).rounded(.up))
    }
}

/// `bytes 100-199/200`.
struct ContentRange: Equatable {
    let first: Int
    let total: Int?

    init?(_ text: String) {
        let parts = text.split(whereSeparator: { " -/".contains($0) })
        guard parts.count == 4, parts[0] == "bytes", let first = Int(parts[1]), first >= 0 else { return nil }
        (self.first, total) = (first, Int(parts[3]))
    }
}

/// Why a file could not be fetched.
package enum DownloadError: Error, Equatable, CustomStringConvertible {
    /// No answer came at all.
    ///
    /// - Parameter kept: whether a part of the file is here from before.
    case unreachable(host: String, reason: String, kept: Bool)
    case broken(host: String, reason: String, kept: Bool)
    case busy(host: String, status: Int, wait: Int?)
    case unauthorized(url: String, hadToken: Bool)
    case notThere(url: String)
    case refused(url: String, status: Int)
    /// A port that no address has.
    case noPort(url: String)
    case length(file: String, found: Int, expected: Int)
    case digest(file: String, found: String, expected: String)
    /// Another process, or another task of this one, fetches it.
    case underWay(path: String)
    /// Another file has the name.
    case isThere(path: String)
    case noSpace(path: String, needed: Int, free: Int)
    case cannotWrite(path: String, reason: String)

    /// Whether it may be well the next time.
    var isPassing: Bool {
        switch self {
        case .unreachable, .broken, .busy: true
        default: false
        }
    }

    /// Whether no answer came, and nothing is here from before.
    var reachedNobody: Bool {
        if case .unreachable(_, _, let kept) = self { !kept } else { false }
    }

    /// Seconds that the server asks to be left alone.
    var wait: Int? {
        if case .busy(_, _, let wait) = self { wait } else { nil }
    }

    /// In the unit that people would use, rounded up.
    static func words(seconds: Int) -> String {
        func up(_ unit: Int) -> Int { (seconds + unit - 1) / unit }
        switch seconds {
        case ..<120: return "\(seconds) s"
        case ..<7_200: return "\(up(60)) minutes"
        case ..<172_800: return "\(up(3_600)) hours"
        default: return "\(up(86_400)) days"
        }
    }

    private static let goesOn = "what came so far is kept, so try again and it goes on from there"

    package var description: String {
        switch self {
        case .unreachable(let host, let reason, let kept):
            "cannot reach \(host) (\(reason)); " + (kept ? Self.goesOn : "nothing was fetched")
        case .broken(let host, let reason, let kept):
            "the connection to \(host) broke (\(reason)); " + (kept ? Self.goesOn : "nothing of the file was kept, so try again")
        case .busy(let host, let status, let wait):
            "\(host) is busy (\(status))\(wait.map { ", and asks to be left alone for \(Self.words(seconds: $0))" } ?? ""); try again later, it goes on from there"
        case .unauthorized(let url, let hadToken):
            "\(url) is not for everybody; \(hadToken ? "the token in HF_TOKEN is not let in: accept the model's terms on its page first" : "set HF_TOKEN to an access token of yours, after you have accepted the model's terms on its page")"
        case .notThere(let url): "\(url): there is no such file; look at the name, and at --revision"
        case .refused(let url, let status): "\(url) was refused (\(status))"
        case .noPort(let url): "\(url) names a port that there is not; ports are from 1 to 65535"
        case .length(let file, let found, let expected):
            "\(file) has \(found) bytes where \(expected) were promised; nothing of it was kept"
        case .digest(let file, let found, let expected):
            "\(file) is not the file that was promised: its SHA-256 is \(found.prefix(12))…, not \(expected.prefix(12))…; nothing of it was kept"
        case .underWay(let path): "\(path) is being fetched already; wait until that is done"
        case .isThere(let path): "\(path) is there already and is another file; add --overwrite to replace it"
        case .noSpace(let path, let needed, let free):
            "\(path) has \(free >> 20) MB free, and \(needed >> 20) MB are to come; make room first"
        case .cannotWrite(let path, let reason): "\(path) cannot be written: \(reason)"
        }
    }
}

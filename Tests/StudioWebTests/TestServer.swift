import Foundation
import Hummingbird
import HummingbirdTesting
import Pixels
import TestSupport
import Testing

@testable import Studio
@testable import StudioWeb

/// A server of its own library, with the models that come along; nothing listens unless the test says so.
final class TestServer: Sendable {
    let folder: TemporaryFolder
    let site: Site

    init(_ change: (inout ServeOptions) -> Void = { _ in }) throws {
        folder = try TemporaryFolder()
        let installation = try Installation.current(
            environment: [
                "REDRAW_DATA": checkout.path, "HOME": folder.url.path, "XDG_CACHE_HOME": TestServer.cache.path,
                "XDG_DATA_HOME": folder.url.appendingPathComponent("data").path,
            ])
        var options = ServeOptions()
        change(&options)
        let studio = Studio(installation: installation, library: folder.url.appendingPathComponent("library"))
        site = Site(studio, options)
    }

    /// The vocabulary's embeddings take a while: the tests of one run share them.
    private static let cache: URL = {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-web-test-cache-\(getpid())")
        try? FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        atexit { TestServer.removeCache() }
        return url
    }()

    private static func removeCache() { try? FileManager.default.removeItem(at: cache) }

    /// Asks the routes without a connection.
    func ask<Value>(_ body: @Sendable (Asking) async throws -> Value) async throws -> Value {
        try await buildApplication(site).test(.router) { try await body(Asking(client: $0)) }
    }

    /// The same while both queues are worked off.
    func working<Value>(_ body: @Sendable (Asking) async throws -> Value) async throws -> Value {
        let work = Task { await site.work() }
        do {
            let value = try await ask(body)
            work.cancel()
            await work.value
            return value
        } catch {
            work.cancel()
            await work.value
            throw error
        }
    }

    /// A small picture of its own colours.
    static func png(_ number: Int = 0, width: Int = 96, height: Int = 64) throws -> [UInt8] {
        let bytes = (0..<width * height).flatMap { pixel -> [UInt8] in
            let (x, y) = (pixel % width, pixel / width)
            return [UInt8((x * 2 + number * 40) % 256), UInt8((y * 3) % 256), UInt8((x + y + number * 17) % 256)]
        }
        return try ImageFile.encodePNG(Image(width: width, height: height, channels: 3, bytes: bytes))
    }

    /// White in its middle.
    static func mask(width: Int = 96, height: Int = 64) throws -> [UInt8] {
        let values = (0..<width * height).map { pixel -> UInt8 in
            let (x, y) = (pixel % width, pixel / width)
            return (width / 3..<2 * width / 3).contains(x) && (height / 3..<2 * height / 3).contains(y) ? 255 : 0
        }
        return try ImageFile.encodePNG(Image(width: width, height: height, channels: 1, bytes: values))
    }
}

/// Asks as a page does.
struct Asking: Sendable {
    let client: any TestClientProtocol

    struct Answer: Sendable {
        let status: Int
        let headers: HTTPFields
        let bytes: [UInt8]

        var text: String { String(decoding: bytes, as: UTF8.self) }
        /// Read by JSONSerialization.
        var json: Any { (try? JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)) ?? NSNull() }
        var object: [String: Any] { json as? [String: Any] ?? [:] }
        var list: [[String: Any]] { json as? [[String: Any]] ?? [] }
        /// What an answer with an error says, and of which key.
        var message: String { (object["error"] as? [String: Any])?["message"] as? String ?? "" }
        var field: String? { (object["error"] as? [String: Any])?["field"] as? String }
    }

    func callAsFunction(
        _ method: HTTPRequest.Method, _ path: String, json: String? = nil, bytes: [UInt8]? = nil, type: String = "image/png",
        headers: HTTPFields = [:]
    ) async throws -> Answer {
        var headers = headers
        if json != nil { headers[.contentType] = "application/json" }
        if bytes != nil { headers[.contentType] = type }
        let body = (json.map { Array($0.utf8) } ?? bytes).map { ByteBuffer(bytes: $0) }
        let isWhole = ["/api", "/sdapi", "/?", "/assets", "//"].contains { path.hasPrefix($0) } || path == "/"
        let uri =
            isWhole
            ? path : "/api/v1" + path
        let response = try await client.executeRequest(uri: uri, method: method, headers: headers, body: body)
        return Answer(status: Int(response.status.code), headers: response.headers, bytes: Array(response.body.readableBytesView))
    }

    /// Asks until it is so.
    func wait(_ path: String, for seconds: Double = 900, until holds: @Sendable (Answer) -> Bool) async throws -> Answer {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while true {
            let answer = try await self(.get, path)
            if holds(answer) { return answer }
            guard ContinuousClock.now < deadline else {
                Issue.record("\(path) did not become so: \(answer.text.prefix(600))")
                return answer
            }
            try await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Takes a picture in, and tells its number.
    func upload(_ number: Int = 0, name: String = "cat.png") async throws -> Int {
        let answer = try await self(
            .post, "/pictures", bytes: try TestServer.png(number), headers: [.init("X-File-Name")!: name.percentEncoded])
        #expect(answer.status == 201, "\(answer.text)")
        return answer.object["id"] as? Int ?? -1
    }
}

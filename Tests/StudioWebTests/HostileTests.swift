import Foundation
import Glibc
import Hummingbird
import Pixels
import Screening
import TestSupport
import Testing

@testable import Studio
@testable import StudioWeb

/// Requests that nobody's page sends: all refused, and the server answers afterwards.
@Suite(.serialized) struct HostileTests {
    private struct Case {
        let what: String
        let method: HTTPRequest.Method
        let path: String
        var headers: HTTPFields = [:]
        var body: [UInt8]?
        let status: ClosedRange<Int>
    }

    @Test func everyHostileRequestIsRefused() async throws {
        let server = try TestServer()
        try await server.ask { ask in
            let json: HTTPFields = [.contentType: "application/json"]
            let wish = Array(#"{"prompt":"x"}"#.utf8)
            var table: [Case] = []
            for origin in ["http://evil.example", "null", "https://localhost.evil.example", "http://localhost:1", "file://"] {
                var headers = json
                headers[.origin] = origin
                table.append(Case(what: "origin \(origin)", method: .post, path: "/jobs", headers: headers, body: wish, status: 403...403))
                table.append(Case(what: "origin \(origin)", method: .delete, path: "/bin", headers: headers, status: 403...403))
            }
            table.append(
                Case(
                    what: "another site's script", method: .get, path: "/pictures", headers: [.init("Sec-Fetch-Site")!: "cross-site"],
                    status: 403...403))
            table.append(
                Case(
                    what: "a form's post", method: .post, path: "/jobs", headers: [.contentType: "text/plain"], body: wish,
                    status: 415...415))
            table.append(
                Case(
                    what: "a form", method: .post, path: "/jobs", headers: [.contentType: "application/x-www-form-urlencoded"], body: wish,
                    status: 415...415))
            for path in [
                "/masks/..%2f..%2fetc%2fpasswd", "/masks/%00", "/pictures/-1", "/pictures/0", "/pictures/99999999999999999999",
                "/pictures/1%2f..%2f..", "/generations/1/outputs/0", "/generations/x", "/presets/x/y", "/jobs/1e3",
                "/assets/../../Package.swift",
                "//etc/passwd", "/nothing", "/api/v1/../../etc/passwd", "/assets/%2e%2e%2fPackage.swift",
            ] {
                table.append(Case(what: path, method: .get, path: path, status: 400...404))
            }
            for method in [HTTPRequest.Method.put, .patch, .connect, .trace, .init("BREW")!] {
                table.append(Case(what: "\(method)", method: method, path: "/status", status: 400...405))
            }
            let bomb = [UInt8](repeating: UInt8(ascii: "["), count: 200_000)
            for (what, body) in [
                ("deep JSON", bomb), ("half a JSON", Array(#"{"prompt":"#.utf8)), ("no UTF-8", [0x22, 0xFF, 0xFE, 0x22]), ("nothing", []),
                ("a long key", Array(#"{"\#(String(repeating: "k", count: 100_000))":1}"#.utf8)),
                ("a huge number", Array(#"{"prompt":"x","steps":1e400}"#.utf8)),
                ("a long prompt", Array(#"{"prompt":"\#(String(repeating: "x ", count: 20_000))"}"#.utf8)),
            ] {
                table.append(Case(what: what, method: .post, path: "/plan", headers: json, body: body, status: 400...422))
            }
            table.append(
                Case(
                    what: "too long a body", method: .post, path: "/plan", headers: json,
                    body: [UInt8](repeating: 0x20, count: Limits.json + 1), status: 413...413))
            table.append(
                Case(
                    what: "a body that is said to be huge", method: .post, path: "/pictures",
                    headers: [.contentType: "image/png", .contentLength: "99999999999"], status: 400...413))
            // A PNG's head that promises more pixels than anybody has.
            var png = try TestServer.png()
            png.replaceSubrange(16..<24, with: [0x7F, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF])
            for (what, body) in [
                ("a picture of two billion pixels a side", png), ("no picture", Array("GIF89a, or not".utf8)), ("an empty picture", []),
                ("half a picture", Array(try TestServer.png().prefix(60))), ("a script", Array("<svg onload=alert(1)>".utf8)),
            ] {
                table.append(
                    Case(what: what, method: .post, path: "/pictures", headers: [.contentType: "image/png"], body: body, status: 400...422))
                table.append(
                    Case(what: what, method: .post, path: "/masks", headers: [.contentType: "image/png"], body: body, status: 400...422))
            }
            table.append(
                Case(
                    what: "a long address", method: .get, path: "/pictures?query=" + String(repeating: "x", count: 9000), status: 414...414)
            )
            table.append(Case(what: "SQL", method: .get, path: "/pictures?order=id;DROP%20TABLE%20picture", status: 422...422))
            for entry in table {
                let answer = try await ask.client.executeRequest(
                    uri: entry.path.hasPrefix("//") || entry.path.hasPrefix("/assets") || entry.path.hasPrefix("/api")
                        ? entry.path : "/api/v1" + entry.path,
                    method: entry.method, headers: entry.headers, body: entry.body.map { ByteBuffer(bytes: $0) })
                let text = String(decoding: answer.body.readableBytesView, as: UTF8.self)
                #expect(entry.status.contains(Int(answer.status.code)), "\(entry.what): \(answer.status) \(text.prefix(200))")
                #expect(text.utf8.count < 2000 && !text.contains(checkout.path) && !text.contains(server.folder.url.path), "\(entry.what)")
                #expect(answer.headers[.xContentTypeOptions] == "nosniff" && answer.headers[.contentSecurityPolicy] != nil)
            }
            #expect(try await ask(.get, "/status").object["pictures"] as? Int == 0)
            #expect(try await ask(.get, "/jobs").list.isEmpty)
        }
    }

    /// Bodies with pictures in them may be long, but not of a million values, each of which takes many times its room in the text.
    @Test func aBodyOfManyValuesIsNotDecoded() async throws {
        let most = Limits.webUIValues
        for (text, isBounded) in [
            ("[" + String(repeating: "0,", count: most - 1) + "0]", true), ("[" + String(repeating: "0,", count: most) + "0]", false),
            (String(repeating: "[", count: most + 1), false), (String(repeating: "{\"a\":", count: most + 1), false),
            ("[\"" + String(repeating: ",\\\",[{", count: most) + "\"]", true), ("", true),
        ] {
            #expect(UploadLimits.holds(Array(text.utf8), values: most) == isBounded, "\(text.prefix(20))")
        }
        try await TestServer().ask { ask in
            let body = #"{"prompt":"x","script_args":["# + String(repeating: "0,", count: most) + "0]}"
            let answer = try await ask(.post, "/sdapi/v1/txt2img", json: body)
            #expect(answer.status == 413 && answer.text.contains("\(most) values"), "\(answer.text.prefix(200))")
        }
    }

    /// A library that was taken in may say any number of how its pictures were made.
    @Test(arguments: [-1, Int.min, Int.max]) func requestsOfOthersAreListed(_ count: Int) async throws {
        let server = try TestServer()
        let output = GenerationOutput(path: "/nowhere/cat.png", sha256: String(repeating: "c", count: 64))
        _ = try server.site.studio.premises.library().record(
            NewGeneration(
                kind: .paint, request: #"{"mode": "paint", "prompt": "a cat", "count": \#(count)}"#, seed: 7, model: "small",
                profile: "redraw", precision: "f32", stepsRequested: 20,
                outcome: GenerationOutcome(status: .done, stepsRun: 20, seconds: #"{"total": 3}"#, outputs: [output])))
        try await server.ask { ask in
            let listed = try await ask(.get, "/generations")
            #expect(listed.status == 200 && (listed.object["generations"] as? [Any])?.count == 1, "\(listed.text.prefix(300))")
            #expect(try await ask(.get, "/generations/1").object["prompt"] as? String == "a cat")
        }
    }

    @Test func namesOfOthersAreRefused() throws {
        func ours(_ host: String, _ options: ServeOptions = ServeOptions()) throws -> Int {
            let guarded = HostGuard(isLoopback: options.isLoopback, names: ServerNames.of(options))
            do {
                try guarded.check(HTTPRequest(method: .get, scheme: "http", authority: host, path: "/"))
                return 200
            } catch let refusal as Refusal {
                return Int(refusal.status.code)
            }
        }
        for host in ["localhost:7861", "127.0.0.1", "127.0.0.1:9000", "[::1]:7861", "LOCALHOST", "page.localhost:1"] {
            #expect(try ours(host) == 200, "\(host)")
        }
        for host in [
            "evil.example", "evil.example:7861", "localhost.evil.example", "192.168.1.5", "127.0.0.1.evil.example", "", "a b", "[::1",
        ] {
            #expect(try ours(host) == 421, "\(host)")
        }
        var open = ServeOptions()
        open.host = "0.0.0.0"
        for host in ["192.168.1.5:7861", "[fe80::1]:7861", "localhost:7861"] { #expect(try ours(host, open) == 200, "\(host)") }
        #expect(try ours("evil.example", open) == 421)
    }

    @Test func withoutTheTokenNothingIsTold() async throws {
        let token = ServeOptions.generatedToken()
        #expect(token.count == 32 && token != ServeOptions.generatedToken())
        try await TestServer { ($0.token, $0.host) = (token, "0.0.0.0") }.ask { ask in
            let bare = try await ask(.get, "/status")
            #expect(bare.status == 401 && bare.headers[.wwwAuthenticate]?.hasPrefix("Basic") == true)
            #expect(try await ask(.get, "/").status == 401)
            let basic = Data("anybody:\(token)".utf8).base64EncodedString()
            for value in ["Bearer \(token)", "Basic \(basic)", "bearer \(token)"] {
                #expect(try await ask(.get, "/status", headers: [.authorization: value]).status == 200, "\(value)")
            }
            for value in ["Bearer \(token)x", "Bearer ", "Basic \(token)", "Basic !!!", token] {
                #expect(try await ask(.get, "/status", headers: [.authorization: value]).status == 401, "\(value)")
            }
            let opened = try await ask(.get, "/?token=\(token)")
            let cookie = opened.headers[.setCookie] ?? ""
            #expect(
                opened.status == 303 && opened.headers[.location] == "/" && cookie.contains("HttpOnly")
                    && cookie.contains("SameSite=Strict"))
            let kept = String(cookie.prefix { $0 != ";" })
            #expect(try await ask(.get, "/status", headers: [.cookie: kept]).status == 200)
            #expect(try await ask(.get, "/status?token=\(token)").status == 401, "only the page's address takes it")
            // Who guesses is made to wait.
            var last = 0
            for _ in 0..<40 { last = try await ask(.get, "/?token=wrong").status }
            #expect(last == 429)
        }
    }

    /// Blanks and signs of a person's own token are no trouble in an address and a cookie.
    @Test func aTokenMayHoldAnySigns() async throws {
        let token = "something long & #1; 50%+ü"
        var options = ServeOptions()
        options.token = token
        let address = options.opening("/")
        #expect(address.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "&") && $0 != UInt8(ascii: "#") }, "\(address)")
        try await TestServer { $0.token = token }.ask { ask in
            let opened = try await ask(.get, address)
            #expect(opened.status == 303, "\(opened.text)")
            let cookie = String((opened.headers[.setCookie] ?? "").prefix { $0 != ";" })
            #expect(try await ask(.get, "/status", headers: [.cookie: cookie]).status == 200, "\(cookie)")
            let basic = Data("anybody:\(token)".utf8).base64EncodedString()
            #expect(try await ask(.get, "/status", headers: [.authorization: "Basic \(basic)"]).status == 200)
        }
    }

    /// A brake that lets the right guess through is none.
    @Test func afterTooManyWrongTokensTheRightOneWaitsToo() async throws {
        let router = Router(context: Context.self)
        router.add(middleware: AnswerGuard(errors: ErrorAnswers(text: DiscreetText(folders: []))))
        router.add(middleware: TokenGuard(token: "the right one", attempts: RateLimit(burst: 3, perSecond: 0)))
        router.get("/") { _, _ in Response(status: .ok) }
        let statuses = try await Application(router: router).test(.router) { client in
            let ask = Asking(client: client)
            let right: HTTPFields = [.authorization: "Bearer the right one"]
            var statuses = [try await ask(.get, "/", headers: right).status]
            for _ in 0..<3 { statuses.append(try await ask(.get, "/", headers: [.authorization: "Bearer wrong"]).status) }
            statuses.append(try await ask(.get, "/", headers: right).status)
            statuses.append(try await ask(.get, "/?token=the%20right%20one").status)
            // Whoever shows none is asked for it.
            statuses.append(try await ask(.get, "/").status)
            return statuses
        }
        #expect(statuses == [200, 401, 401, 401, 429, 429, 401])
    }

    /// Large bodies are turned away where as many are being read already, small ones are not.
    @Test func fewLargeBodiesAreReadAtATime() async throws {
        let gate = Gate(most: 2)
        let refused = try await Self.holding(gate, 2) { await Self.refusal(gate) }
        #expect(refused?.status == .serviceUnavailable && refused?.headers[.retryAfter] != nil)
        let free = await Self.refusal(gate)
        #expect(free == nil)
        // What fails leaves its place.
        for _ in 0..<3 {
            await #expect(throws: CancellationError.self) {
                try await Self.holding(gate, 1) { () async throws -> Int in throw CancellationError() }
            }
        }

        let server = try TestServer()
        let site = server.site
        let png = try TestServer.png()
        try await server.ask { ask in
            // As long as others hold every place.
            let large: HTTPFields = [.contentType: "image/png", .contentLength: "9000000"]
            var answer = try await Self.holding(site.largeBodies, Limits.largeBodies) {
                try await ask(.post, "/pictures", headers: large)
            }
            #expect(answer.status == 503 && answer.headers[.retryAfter] != nil && !answer.message.isEmpty, "\(answer.text)")
            answer = try await Self.holding(site.largeBodies, Limits.largeBodies) {
                try await ask(.post, "/pictures", bytes: png)
            }
            #expect(answer.status == 201, "\(answer.text)")
        }
    }

    /// What a gate says to the next one; nil where it lets it in.
    private static func refusal(_ gate: Gate) async -> Refusal? {
        do {
            try await gate.pass {}
            return nil
        } catch {
            return error as? Refusal
        }
    }

    private static func holding<Value: Sendable>(
        _ gate: Gate, _ places: Int, _ body: @Sendable () async throws -> Value
    ) async throws -> Value {
        guard places > 0 else { return try await body() }
        return try await gate.pass { try await holding(gate, places - 1, body) }
    }

    @Test func whoAsksTooOftenWaits() {
        let limit = RateLimit(burst: 3, perSecond: 1)
        let now = ContinuousClock.now
        #expect((0..<5).map { _ in limit.allows("a", at: now) } == [true, true, true, false, false])
        #expect(limit.isSpent("a", at: now) && !limit.isSpent("b", at: now) && !limit.isSpent("a", at: now + .seconds(1)))
        #expect(limit.allows("b", at: now))
        #expect(limit.allows("a", at: now + .seconds(1)) && !limit.allows("a", at: now + .seconds(1)))
    }

    @Test func noAnswerNamesAPath() {
        let text = DiscreetText(folders: [URL(fileURLWithPath: "/home/me/Redraw Library"), URL(fileURLWithPath: "/opt/redraw")])
        let table = [
            ("/home/me/Redraw Library/pictures/x.png is damaged", "pictures/x.png is damaged"),
            ("the library /home/me/Redraw Library is locked", "the library the library is locked"),
            ("cannot read /var/tmp/a/b.png: no", "cannot read b.png: no"), ("\"/etc/passwd\" is no model", "\"passwd\" is no model"),
            ("5 of 10 and/or image/png, 1/2", "5 of 10 and/or image/png, 1/2"), ("two\nlines", "two lines"),
        ]
        for (message, plain) in table { #expect(text.plain(message) == plain) }
        // No pattern finds where a path with blanks ends; the errors know.
        let place = "/srv/My (old) photos, 2: Käthe/a cat's.png"
        let errors: [any Error] = [
            StudioError.pictureChanged(path: place), StudioError.partlyWritten(paths: [place], of: 2, reason: "\(place) is full"),
            LibraryError.corrupt(path: place, detail: "no"), ImageError.inFile(path: place, .empty),
            StudioError.unwritableOutput(path: place, reason: "its folder is gone"),
        ]
        for error in errors {
            let words = text.words(of: error)
            #expect(words.contains("a cat's.png") && !words.contains("photos") && !words.contains("srv"), "\(words)")
            let answer = ErrorAnswers(text: text).refusal(error)
            #expect(!answer.message.contains("photos") && !answer.message.contains("Käthe"), "\(answer.message)")
        }
        #expect(throws: (any Error).self) {
            do {
                _ = try FileManager.default.contentsOfDirectory(atPath: place)
            } catch {
                #expect(!text.words(of: error).contains("photos"), "\(text.words(of: error))")
                throw error
            }
        }
    }

    /// A real server: slow and idle connections by the hundred do not keep anybody else from being answered.
    @Test func idleAndSlowConnectionsDoNoHarm() async throws {
        let server = try TestServer { $0.port = 0 }
        try await buildApplication(server.site).test(.live) { client in
            let port = try #require(client.port)
            var limits = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
            limits.rlim_cur = min(limits.rlim_max, 8192)
            setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limits)
            var sockets: [Int32] = []
            defer { for socket in sockets { close(socket) } }
            for number in 0..<1000 {
                let socket = try #require(Self.connected(port), "connection \(number)")
                sockets.append(socket)
                // Some say nothing, some begin a head, some a body.
                let begun = [
                    "", "GET /api/v1/sta",
                    "POST /api/v1/plan HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 900\r\n\r\n{",
                ][number % 3]
                _ = begun.withCString { send(socket, $0, strlen($0), Int32(MSG_NOSIGNAL)) }
            }
            for _ in 0..<20 {
                let answer = try await Asking(client: client)(.get, "/status", headers: [.init("Host")!: "localhost"])
                #expect(answer.status == 200)
            }
        }
    }

    private static func connected(_ port: Int) -> Int32? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) }
                == 0
        }
        guard isConnected else {
            close(descriptor)
            return nil
        }
        return descriptor
    }
}

import Foundation
import TestSupport
import Testing

@testable import Engines

/// Files from a hub that cuts, stalls, redirects and lies.
@Suite struct FileDownloadTests {
    private let folder: TemporaryFolder
    private let servers = ServingProcesses()
    private let data = Data((0..<100_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) })

    init() throws {
        folder = try TemporaryFolder()
        let place = folder.url.appendingPathComponent("hub/owner/name")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try data.write(to: place.appendingPathComponent("model.safetensors"))
    }

    private func hub(_ arguments: String...) throws -> ServingProcess {
        try servers.start(
            python: [fixture("hub_server.py", room: "Engines").path, folder.url.appendingPathComponent("hub").path] + arguments)
    }

    private func sum(_ file: URL) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [file.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile().prefix(64), as: UTF8.self)
    }

    private var place: URL { folder.url.appendingPathComponent("here/model.safetensors") }

    private func download(_ hub: ServingProcess, token: String? = nil, silence: Int64 = 120, sha256: String? = nil, bytes: Int? = nil)
        throws -> FileDownload
    {
        FileDownload(
            from: try #require(URL(string: hub.address + "/owner/name/resolve/main/model.safetensors")), to: place, token: token,
            sha256: sha256, bytes: bytes, patience: .init(silence: silence, tries: 3, pause: .milliseconds(20)))
    }

    private struct Logged: Decodable {
        let path: String
        let range: String?
        let token: Bool
        let host: String
        /// As a proxy is asked for it; empty for what the server was asked itself.
        let address: String
        let proxy: String?
    }

    private func log(_ hub: ServingProcess) async throws -> [Logged] {
        try await HTTPExchange(address: try EngineAddress(hub.address)).get("/log", within: 10)
    }

    private var leftovers: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: place.deletingLastPathComponent().path)) ?? []).filter {
            $0 != "model.safetensors"
        }
    }

    /// (Fault, how often, whether each request asked for a rest). How much of a cut answer arrives, the network says.
    static let passing: [(String, Int, [Bool])] = [
        ("", 0, [false]), ("cut", 1, [false, true]), ("cut", 2, [false, true, true]), ("busy", 2, [false, false, false]),
        ("error", 1, [false, false]), ("stall", 1, [false, true]), ("plain", 0, [false]),
    ]

    @Test(arguments: passing.indices) func whatPassesIsGoneOnWith(_ index: Int) async throws {
        let (fault, times, rests) = Self.passing[index]
        let hub = try hub("--fault", fault, "--times", "\(times)")
        let silence: Int64 = fault == "stall" ? 5 : 120
        try await download(hub, silence: silence, sha256: try sum(folder.url.appendingPathComponent("hub/owner/name/model.safetensors")))
            .run(digest: {
                try sum($0)
            })
        #expect(try Data(contentsOf: place) == data && leftovers.isEmpty)
        let ranges = try await log(hub).map(\.range)
        #expect(ranges.map { $0 != nil } == rests, "\(ranges)")
    }

    @Test func whatWasKilledIsGoneOnWithUnlessTheFileIsAnother() async throws {
        let hub = try hub("--fault", "cut", "--times", "1000")
        await #expect(throws: DownloadError.self) { try await download(hub).run(digest: { try sum($0) }) }
        // Each try brought half of the rest, so it went on for long; all of that is kept.
        let before = try #require(try? Data(contentsOf: try download(hub).partial))
        #expect(before.count > 50_000 && data.starts(with: before) && !FileManager.default.fileExists(atPath: place.path))
        let sound = try self.hub()
        try await download(sound).run(digest: { try sum($0) })
        #expect(try await log(sound).map(\.range) == ["bytes=\(before.count)-"])
        #expect(try Data(contentsOf: place) == data)
        try FileManager.default.removeItem(at: place)
        // Half of another file is not the beginning of this one.
        try Data(repeating: 7, count: 50).write(to: try download(sound).partial)
        try Data(#""another""#.utf8).write(to: place.appendingPathExtension("partial-tag"))
        try await download(sound).run(digest: { try sum($0) })
        #expect(try Data(contentsOf: place) == data)
    }

    @Test func twoDoNotFetchOneFile() async throws {
        let hub = try hub("--fault", "stall")
        let (first, second) = (try download(hub, silence: 5), try download(hub))
        let run = Task { try await first.run(digest: { try sum($0) }) }
        // It has half of the file, and waits for the rest.
        let deadline = ContinuousClock.now + .seconds(60)
        while (try? Data(contentsOf: first.partial))?.count != 50_000, ContinuousClock.now < deadline {
            try await Task.sleep(for: .milliseconds(20))
        }
        await #expect(throws: DownloadError.underWay(path: place.path)) { try await second.run(digest: { try sum($0) }) }
        try await run.value
        #expect(try Data(contentsOf: place) == data && leftovers.isEmpty)
        try await second.run(digest: { try sum($0) })
        #expect(try Data(contentsOf: place) == data && leftovers.isEmpty, "the same once more is no error")
    }

    @Test func anotherFileOfTheNameStays() async throws {
        let hub = try hub()
        try FileManager.default.createDirectory(at: place.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data("mine".utf8).write(to: place)
        await #expect(throws: DownloadError.isThere(path: place.path)) { try await download(hub).run(digest: { try sum($0) }) }
        #expect(try Data(contentsOf: place) == Data("mine".utf8) && leftovers.isEmpty)
    }

    @Test func whatIsNotWhatWasPromisedIsNotKept() async throws {
        let hub = try hub()
        let wrong = String(repeating: "ab", count: 32)
        await #expect {
            try await download(hub, sha256: wrong).run(digest: { try sum($0) })
        } throws: {
            if case DownloadError.digest(file: "model.safetensors", _, expected: wrong) = $0 { true } else { false }
        }
        await #expect(throws: DownloadError.length(file: "model.safetensors", found: 100_000, expected: 99_999)) {
            try await download(hub, bytes: 99_999).run(digest: { try sum($0) })
        }
        #expect(!FileManager.default.fileExists(atPath: place.path) && leftovers.isEmpty)
    }

    @Test(
        arguments: [
            ("5", 5), ("1.2", 2), ("0", 0), ("1e30", 31_536_000), ("-1", nil), ("inf", nil), ("nan", nil), ("Wed, 21 Oct", nil),
        ] as [(String, Int?)])
    func whatAServerAsksForIsATimeOrNothing(_ text: String, _ seconds: Int?) {
        #expect(FileDownload.seconds(retryAfter: text) == seconds)
    }

    @Test(
        arguments: [
            (0, "0 s"), (119, "119 s"), (120, "2 minutes"), (301, "6 minutes"), (7_199, "120 minutes"), (7_200, "2 hours"),
            (90_000, "25 hours"),
            (172_800, "2 days"), (172_801, "3 days"), (31_536_000, "365 days"),
        ])
    func aWaitIsToldInTheUnitThatPeopleUse(_ seconds: Int, _ words: String) {
        #expect(DownloadError.words(seconds: seconds) == words)
        #expect("\(DownloadError.busy(host: "hub", status: 429, wait: seconds))".contains("left alone for \(words);"))
    }

    @Test func numbersThatCannotBeAreNoNumbers() async throws {
        let patient = try hub("--fault", "later")
        await #expect {
            try await download(patient).run(digest: { try sum($0) })
        } throws: {
            $0 as? DownloadError == .busy(host: "127.0.0.1", status: 429, wait: 31_536_000) && "\($0)".contains("for 365 days;")
        }
        let strange = try hub("--fault", "status", "--times", "1000")
        await #expect {
            try await download(strange).run(digest: { try sum($0) })
        } throws: {
            "\($0)".contains("a status that HTTP does not have")
        }
        let elsewhere = try hub("--fault", "port")
        await #expect {
            try await download(elsewhere).run(digest: { try sum($0) })
        } throws: {
            if case DownloadError.refused = $0 { true } else { false }
        }
        let cut = try hub("--fault", "cut", "--times", "1000")
        await #expect(throws: DownloadError.self) { try await download(cut).run(digest: { try sum($0) }) }
        let huge = try hub("--fault", "huge")
        await #expect {
            try await download(huge, bytes: 100_000).run(digest: { try sum($0) })
        } throws: {
            if case DownloadError.length = $0 { true } else { false }
        }
    }

    @Test func aTokenStaysWithTheHostItIsFor() async throws {
        let hub = try hub("--fault", "redirect", "--token", "secret")
        try await download(hub, token: "secret").run(digest: { try sum($0) })
        let asked = try await log(hub)
        #expect(asked.map(\.token) == [true, false] && asked[1].host.hasPrefix("localhost"))
        try FileManager.default.removeItem(at: place)
        await #expect {
            try await download(hub).run(digest: { try sum($0) })
        } throws: {
            "\($0)".contains("HF_TOKEN") && !"\($0)".contains("secret")
        }
        let gone = try self.hub("--fault", "missing")
        await #expect {
            try await download(gone).run(digest: { try sum($0) })
        } throws: {
            if case DownloadError.notThere = $0 { true } else { false }
        }
    }

    /// A proxy is asked for what goes without TLS by its whole address; it need not let anybody through to port 80.
    @Test func aPlainHubIsReachedThroughAProxy() async throws {
        let proxy = try hub("--token", "secret")
        let address = "http://hub.example:8080/owner/name/resolve/main/model.safetensors?download=true"
        let way = ["HTTP_PROXY": proxy.address.replacing("http://", with: "http://me:word@")]
        try await FileDownload(
            from: try #require(URL(string: address)), to: place, token: "secret", patience: .init(silence: 120, tries: 1), environment: way
        ).run(digest: { try sum($0) })
        #expect(try Data(contentsOf: place) == data)
        let logged = try #require(try await log(proxy).last)
        #expect(logged.address == address && logged.host == "hub.example:8080" && logged.proxy == "Basic bWU6d29yZA==")
    }

    @Test func proxiesAreThoseOfTheEnvironment() throws {
        let url = try #require(URL(string: "https://hub.example/x"))
        let proxy = try #require(HTTPProxy(for: url, environment: ["HTTPS_PROXY": "http://me:word@proxy:3128"]))
        #expect(proxy.host == "proxy" && proxy.port == 3128 && proxy.authorization != nil)
        #expect(HTTPProxy(for: url, environment: ["https_proxy": "proxy:8080"])?.port == 8080)
        #expect(HTTPProxy(for: url, environment: ["HTTP_PROXY": "proxy:1"]) == nil)
        for without in ["hub.example", ".example", "*", "a, example"] {
            #expect(HTTPProxy(for: url, environment: ["HTTPS_PROXY": "proxy:1", "NO_PROXY": without]) == nil, "\(without)")
        }
        #expect(HTTPProxy(for: url, environment: ["HTTPS_PROXY": "proxy:1", "NO_PROXY": "xample"]) != nil)
        #expect(HTTPProxy(for: try #require(URL(string: "http://127.0.0.1:1/")), environment: ["HTTP_PROXY": "proxy:1"]) == nil)
    }
}

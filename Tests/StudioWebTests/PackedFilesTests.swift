import Foundation
import Hummingbird
import HummingbirdTesting
import TestSupport
import Testing

@testable import StudioWeb

/// The page's files are packed for browsers that unpack, and for nobody else.
struct PackedFilesTests {
    @Test(arguments: [("gzip, deflate, br", true), ("gzip;q=0.5", true), ("br", false)])
    func whoUnpacksGetsLess(_ accepted: String, _ isPacked: Bool) async throws {
        let page = try TemporaryFolder()
        let text = String(repeating: "export const words = 'the same again'\n", count: 200)
        try Data(text.utf8).write(to: page.url.appendingPathComponent("text.js"))
        let router = Router(context: Context.self)
        PageRoutes(page: page.url).add(to: router)
        try await Application(router: router).test(.router) { client in
            let answer = try await client.execute(uri: "/assets/text.js", method: .get, headers: [.acceptEncoding: accepted])
            #expect((answer.headers[.contentEncoding] == "gzip") == isPacked)
            #expect(answer.body.readableBytes < text.utf8.count / 10 || !isPacked)
            #expect(Array(answer.body.readableBytesView.prefix(2)) == (isPacked ? [0x1f, 0x8b] : Array("ex".utf8)))
            let plain = try await client.execute(uri: "/assets/text.js", method: .get)
            #expect(String(buffer: plain.body) == text && plain.headers[.contentEncoding] == nil)
            #expect((plain.headers[.eTag] == answer.headers[.eTag]) != isPacked, "a tag names the bytes that are sent")
        }
    }

    /// What changed on the disk is packed anew.
    @Test func aChangedFileIsNotServedFromMemory() async throws {
        let page = try TemporaryFolder()
        let file = page.url.appendingPathComponent("text.js")
        let router = Router(context: Context.self)
        PageRoutes(page: page.url).add(to: router)
        try await Application(router: router).test(.router) { client in
            var tags: Set<String> = []
            for length in [1000, 2000] {
                try Data(String(repeating: "a", count: length).utf8).write(to: file)
                let answer = try await client.execute(uri: "/assets/text.js", method: .get, headers: [.acceptEncoding: "gzip"])
                tags.insert(answer.headers[.eTag] ?? "")
            }
            #expect(tags.count == 2)
        }
    }
}

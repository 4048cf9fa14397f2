import Testing

/// What goes over the wire.
struct WeightTests {
    @Test(.timeLimit(.minutes(5)))
    func everyViewTogetherIsBelow200Kilobytes() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        for (place, sign) in [
            ("#/picture/\(picture)/brush", ".brush-canvas"), ("#/history", ".records"), ("#/bin", ".records"), ("#/paint", "#prompt"),
            ("#/", ".tile"),
        ] {
            try await browser.go(place)
            try await browser.wait(forElement: sign)
        }
        let sent =
            try await browser.run(
                """
                const files = performance.getEntriesByType('resource').filter(entry => entry.name.includes('/assets/'))
                return [files.length, [...files, ...performance.getEntriesByType('navigation')].reduce((sum, entry) => sum + entry.encodedBodySize, 0)]
                """
            ).array?.compactMap(\.number) ?? []
        try #require(sent.count == 2)
        #expect(sent[0] > 40 && sent[1] > 20_000 && sent[1] < 200_000, "\(sent[0]) files, \(sent[1]) bytes")
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }
}

import Testing

/// Results beside each other, and larger canvases: known to the server, whatever browser asks.
@Suite(.serialized)
struct SheetTests {
    /// A server with a screened picture in a browser's window, two steps set.
    private func screened() async throws -> (Server, Browser, picture: Int) {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.click("#approve-above")
        try await browser.wait("!document.querySelector('#start').disabled", atMost: 60)
        try await browser.run("document.querySelector('.more').open = true")
        try await browser.set("[data-field=steps] input", to: "2")
        return (server, browser, picture)
    }

    @Test(.timeLimit(.minutes(8)))
    func aSheetIsThereInAnyBrowserAndInTheHistory() async throws {
        let (server, browser, picture) = try await screened()
        try await browser.set("#width", to: "64")
        try await browser.click("[aria-label^='A sheet']")
        try await browser.set("#sheet-x-values", to: "0.4, far")
        try await browser.click("#sheet-start")
        try await browser.wait(
            "document.querySelector('dialog .figure')?.textContent.includes('ar is no value of strength')", what: "what is wrong is said")
        // Of two steps, half of them and most of them are one.
        try await browser.set("#sheet-x-values", to: "0.5, 0.8")
        try await browser.wait(
            "document.querySelector('#sheet-notes').textContent.startsWith('The strengths 0.5 and 0.8 come to the same steps')")
        try await browser.set("#sheet-x-values", to: "0.4, 0.8")
        try await browser.choose("guidance", in: "#sheet-y")
        try await browser.set("#sheet-y-values", to: "2, 5")
        try await browser.wait("document.querySelector('dialog .figure').textContent.startsWith('4 pictures')")
        try await browser.click("#sheet-start")
        try await browser.click(".results [data-name=sheets]")
        try await browser.wait("document.querySelectorAll('.sheet td img').length === 4", what: "the sheet fills", atMost: 240)
        let heads = try await browser.run("return [...document.querySelectorAll('.sheet th')].map(head => head.textContent)").array
        #expect(heads?.compactMap(\.string) == ["0.4", "0.8", "2", "5"])
        // A browser that keeps nothing finds it all the same.
        try await browser.run("localStorage.clear()")
        try await browser.reload()
        try await browser.click(".results [data-name=sheets]")
        try await browser.wait("document.querySelectorAll('.sheet td img').length === 4")
        try await browser.click(".sheet td .result")
        try await browser.wait("location.hash.includes('?result=')")
        try await browser.go("#/history")
        try await browser.click(".tree details summary")
        try await browser.wait("document.querySelectorAll('.tree details[open] .sheet td img').length === 4")
        try await browser.go("#/picture/\(picture)")
        try await browser.click(".sheet figcaption button")
        try await browser.click("dialog .button.primary")
        try await browser.wait("document.querySelector('.result-list')?.textContent.includes('No sheet yet')")
        // Chromium tells of every request that is refused; one was to be.
        #expect(try await browser.complaints().filter { !$0.contains("status of 422") } == [])
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func anEnlargedPictureHangsUnderTheOneItWas() async throws {
        let (server, browser, picture) = try await screened()
        try await browser.click("#open-brush")
        try await browser.click("#enlarge")
        try await browser.type("64", into: "#enlarge-top")
        try await browser.click("#enlarge-now")
        try await browser.wait("!location.hash.includes('/picture/\(picture)/') && location.hash.includes('/brush')", atMost: 60)
        try await browser.wait("!document.querySelector('#start').disabled", atMost: 60)
        #expect(try await browser.run("return document.querySelector('.origin').hash").string == "#/picture/\(picture)")
        try await browser.click("#start")
        try await browser.wait(forElement: ".result-actions", atMost: 240)
        try await browser.go("#/history")
        try await browser.wait(
            "document.querySelector('.roots > .branch > ul > .branch .leaf') && document.querySelectorAll('.roots > .branch').length === 1",
            what: "the tree is whole")
        try await browser.close()
        try await server.stop()
    }
}

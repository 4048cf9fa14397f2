import Testing

/// Where things stand, whatever font the system has.
@Suite(.serialized)
struct LayoutTests {
    /// What reaches beyond the edge of the settings, where it is cut off.
    private static let cutOff = """
        const panel = document.querySelector('.settings-body')
        const edge = panel.getBoundingClientRect().right - parseFloat(getComputedStyle(panel).paddingRight) + 0.5
        return [...panel.querySelectorAll('*')].filter(e => e.getClientRects().length && e.getBoundingClientRect().right > edge)
          .map(e => e.outerHTML.slice(0, 80))
        """

    @Test(.timeLimit(.minutes(5)), arguments: [1280, 390])
    func theSettingsKeepWithinTheirPanel(_ width: Int) async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, width: width, height: 800)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        if width < 700 { try await browser.click(".desk-tabs [data-panel=settings]") }
        try await browser.wait(forElement: ".settings-body .prompt")
        // Wider than any that the page asks for.
        try await browser.run("document.documentElement.style.setProperty('--sans', '\"DejaVu Sans\", Verdana, sans-serif')")
        try await browser.run("document.querySelector('.more').open = true")
        let cutOff = try await browser.run(LayoutTests.cutOff).array ?? []
        #expect(cutOff.isEmpty, "\(cutOff.prefix(5))")
        try await browser.close()
        try await server.stop()
    }
}

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
    /// In how many rows the brush's tools stand, and which of them reach beyond the bar's edge.
    private static let brushTools = """
        const bar = document.querySelector('.brush-bar')
        const boxes = [...bar.children].filter(e => e.getClientRects().length && !e.popover).map(e => [e, e.getBoundingClientRect()])
        const edge = bar.getBoundingClientRect().right + 0.5
        return [
          boxes.filter(([_, box], index) => index === 0 || box.top >= boxes[index - 1][1].bottom).length,
          boxes.filter(([_, box]) => box.right > edge).map(([e]) => e.outerHTML.slice(0, 80)).join(' '),
        ]
        """

    /// The choices of the repainted part that are wider than their field.
    private static let cutChoices = """
        return [...document.querySelectorAll('.repaint select')].filter((field) => {
          const width = field.offsetWidth
          Object.assign(field.style, { width: 'max-content', flex: 'none' })
          const wanted = field.offsetWidth
          Object.assign(field.style, { width: '', flex: '' })
          return width === 0 || wanted > width
        }).map(e => e.outerHTML.slice(0, 80))
        """

    @Test(.timeLimit(.minutes(5)), arguments: [(1280, 2), (390, 4)])
    func aWideFontCutsNothingOff(_ width: Int, brushRows most: Int) async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, width: width, height: 800)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        if width < 700 { try await browser.click(".desk-tabs [data-panel=settings]") }
        try await browser.wait(forElement: ".settings-body .prompt")
        // Wider than any that the page asks for.
        try await browser.run("document.documentElement.style.setProperty('--sans', '\"DejaVu Sans\", Verdana, sans-serif')")
        try await browser.run("document.querySelector('.more').open = true")
        let cutOff = try await browser.run(LayoutTests.cutOff).array ?? []
        #expect(cutOff.isEmpty, "\(cutOff.prefix(5))")
        if width < 700 { try await browser.click(".desk-tabs [data-panel=stage]") }
        try await browser.go("#/picture/\(picture)/brush")
        try await browser.wait(forElement: ".brush-canvas")
        let tools = try #require(try await browser.run(LayoutTests.brushTools).array)
        let rows = Int(try #require(tools[0].number))
        #expect((1...most).contains(rows) && tools[1].string == "", "\(tools)")
        if width < 700 { try await browser.click(".desk-tabs [data-panel=settings]") }
        let cutChoices = try await browser.run(LayoutTests.cutChoices).array ?? []
        #expect(cutChoices.isEmpty, "\(cutChoices)")
        try await browser.close()
        try await server.stop()
    }
}

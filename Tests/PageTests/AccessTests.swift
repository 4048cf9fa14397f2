import Testing

/// What everybody needs who uses the page otherwise than with a mouse and good eyes.
@Suite(.serialized)
struct AccessTests {
    /// Controls without a name, for whoever hears the page.
    private static let nameless = """
        return [...document.querySelectorAll('button, input, select, textarea, a[href], [role=slider]')]
          .filter(e => e.getClientRects().length && !e.closest('[hidden]'))
          .filter(e => !(e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.length || e.title || e.getAttribute('aria-labelledby')))
          .map(e => e.outerHTML.slice(0, 120))
        """

    /// Texts whose contrast with what lies behind is below what WCAG's AA asks for.
    private static let faint = """
        const channel = v => { v /= 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4 }
        const probe = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true })
        const rgba = text => { probe.clearRect(0, 0, 1, 1); probe.fillStyle = text; probe.fillRect(0, 0, 1, 1); return [...probe.getImageData(0, 0, 1, 1).data] }
        const light = ([r, g, b]) => 0.2126 * channel(r) + 0.7152 * channel(g) + 0.0722 * channel(b)
        const over = (top, below) => { const a = top[3] / 255; return [0, 1, 2].map(i => top[i] * a + below[i] * (1 - a)).concat(255) }
        const behind = e => {
          const layers = []
          for (let n = e; n; n = n.parentElement) { const c = rgba(getComputedStyle(n).backgroundColor); layers.push(c); if (c[3] === 255) break }
          return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 255])
        }
        const found = []
        for (const e of document.querySelectorAll('body *')) {
          if (!e.getClientRects().length || e.closest('[disabled], .virtual img, .badge, .pane-label, option, [inert]')) continue
          if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue
          const style = getComputedStyle(e)
          if (style.visibility === 'hidden' || e.closest('button:disabled')) continue
          const ground = behind(e)
          const [a, b] = [light(over(rgba(style.color), ground)), light(ground)]
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)
          const large = parseFloat(style.fontSize) >= 24 || (parseFloat(style.fontSize) >= 18.66 && style.fontWeight >= 700)
          if (ratio < (large ? 3 : 4.5)) found.push(`${e.tagName}.${e.className} "${e.textContent.trim().slice(0, 30)}" ${ratio.toFixed(2)}`)
        }
        return [...new Set(found)]
        """

    @Test(.timeLimit(.minutes(5)), arguments: Browser.Theme.allCases)
    func everythingHasANameAndCanBeRead(_ theme: Browser.Theme) async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, theme: theme)
        func look(_ where: String) async throws {
            let nameless = try await browser.run(AccessTests.nameless).array ?? []
            #expect(nameless.isEmpty, "\(`where`), \(theme): \(nameless)")
            let faint = try await browser.run(AccessTests.faint).array ?? []
            #expect(faint.isEmpty, "\(`where`), \(theme): \(faint)")
        }
        try await browser.go()
        try await browser.wait(forElement: ".drop-place")
        try await look("the start")
        try await browser.add(Pictures.coffee)
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait(until: "photo", is: "approved")
        try await browser.click("[data-tag='espresso'] .reject")
        try await browser.wait(until: "espresso", is: "rejected")
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.run("for (const d of document.querySelectorAll('details')) d.open = true")
        try await look("the desk")
        try await browser.click("#open-brush")
        try await browser.wait(forElement: ".brush-canvas")
        try await look("the brush")
        try await browser.go("#/")
        try await browser.wait(forElement: ".tile")
        try await look("the pictures")
        try await browser.go("#/history")
        try await browser.wait(forElement: ".empty")
        try await look("the history")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func theKeyboardAloneScreensAndAScreenReaderHearsIt() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        let place = try await browser.run("return location.hash").string
        try await browser.run("document.querySelector('.skip').focus()")
        try await browser.press(.enter)
        #expect(try await browser.run("return document.activeElement.id").string == "view")
        #expect(try await browser.run("return location.hash").string == place, "whoever passes over the head stays at the picture")
        // A letter that falls where no tag has the focus decides nothing.
        try await browser.run("document.querySelector('#view').focus()")
        try await browser.press("ar")
        #expect(try await browser.count(".chip:not([data-state=pending])") == 0)
        try await browser.run("document.querySelector('#board').focus()")
        try await browser.press("j")
        let label = try await browser.run("return document.activeElement.getAttribute('aria-label')").string ?? ""
        #expect(label.contains("Subject") && label.contains("%") && label.hasSuffix("undecided"), "\(label)")
        let first = try await browser.run("return document.activeElement.closest('.chip').dataset.tag").string ?? ""
        try await browser.press("a")
        try await browser.wait(until: first, is: "approved")
        let second = try await browser.run("return document.activeElement.closest('.chip').dataset.tag").string ?? ""
        #expect(second != first, "the next pending tag has the focus")
        try await browser.press("r")
        try await browser.wait(until: second, is: "rejected")
        try await browser.press("u")
        try await browser.wait(until: second, is: "pending")
        #expect(try await browser.text(".counts").contains("1 approved"))
        // One stop in the order of the tabulator for all tags.
        #expect(try await browser.count(".chip-word[tabindex='0']") == 1)
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func theListKeepsTheFocusWhenItIsToldAnew() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let coffee = try await browser.add(Pictures.coffee)
        try await browser.go("#/")
        try await browser.wait(forElement: ".tile")
        let rocket = try await browser.add(Pictures.rocket)
        try await browser.go("#/")
        try await browser.wait("document.querySelectorAll('.tile img').length === 2")
        try await browser.run("document.querySelector(`.tile[data-picture='${arguments[0]}']`).focus()", .number(Double(coffee)))
        // The other one goes, and everything moves up by one place.
        try await browser.run(
            "await fetch('/api/v1/pictures/' + arguments[0], { method: 'DELETE', headers: { 'Content-Type': 'application/json' }, body: '{}' })",
            .number(Double(rocket)))
        try await browser.wait("document.querySelectorAll('.tile img').length === 1")
        #expect(try await browser.run("return document.activeElement.dataset.picture").string == "\(coffee)")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func startIsOffWhileAnOrderIsOnItsWayAndWhatWentWrongStays() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait("!document.querySelector('#start').disabled")
        // The order is held back, then refused; in the meantime a plan is answered.
        try await browser.run(
            """
            const fetch = window.fetch
            const refusal = () => new Response('{"error": {"message": "no room for it", "field": null}}', { status: 507, headers: { 'Content-Type': 'application/json' } })
            window.fetch = (...asked) => String(asked[0]).endsWith('/jobs') ? new Promise(answer => { window.answer = () => answer(refusal()) }) : fetch(...asked)
            """)
        try await browser.click("#start")
        try await browser.set(".figure-field", to: "0.4")
        try await browser.wait("/^4 of 10/.test(document.querySelector('#strength-runs').textContent)")
        #expect(try await browser.run("return document.querySelector('#start').disabled").isTrue)
        try await browser.run("window.answer()")
        try await browser.wait("!document.querySelector('#start').disabled")
        try await Task.sleep(for: .seconds(10))
        #expect(try await browser.text(".notice.bad").contains("No room for it."))
        try await browser.close()
        try await server.stop()
    }
}

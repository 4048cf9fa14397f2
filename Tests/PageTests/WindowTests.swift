import Foundation
import Testing

/// What other windows and programs do to a picture that lies on the desk here.
@Suite(.serialized)
struct WindowTests {
    /// Asks the server as another window would: the page itself knows nothing of it.
    private func elsewhere(_ browser: Browser, _ method: String, _ path: String, _ body: String) async throws {
        let status = try await browser.run(
            """
            const headers = { 'Content-Type': 'application/json' }
            return (await fetch('/api/v1' + arguments[1], { method: arguments[0], headers, body: arguments[2] })).status
            """, .string(method), .string(path), .string(body)
        ).number
        #expect((200..<300).contains(status ?? 0), "\(method) \(path): \(status ?? 0)")
    }

    @Test(.timeLimit(.minutes(5)))
    func decisionsThatLeaveTheCountsAsTheyAreAreTakenOver() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait(until: "photo", is: "approved")
        try await elsewhere(
            browser, "POST", "/pictures/\(picture)/decisions",
            #"{"changes": [{"action": "reset", "tag": "photo"}, {"action": "approve", "tag": "espresso"}]}"#)
        try await browser.wait(until: "espresso", is: "approved")
        try await browser.wait(until: "photo", is: "pending")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func whatIsTypedStaysUntilALaterVersionComes() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        let shown = "return document.querySelector('#prompt').value"
        try await browser.type("my own words", into: "#prompt")
        try await elsewhere(browser, "PUT", "/pictures/\(picture)/prompt", #"{"positive": "somebody else's words"}"#)
        // Both are kept as versions; what is written here is the later one, and stays in sight.
        try await browser.wait(
            "(await (await fetch('/api/v1/pictures/\(picture)')).json()).prompts.some(one => one.positive.includes('my own words'))")
        #expect(try await browser.run(shown).string?.contains("my own words") == true)
        try await elsewhere(browser, "PUT", "/pictures/\(picture)/prompt", #"{"positive": "words of a later day"}"#)
        try await browser.wait("document.querySelector('#prompt').value === 'words of a later day'")
        try await browser.reload()
        try await browser.wait("document.querySelector('#prompt')?.value === 'words of a later day'")
        // Back to the composed form, and it stays so.
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait("document.querySelector('[data-form=phrase]').getAttribute('aria-pressed') === 'true'")
        try await browser.reload()
        try await browser.wait("document.querySelector('[data-form=phrase]')?.getAttribute('aria-pressed') === 'true'")
        // And what was written is found again, as often as one looks at the other.
        for _ in 1...2 {
            try await browser.click("[data-form=own]")
            try await browser.wait("document.querySelector('#prompt').value === 'words of a later day'")
            try await browser.click("[data-form=phrase]")
            try await browser.wait("document.querySelector('#prompt').value.startsWith('a photo')")
        }
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func aHalfTypedNumberStaysWhenAPlanArrives() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        let steps = "[data-field=steps] input"
        try await browser.click(".more > summary")
        try await browser.wait("document.querySelector('\(steps)').value !== ''", what: "the usual steps are shown")
        try await browser.click(steps)
        try await browser.run("document.querySelector('\(steps)').select()")
        try await browser.press("1")
        // Another window's decision changes the prompt, and so the plan.
        let plans = "performance.getEntriesByType('resource').filter((one) => one.name.endsWith('/plan')).length"
        let before = try await browser.run("return \(plans)").number ?? 0
        try await elsewhere(browser, "POST", "/pictures/\(picture)/decisions", #"{"changes": [{"action": "approve", "tag": "photo"}]}"#)
        try await browser.wait("\(plans) > \(before)", what: "a plan arrives")
        try await browser.press("2")
        #expect(try await browser.run("return document.querySelector('\(steps)').value").string == "12")
        // The keys that make a picture take what is typed; in a dialog they are none of the desk's.
        let jobs = "(await (await fetch('/api/v1/jobs')).json())"
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.run("(await import('/assets/presets.js')).pasteInfotext({})")
        try await browser.click("#infotext")
        try await browser.press(Browser.Key.enter.rawValue, holding: .control)
        try await browser.press(.escape)
        try await browser.wait("!document.querySelector('dialog')")
        #expect(try await browser.run("return \(jobs).length").number == 0)
        try await browser.click(steps)
        try await browser.run("document.querySelector('\(steps)').select()")
        try await browser.press("7")
        try await browser.press(Browser.Key.enter.rawValue, holding: .control)
        try await browser.wait(
            "(await (await fetch('/api/v1/generations')).json()).generations[0]?.wish.steps === 7", what: "made in seven steps", atMost: 120
        )
        try await browser.close()
        try await server.stop()
    }

    /// Paintings grow out of drafts, and a photograph that is redrawn does not: what was set for the one is not asked of the other.
    @Test(.timeLimit(.minutes(5)))
    func draftsStayWhereTheyMeanSomething() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.go("#/paint")
        try await browser.type("a red barn", into: "#prompt")
        try await browser.run("document.querySelector('.more').open = true")
        try await browser.set("[data-field=drafts] input", to: "3")
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.go("#/picture/\(picture)")
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait("!document.querySelector('#start').disabled", what: "nothing is refused")
        #expect(try await browser.run("return document.querySelector('[data-field=drafts]').hidden").isTrue)
        try await browser.go("#/paint")
        try await browser.wait("document.querySelector('[data-field=drafts] input')?.value === '3'")
        try await browser.close()
        try await server.stop()
    }

    /// A file that is no picture is told as what it is, and the next ones are taken in.
    @Test(.timeLimit(.minutes(5)))
    func whatIsNoPictureIsToldSo() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.wait(forElement: ".drop-place")
        let letter = server.home.url.appendingPathComponent("letter.txt")
        try Data("Dear all".utf8).write(to: letter)
        try await browser.type(letter.path, into: "#pick")
        try await browser.wait(forElement: ".notice.bad")
        let told = try await browser.text(".notice.bad")
        #expect(told.contains("letter.txt was not added") && !told.contains("Content-Type"), "\(told)")
        try await browser.add(Pictures.coffee)
        try await browser.close()
        try await server.stop()
    }

    /// What a terminal's jobs come to on the same library is seen without a reload.
    @Test(.timeLimit(.minutes(5)))
    func aJobOfTheTerminalEndsHereToo() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.wait(forElement: ".drop-place")
        let program = try server.beside(["paint", "a red barn", "--seed", "1", "--output", "barn.png"])
        try await browser.wait(
            "(await (await fetch('/api/v1/jobs')).json()).some(one => one.state === 'done')", what: "it is made", atMost: 120)
        try await browser.wait("document.querySelector('#queue-button').textContent === 'Queue'", what: "nothing is left to make")
        try await browser.click("#queue-button")
        try await browser.wait(forElement: ".jobs.over .job.done")
        try await program.end()
        try await browser.close()
        try await server.stop()
    }

    /// On a telephone nothing is cut off, everything has a name, and what went wrong at one place is not told at the next.
    @Test(.timeLimit(.minutes(5)))
    func aTelephoneShowsWholeWords() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, width: 390, height: 844)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.go("#/")
        try await browser.wait(forElement: ".tile")
        try await browser.run(
            """
            const { state, tell } = await import('/assets/store.js')
            for (let id = 9001; id < 9013; id++) state.jobs.set(id, { id, state: 'queued' })
            tell('jobs')
            const { notice } = await import('/assets/notices.js')
            notice('other.txt was not added: it is no picture.', { kind: 'bad' })
            """)
        let cut =
            try await browser.run(
                """
                return [...document.querySelectorAll('#queue-button, .places a, .places .short, .library-tools .segments button, .library-tools .segments')]
                  .filter(e => e.scrollWidth > e.clientWidth + 1 && e.clientWidth || e.getBoundingClientRect().right > innerWidth)
                  .map(e => e.outerHTML.slice(0, 80))
                """
            ).array ?? []
        #expect(cut.isEmpty, "\(cut)")
        #expect(try await browser.run("return document.querySelector('#queue-button').offsetHeight").number == 36, "on one line")
        #expect(
            try await browser.run("return [...document.querySelectorAll('.places a')].map(e => e.getAttribute('aria-label')).join()").string
                == "Pictures,Paint from words,History,Bin")
        try await Task.sleep(for: .seconds(2))
        try await browser.go("#/picture/\(picture)")
        try await browser.wait(forElement: ".desk")
        #expect(try await browser.count(".notice.bad") == 0)
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func aHiddenWindowLetsGoAndCatchesUp() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.run(
            """
            window.closings = 0
            const close = EventSource.prototype.close
            EventSource.prototype.close = function () { window.closings += 1; return close.call(this) }
            Object.defineProperty(document, 'hidden', { value: true, configurable: true })
            document.dispatchEvent(new Event('visibilitychange'))
            """)
        #expect(try await browser.run("return window.closings").number == 1, "a hidden window holds no connection")
        try await elsewhere(
            browser, "POST", "/pictures/\(picture)/decisions", #"{"changes": [{"action": "approve", "tag": "photo"}]}"#)
        try await browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        try await browser.wait(until: "photo", is: "approved")
        #expect(try await browser.run("return document.querySelector('.lost').hidden").isTrue)
        // A picture that is made meanwhile lies there afterwards.
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.run(
            """
            document.querySelector('#start').click()
            Object.defineProperty(document, 'hidden', { value: true, configurable: true })
            document.dispatchEvent(new Event('visibilitychange'))
            """)
        try await browser.wait(
            "(await (await fetch('/api/v1/jobs')).json()).some(one => one.state === 'done')", what: "it is made", atMost: 120)
        try await browser.run("delete document.hidden; document.dispatchEvent(new Event('visibilitychange'))")
        try await browser.wait(forElement: ".result-actions")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func aPresetIsReplacedOnlyAfterTheQuestion() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        // Another window keeps one after this one read the list.
        try await browser.click(".settings-foot [aria-haspopup=menu]")
        try await browser.press(.escape)
        try await elsewhere(browser, "PUT", "/presets/Gentle", #"{"wish": {"strength": 0.1}}"#)
        let kept = "(await (await fetch('/api/v1/presets')).json())[0].wish.strength"
        func keep() async throws {
            try await browser.set(".figure-field", to: "0.3")
            try await browser.click(".settings-foot [aria-haspopup=menu]")
            try await browser.wait("[...document.querySelectorAll('.menu button')].some(one => one.textContent.startsWith('Keep'))")
            try await browser.run("[...document.querySelectorAll('.menu button')].find(one => one.textContent.startsWith('Keep')).click()")
            try await browser.type("Gentle", into: "#preset-name")
            try await browser.press(.enter)
            try await browser.wait("document.querySelector('dialog')?.textContent.includes('Replace “Gentle”?')")
        }
        try await keep()
        try await browser.press(.escape)
        try await browser.wait("!document.querySelector('dialog')")
        #expect(try await browser.run("return \(kept)").number == 0.1)
        try await keep()
        try await browser.click("dialog .button.primary")
        try await browser.wait("\(kept) === 0.3", what: "it is replaced")
        try await browser.close()
        try await server.stop()
    }
}

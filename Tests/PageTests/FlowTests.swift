import Foundation
import TestSupport
import Testing

/// The whole flow, as a person goes through it in a browser.
@Suite(.serialized)
struct FlowTests {
    @Test(.timeLimit(.minutes(10)))
    func aPictureIsScreenedRedrawnComparedAndFoundAgain() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.wait(forElement: ".drop-place")
        let picture = try await browser.add(Pictures.coffee)

        // Screening: by click, by key, in bulk; editing, weighing, adding with completion.
        try await browser.click("[data-tag='espresso machine'] .reject")
        try await browser.wait(until: "espresso machine", is: "rejected")
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait(until: "photo", is: "approved")
        try await browser.run("document.querySelector(`.chip[data-tag='espresso'] .chip-word`).focus()")
        try await browser.press("a")
        try await browser.wait(until: "espresso", is: "approved")
        try await browser.run("document.querySelector(`.chip[data-tag='espresso'] .chip-word`).focus()")
        try await browser.press("+")
        try await browser.wait("document.querySelector('#prompt').value.includes('(espresso:1.1)')")
        try await browser.press("e")
        try await browser.wait("document.activeElement.id === 'chip-text'")
        try await browser.press("cup of espresso")
        try await browser.press(.enter)
        try await browser.wait("document.querySelector('#prompt').value.includes('(cup of espresso:1.1)')")
        try await browser.click("#approve-above")
        try await browser.wait(
            "!document.querySelector('.chip[data-state=pending][style*=\"0.9\"]:not([data-tag$=orientation])') && document.querySelector('#approve-above').disabled"
        )
        #expect(try await browser.state(of: "landscape orientation") == "pending", "the canvas is approved by itself")
        try await browser.click("#add-tag")
        try await browser.press("window li")
        try await browser.wait(
            "document.querySelector('#completions .completion-word')?.textContent === 'window light'", what: "words complete")
        #expect(try await browser.count("#completions .nearness") > 0, "the completions say how near they are to the picture")
        try await browser.press(.down)
        try await browser.press(.enter)
        try await browser.wait(until: "window light", is: "approved")
        // Taken back, and given again.
        try await browser.click("#undo")
        try await browser.wait(
            "!document.querySelector(\".chip[data-tag='window light']\") || document.querySelector(\".chip[data-tag='window light']\").dataset.state !== 'approved'"
        )
        try await browser.type("window light", into: "#add-tag")
        try await browser.press(.enter)
        try await browser.wait(until: "window light", is: "approved")
        let prompt = try await browser.run("return document.querySelector('#prompt').value").string ?? ""
        #expect(prompt.hasPrefix("a photo of ") && prompt.contains("window light") && !prompt.contains("machine"), "\(prompt)")
        try await browser.click("[data-form=tags]")
        try await browser.wait(
            "!document.querySelector('#prompt').value.startsWith('a photo of') && document.querySelector('#prompt').value.includes('photo')"
        )
        try await browser.click("[data-form=sentence]")
        try await browser.wait("/^A photo of .*\\.$/.test(document.querySelector('#prompt').value)")
        try await browser.click("[data-form=phrase]")
        try await browser.wait(
            "/[1-9]\\d* tokens? of \\d+/.test(document.querySelector('.prompt-foot').textContent)", what: "the length in tokens")

        // All of it is there after a reload.
        try await browser.reload()
        try await browser.wait(until: "window light", is: "approved")
        #expect(try await browser.state(of: "espresso machine") == "rejected")
        #expect(try await browser.run("return document.querySelector('#prompt').value").string == prompt)

        // The strength says what will run.
        try await browser.set(".figure-field", to: "0.4")
        try await browser.wait(
            "/^4 of 10 steps will run, from noise level \\d+ of 1000/.test(document.querySelector('#strength-runs').textContent)")
        try await browser.wait("/About .* (MB|GB)/.test(document.querySelector('.cost').textContent)")
        try await browser.set("#seed", to: "7")
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.click("#start")
        try await browser.wait(
            "/Step \\d of 4/.test(document.querySelector('.stage-progress').textContent)", what: "the steps are told", atMost: 120)
        try await browser.wait(forElement: ".result-actions", atMost: 240)
        #expect(try await browser.text(".facts").contains("strength 0.4 · 4 of 10 steps"))
        #expect(try await browser.text("#use-seed") == "seed 7")

        // Compared, rated.
        let before = try await browser.run("return getComputedStyle(document.querySelector('.pane.after')).clipPath").string
        let grip = try await browser.middle(of: ".divider-grip")
        try await browser.draw([grip, (grip.x - 80, grip.y), (grip.x - 120, grip.y)])
        #expect(try await browser.run("return getComputedStyle(document.querySelector('.pane.after')).clipPath").string != before)
        try await browser.click("[data-mode=side]")
        let pane = try await browser.middle(of: ".pane.before")
        try await browser.draw([pane, (pane.x + 30, pane.y + 20)])
        let transforms = try await browser.run("return [...document.querySelectorAll('.layer')].map(e => e.style.transform)").array ?? []
        #expect(transforms.count == 2 && transforms[0] == transforms[1], "both sides move together: \(transforms)")
        try await browser.click("#star-4")
        try await browser.wait("document.querySelectorAll('.stars-field .lit').length === 4")

        // The way back to it: history, and again.
        try await browser.go("#/history")
        try await browser.wait(forElement: ".leaf")
        #expect(try await browser.text(".leaf").contains("window light"))
        #expect(try await browser.count(".leaf .lit-stars") == 1)
        try await browser.click(".leaf-pictures a")
        try await browser.wait(forElement: ".result-actions")
        #expect(try await browser.run("return Number(location.hash.split('/')[2].split('?')[0])").number == Double(picture))
        #expect(try await browser.count(".stars-field .lit") == 4)

        // As the new reference it is a picture of its own; the old one is not touched.
        try await browser.click("#use-reference")
        try await browser.wait("document.querySelector('.origin') && !location.hash.includes('/picture/\(picture)')", atMost: 60)
        try await browser.go("#/")
        try await browser.wait("document.querySelectorAll('.tile img').length === 2")

        // Found by a word that was approved; thrown away, and back.
        try await browser.type("tag:\"window light\"", into: "#search")
        try await browser.wait(
            "document.querySelectorAll('.tile img').length === 1 && document.querySelector('.tile').dataset.picture === '\(picture)'",
            what: "the search")
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func whatWasPaintedIsFoundByItsWords() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        try await browser.go("#/paint")
        try await browser.wait(forElement: "#prompt")
        try await browser.type("a lighthouse at dusk", into: "#prompt")
        try await browser.wait("!document.querySelector('#start').disabled")
        try await browser.click("#start")
        try await browser.wait(forElement: ".result-actions", atMost: 240)
        try await browser.go("#/")
        try await browser.wait("document.querySelectorAll('.virtual .tile img').length === 1")
        #expect(try await browser.count("#painted .tile") == 0, "nothing was asked for")
        try await browser.type("lighth", into: "#search")
        try await browser.wait("document.querySelectorAll('#painted .tile img').length === 1", what: "the painting")
        #expect(try await browser.text("#painted .tile").contains("a lighthouse at dusk"))
        try await browser.click("#painted .tile")
        try await browser.wait("location.hash.startsWith('#/paint?result=')")
        try await browser.wait(forElement: ".result-actions")
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(10)))
    func whatRunsIsCancelledReorderedAndSurvivesTheServer() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.cat)
        try await browser.click("[data-tag='cat'] .approve")
        try await browser.wait(until: "cat", is: "approved")
        // Long enough to be cancelled on any machine.
        try await browser.click(".more > summary")
        try await browser.set("[data-field=steps] input", to: "1000")
        try await browser.wait("/of 1,000 steps will run/.test(document.querySelector('#strength-runs').textContent)")
        try await browser.click("#start")
        try await browser.wait("/Step \\d+ of/.test(document.querySelector('.stage-progress').textContent)", atMost: 120)
        try await browser.wait(forElement: ".live", atMost: 60)
        for waiting in 2...3 {
            try await browser.click("#start")
            try await browser.wait("document.querySelector('#queue-button').textContent.startsWith('\(waiting)')")
        }
        try await browser.click("#queue-button")
        try await browser.wait("document.querySelectorAll('.job.queued').length === 2")
        let last = try await browser.run("return document.querySelectorAll('.job.queued')[1].dataset.job").string ?? ""
        try await browser.click(".job.queued:nth-child(3) [data-act^=up]")
        try await browser.wait("document.querySelectorAll('.job.queued')[0]?.dataset.job === '\(last)'", what: "the later one comes first")

        let start = ContinuousClock.now
        try await browser.click(".job.running [data-act^=cancel]")
        try await browser.wait("document.querySelector('.job.cancelled')", what: "it is cancelled")
        #expect(ContinuousClock.now - start < .seconds(8), "cancelled at once")
        // Then comes the one that was moved up.
        try await browser.wait("document.querySelector('.job.running')?.dataset.job === '\(last)'", atMost: 60)
        try await browser.press(.escape)
        try await browser.wait("!document.querySelector('dialog')")

        // The power goes while it runs; the page says so, and comes back by itself.
        try await browser.click("[data-tag='photo'] .approve")
        try await browser.wait(until: "photo", is: "approved")
        try await browser.wait("document.querySelector('#prompt').value.startsWith('a photo of a cat')")
        try await server.stop(SIGKILL)
        try await browser.wait(forElement: ".lost")
        try await server.startAgain()
        try await browser.wait("document.querySelector('.lost').hidden", what: "the connection is back")
        try await browser.reload()
        try await browser.wait(until: "photo", is: "approved")
        #expect(try await browser.state(of: "cat") == "approved")
        #expect(try await browser.run("return Number(location.hash.split('/')[2].split('?')[0])").number == Double(picture))
        // What waited is made now; nothing half-made is shown.
        try await browser.wait("document.querySelector('#queue-button').classList.contains('busy')", what: "the queue goes on", atMost: 60)
        #expect(try await browser.count(".result:not(.making)") == 0)
        try await browser.click("#queue-button")
        try await browser.wait("document.querySelector('.job')")
        while try await browser.count(".job.running, .job.queued") > 0 {
            // It may be over before the click.
            try await browser.run("document.querySelector('.job.running [data-act^=cancel], .job.queued [data-act^=cancel]')?.click()")
        }
        #expect(try await browser.count(".jobs.over .job") >= 2)
        try await browser.close()
        try await server.stop()
    }

    /// A model that was trained on tags is told tags, whichever was suggested; what the person wrote stays.
    @Test(.timeLimit(.minutes(5)))
    func anotherModelIsToldThePromptInItsForm() async throws {
        let server = try await Server.started()
        try addModelOfTags(to: server.home.url.appendingPathComponent("data/redraw/models/of-tags"))
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        for tag in ["photo", "espresso"] {
            try await browser.click("[data-tag='\(tag)'] .approve")
            try await browser.wait(until: tag, is: "approved")
        }
        let prompt = "document.querySelector('#prompt').value"
        try await browser.wait("\(prompt).startsWith('a photo of ')")
        try await browser.choose("of-tags", in: "#model")
        try await browser.wait("\(prompt) === 'espresso, photo, best quality'", what: "the prompt in tags")
        // What is decided afterwards is written so, too, and so is everything after a reload.
        try await browser.type("window light", into: "#add-tag")
        try await browser.press(.enter)
        try await browser.wait("\(prompt) === 'espresso, window light, photo, best quality'")
        try await browser.reload()
        try await browser.wait(until: "window light", is: "approved")
        #expect(try await browser.run("return \(prompt)").string == "espresso, window light, photo, best quality")
        try await browser.choose("", in: "#model")
        try await browser.wait("\(prompt).startsWith('a photo of ')", what: "the prompt as a phrase again")
        // A form that was chosen holds for models that want the same one.
        try await browser.click("[data-form=sentence]")
        try await browser.choose("of-tags", in: "#model")
        try await browser.wait("\(prompt) === 'espresso, window light, photo, best quality'")
        try await browser.choose("", in: "#model")
        try await browser.wait("\(prompt).startsWith('A photo of ')")
        try await browser.type(" Mine.", into: "#prompt")
        let written = try await browser.run("return \(prompt)").string
        try await browser.choose("of-tags", in: "#model")
        try await browser.wait("document.querySelector('.prompt-foot').textContent.includes('of-tags')", what: "the model is planned with")
        #expect(try await browser.run("return \(prompt)").string == written)
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }

    /// The shipped model under another name, with prompts of another form.
    private func addModelOfTags(to folder: URL) throws {
        let shipped = checkout.appendingPathComponent("Models/redraw-small")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for name in ["model_index.json", "scheduler", "unet", "vae"] {
            try FileManager.default.createSymbolicLink(
                at: folder.appendingPathComponent(name), withDestinationURL: shipped.appendingPathComponent(name))
        }
        let data = try Data(contentsOf: shipped.appendingPathComponent("manifest.json"))
        var manifest = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any])
        (manifest["name"], manifest["title"]) = (folder.lastPathComponent, "Of tags")
        manifest["prompt"] = ["form": "tags", "after": "best quality"]
        // It is not to be suggested in the shipped one's stead.
        (manifest["styles"], manifest["descriptors"]) = (nil, nil)
        try JSONSerialization.data(withJSONObject: manifest).write(to: folder.appendingPathComponent("manifest.json"))
    }

    @Test(.timeLimit(.minutes(5)))
    func twoWindowsStayInStep() async throws {
        let server = try await Server.started()
        let first = try await Browser.opened(at: server.address)
        try await first.go()
        let picture = try await first.add(Pictures.rocket)
        let second = try await Browser.opened(at: server.address, width: 390, height: 844, theme: .dark)
        try await second.go("#/picture/\(picture)")
        try await second.wait("document.querySelector(\".chip[data-tag='rocket']\")")
        try await first.click("[data-tag='rocket'] .approve")
        try await second.wait(until: "rocket", is: "approved")
        // And the other way round, with a finger.
        try await second.click(".desk-tabs [data-panel=screening]")
        try await second.click("[data-tag='rocket'] .reject")
        try await first.wait(until: "rocket", is: "rejected")
        #expect(
            try await second.run("return document.documentElement.scrollWidth <= innerWidth").isTrue, "nothing sticks out on a telephone")
        try await first.close()
        try await second.close()
        try await server.stop()
    }
}

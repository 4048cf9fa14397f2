import Foundation
import Pixels
import Testing

private let picturesFolder = ProcessInfo.processInfo.environment["REDRAW_PAGE_PICTURES"].map { URL(fileURLWithPath: $0, isDirectory: true) }

/// The documentation's pictures of the page. `make figures` has them made: they go to the folder that `REDRAW_PAGE_PICTURES` names, and without
/// it nothing is made. On the way the page is gone through as a person does, so that they show what it really does.
@Suite(.serialized, .enabled(if: picturesFolder != nil))
struct PagePictures {
    /// The window as it is, once its pictures are there and nothing moves in it.
    private func keep(_ name: String, of browser: Browser) async throws {
        let folder = try #require(picturesFolder)
        // What was typed last is in sight; a person who comes sees the beginning.
        try await browser.run("document.activeElement?.blur(); for (const each of document.querySelectorAll('*')) each.scrollTop = 0")
        try await browser.wait(
            "[...document.images].every(image => image.complete) && document.getAnimations().every(each => each.playState !== 'running')",
            what: "the window is still")
        let picture = try ImageFile.decode([UInt8](try await browser.screenshot())).image
        try Data(ImageFile.encodeJPEG(picture, quality: 88)).write(to: folder.appendingPathComponent(name))
    }

    @Test(.timeLimit(.minutes(20)))
    func screeningComparing() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        try await browser.click("#approve-above")
        try await browser.wait("document.querySelector('#approve-above').disabled", what: "what is sure is approved")
        try await browser.click("[data-tag='espresso machine'] .reject")
        try await browser.wait(until: "espresso machine", is: "rejected")
        try await browser.type("window light", into: "#add-tag")
        try await browser.press(.enter)
        try await browser.wait(until: "window light", is: "approved")
        try await browser.set("#seed", to: "7")
        try await browser.set(".figure-field", to: "0.4")
        try await browser.wait("document.querySelector('#strength-runs').textContent.startsWith('4 of 10')", what: "the plan is there")
        try await browser.wait("/About .* (MB|GB)/.test(document.querySelector('.cost').textContent)")
        try await keep("page-screening.jpg", of: browser)

        try await browser.make()
        let grip = try await browser.middle(of: ".divider-grip")
        try await browser.draw([grip, (grip.x - 30, grip.y), (grip.x - 60, grip.y)])
        try await keep("page-compare.jpg", of: browser)
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(20)))
    func brushingRepainting() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.losslessCoffee(in: server.home.url))
        try await browser.click("#open-brush")
        try await browser.wait(forElement: ".brush-canvas")
        let canvas = try await browser.middle(of: ".brush-canvas")
        // Over the coffee in the cup.
        for row in stride(from: -24.0, through: 24, by: 12) {
            let y = canvas.y - 40 + row
            try await browser.draw([(canvas.x - 60, y), (canvas.x, y - 4), (canvas.x + 60, y)])
        }
        try await browser.wait("Number(document.querySelector('#mask-share').dataset.share) > 0.02", what: "something is brushed")
        try await browser.type("a bowl of strawberries", into: "#repaint-prompt")
        try await browser.set("#seed", to: "7")
        try await browser.set(".figure-field", to: "0.9")
        try await browser.wait("document.querySelector('#strength-runs').textContent.includes('steps will run')", what: "the plan is there")
        try await browser.wait("/About .* (MB|GB)/.test(document.querySelector('.cost').textContent)")
        try await keep("page-brush.jpg", of: browser)

        try await browser.make()
        #expect(try await browser.text(".proof").contains("unchanged, byte for byte"))
        try await keep("page-repainted.jpg", of: browser)
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }
}

import Foundation
import Testing

/// The brush: what is painted is repainted, and nothing else.
@Suite(.serialized)
struct BrushTests {
    /// How much of the picture is brushed, from 0 to 1, as the server counted it.
    private func share(_ browser: Browser) async throws -> Double {
        try await browser.run("return Number(document.querySelector('#mask-share').dataset.share)").number ?? 0
    }

    private func shareChanges(_ browser: Browser, _ act: () async throws -> Void) async throws {
        let before = try await share(browser)
        try await act()
        try await browser.wait(
            "Number(document.querySelector('#mask-share').dataset.share) !== arguments[0]", .number(before), what: "the mask changes")
    }

    @Test(.timeLimit(.minutes(10)))
    func aPaintedMaskIsRepaintedAndTheRestIsUntouched() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.losslessCoffee(in: server.home.url))
        try await browser.click("#open-brush")
        try await browser.wait(forElement: ".brush-canvas")
        #expect(try await browser.run("return document.querySelector('#start').disabled").isTrue, "nothing is brushed yet")
        let middle = try await browser.middle(of: ".brush-canvas")

        // Mouse, undo and redo, eraser, pen, rectangle, lasso, inverting.
        try await shareChanges(browser) {
            try await browser.draw([(middle.x - 60, middle.y), (middle.x, middle.y - 30), (middle.x + 60, middle.y)])
        }
        let stroke = try await share(browser)
        #expect(stroke > 0)
        try await shareChanges(browser) { try await browser.press("z", holding: .control) }
        #expect(try await share(browser) == 0)
        try await shareChanges(browser) { try await browser.click("#mask-redo") }
        #expect(try await share(browser) == stroke)
        try await browser.click("#tool-erase")
        try await shareChanges(browser) { try await browser.draw([(middle.x - 60, middle.y), (middle.x - 10, middle.y)]) }
        #expect(try await share(browser) < stroke)
        try await browser.click("#tool-erase")
        try await shareChanges(browser) {
            try await browser.draw([(middle.x - 120, middle.y + 60), (middle.x + 60, middle.y + 70)], with: .pen)
        }
        try await browser.press("r")
        try await shareChanges(browser) { try await browser.draw([(middle.x - 150, middle.y - 90), (middle.x - 90, middle.y - 40)]) }
        try await browser.press("l")
        try await shareChanges(browser) {
            try await browser.draw([(middle.x + 90, middle.y - 90), (middle.x + 150, middle.y - 90), (middle.x + 120, middle.y - 40)])
        }
        let painted = try await share(browser)
        try await shareChanges(browser) { try await browser.press("i") }
        #expect(abs(try await share(browser) + painted - 1) < 0.02)
        try await shareChanges(browser) { try await browser.click("#mask-clear") }
        #expect(try await share(browser) == 0)

        // One round mask, a prompt of its own, the brushed part alone.
        try await browser.press("b")
        try await shareChanges(browser) {
            try await browser.draw([(middle.x, middle.y), (middle.x + 20, middle.y + 6), (middle.x + 30, middle.y)])
        }
        try await browser.type("a green apple", into: "#repaint-prompt")
        #expect(try await browser.run("return document.querySelector('[data-field=padding]').hidden").isTrue, "it has no effect yet")
        try await browser.choose("masked", in: "[data-field=area] select")
        try await browser.wait("!document.querySelector('[data-field=padding]').hidden", what: "the padding is asked for")
        try await browser.set(".figure-field", to: "0.6")
        try await browser.wait("/of 10 steps will run/.test(document.querySelector('#strength-runs').textContent)")
        try await browser.make()
        #expect(try await browser.text(".proof").contains("unchanged, byte for byte"))
        try await browser.click("[data-mode=difference]")
        try await browser.wait(
            "document.querySelector('.pane.before img').src.includes('/difference?v=') && document.querySelector('.pane.before img').naturalWidth === 600"
        )
        // What a browser keeps for long, it keeps of these bytes: addresses say which, and so does what is remembered of a picture.
        let unversioned =
            try await browser.run(
                """
                const addresses = [...document.querySelectorAll('img[src]')].map(image => image.getAttribute('src'))
                return addresses.filter(address => /^.api.v1.(pictures|generations)/.test(address) && !/[?&]v=[0-9a-f]{16}(&|$)/.test(address))
                """
            ).array ?? []
        #expect(unversioned.isEmpty, "\(unversioned)")
        let numbered = "return Object.keys(localStorage).filter(key => /^redraw\\.(picture|mask|repaint|sheets)\\.\\d+$/.test(key))"
        #expect(try await browser.run(numbered).array == [])
        #expect(try await browser.run("return Object.keys(localStorage).some(key => /^redraw\\.mask\\.[0-9a-f]{64}$/.test(key))").isTrue)
        // The page counts for itself: outside of the mask not one pixel differs.
        let outside =
            try await browser.run(
                """
                const draw = async (address) => {
                  const image = new Image(); image.src = address; await image.decode()
                  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight)
                  const context = canvas.getContext('2d'); context.drawImage(image, 0, 0)
                  return context.getImageData(0, 0, canvas.width, canvas.height).data
                }
                const answer = await (await fetch('/api/v1/generations?picture=' + arguments[0])).json()
                const made = answer.generations[0]
                const [before, after, mask] = await Promise.all(['/api/v1/pictures/' + arguments[0] + '/file', made.outputs[0].url, '/api/v1/masks/' + made.mask].map(draw))
                let [outside, changedOutside, changedInside] = [0, 0, 0]
                for (let index = 0; index < mask.length; index += 4) {
                  const differs = before[index] !== after[index] || before[index + 1] !== after[index + 1] || before[index + 2] !== after[index + 2]
                  if (mask[index] === 0) { outside += 1; changedOutside += differs } else changedInside += differs
                }
                return [outside, changedOutside, changedInside, made.untouched.pixels]
                """, .number(Double(picture))
            ).array?.compactMap(\.number) ?? []
        try #require(outside.count == 4)
        #expect(outside[0] > 100_000 && outside[1] == 0 && outside[2] > 0, "\(outside)")
        // Where the edge is so soft that nothing is left of it, pixels are untouched too.
        #expect(outside[3] >= outside[0] && outside[3] + outside[2] <= 240_000, "\(outside)")

        // The mask can be edited again, also after a reload.
        try await browser.reload()
        try await browser.wait(forElement: ".result-actions")
        try await browser.click(".result-actions [aria-haspopup=menu]")
        try await browser.click(".menu button:first-child")
        try await browser.wait(forElement: ".brush-canvas")
        try await browser.wait("/[1-9]\\d* %/.test(document.querySelector('#mask-share').textContent)", what: "the mask is there again")
        // What is brushed and written from there on counts, whatever mask the address named.
        let corner = try await browser.middle(of: ".brush-canvas")
        try await shareChanges(browser) { try await browser.draw([(corner.x - 90, corner.y - 60), (corner.x - 60, corner.y - 60)]) }
        let later = try await share(browser)
        try await browser.type(" with a leaf", into: "#repaint-prompt")
        try await browser.reload()
        try await browser.wait(
            "Number(document.querySelector('#mask-share')?.dataset.share ?? 0) === arguments[0]", .number(later),
            what: "the later mask is there")
        #expect(
            try await browser.run("return document.querySelector('#repaint-prompt').value").string == "a green apple with a leaf")
        try await browser.press(.escape)
        try await browser.wait(forElement: ".kept-mask")
        #expect(try await browser.complaints() == [])
        try await browser.close()
        try await server.stop()
    }

    /// Whoever draws sees the picture stay where it is, on a screen and on a telephone.
    @Test(.timeLimit(.minutes(5)), arguments: [(1280, 800), (390, 844)])
    func nothingMovesWhileOneDraws(_ width: Int, _ height: Int) async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, width: width, height: height)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.go("#/picture/\(picture)/brush")
        try await browser.wait(forElement: ".brush-canvas")
        let places = """
            return [...document.querySelectorAll('.brush-bar > *, .brush-canvas')].map((one) => {
              const { left, top, width, height } = one.getBoundingClientRect()
              return [left, top, width, height].map(Math.round).join()
            }).join(' ')
            """
        let before = try await browser.run(places).string
        let middle = try await browser.middle(of: ".brush-canvas")
        try await shareChanges(browser) { try await browser.draw([(middle.x - 20, middle.y), (middle.x + 20, middle.y)]) }
        #expect(try await browser.run(places).string == before, "after the first stroke")
        try await shareChanges(browser) { try await browser.press("i") }
        #expect(try await browser.run(places).string == before, "with nearly all brushed")
        try await browser.run(
            """
            const size = document.querySelector('#brush-size')
            size.value = 1
            size.dispatchEvent(new Event('input'))
            """)
        #expect(try await browser.run(places).string == before, "with the largest brush")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func fingersPaintAndMove() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address, width: 390, height: 844)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        try await browser.click("#open-brush")
        try await browser.wait(forElement: ".brush-canvas")
        let middle = try await browser.middle(of: ".brush-canvas")
        try await shareChanges(browser) { try await browser.draw([(middle.x - 40, middle.y), (middle.x + 40, middle.y)], with: .touch) }
        let painted = try await share(browser)
        #expect(painted > 0)
        // Two fingers apart: the canvas grows, the mask stays as it is.
        let zoom = try await browser.text(".zoom")
        try await browser.touch([
            [(middle.x - 20, middle.y), (middle.x - 60, middle.y - 10), (middle.x - 110, middle.y - 20)],
            [(middle.x + 20, middle.y), (middle.x + 60, middle.y + 10), (middle.x + 110, middle.y + 20)],
        ])
        try await browser.wait("document.querySelector('.zoom').textContent !== arguments[0]", .string(zoom), what: "two fingers zoom")
        #expect(try await share(browser) == painted)
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func theCanvasIsEnlargedOutwardsWithAMaskForIt() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        let picture = try await browser.add(Pictures.coffee)
        try await browser.click("#open-brush")
        try await browser.click("#enlarge")
        try await browser.type("200", into: "#enlarge-right")
        try await browser.wait("document.querySelector('dialog').textContent.includes('800 × 400')")
        try await browser.click("#enlarge-now")
        try await browser.wait(
            "!location.hash.includes('/picture/\(picture)/') && location.hash.includes('/brush')", what: "the enlarged picture", atMost: 60)
        try await browser.wait("document.querySelector('.desk-facts')?.textContent === '800 × 400'")
        // 200 of 800 columns, and the overlap.
        try await browser.wait("/^2[67] %/.test(document.querySelector('#mask-share')?.textContent ?? '')", what: "what is new is masked")
        try await browser.close()
        try await server.stop()
    }

    @Test(.timeLimit(.minutes(5)))
    func whatWasBrushedIsThereAgainHoweverSoonTheBrushIsPutDown() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.add(Pictures.coffee)
        try await browser.click("#open-brush")
        try await browser.wait(forElement: ".brush-canvas")
        let middle = try await browser.middle(of: ".brush-canvas")
        // The last stroke and the button in one, sooner than the mask is sent by itself.
        try await browser.run(
            """
            const canvas = document.querySelector('.brush-canvas')
            const stroke = (type, x) => canvas.dispatchEvent(new PointerEvent(type, { bubbles: true, pointerId: 7, pointerType: 'mouse', button: 0, buttons: 1, clientX: x, clientY: arguments[1] }))
            stroke('pointerdown', arguments[0] - 40)
            stroke('pointermove', arguments[0] + 40)
            stroke('pointerup', arguments[0] + 40)
            document.querySelector('#close-brush').click()
            """, .number(middle.x), .number(middle.y))
        try await browser.click("#open-brush")
        try await browser.wait("Number(document.querySelector('#mask-share')?.dataset.share ?? 0) > 0", what: "the stroke is there")
        // A key that is pressed in another field is none of the brush's.
        try await browser.type("a hat", into: "#repaint-prompt")
        try await browser.run("document.querySelector('#seed').focus()")
        try await browser.press("i")
        #expect(try await share(browser) < 0.5)
        try await browser.close()
        try await server.stop()
    }
}

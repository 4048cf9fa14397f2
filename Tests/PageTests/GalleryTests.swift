import Testing

/// The list of pictures, however long it is.
struct GalleryTests {
    @Test(.timeLimit(.minutes(3)))
    func tenThousandPicturesAreAHandfulOfElements() async throws {
        let server = try await Server.started()
        let browser = try await Browser.opened(at: server.address)
        try await browser.go()
        try await browser.wait(forElement: ".drop-place")
        try await browser.run(
            """
            const { VirtualGrid } = await import('/assets/gallery.js')
            window.asked = []
            window.grid = new VirtualGrid({
              label: 'many',
              load: async (offset, limit) => {
                window.asked.push(offset)
                return { total: 10000, items: Array.from({ length: Math.min(limit, 10000 - offset) }, (_, index) => ({ id: offset + index })) }
              },
              tile: (item) => { const b = document.createElement('a'); b.href = '#'; b.textContent = item ? `number ${item.id}` : '…'; return b },
            })
            document.getElementById('view').replaceChildren(window.grid.node)
            await window.grid.reload()
            """)
        try await browser.wait("document.querySelectorAll('.virtual-item').length > 0")
        #expect(try await browser.count(".virtual-item") < 100)
        // To the end, and to the middle: what is there is shown, and only the pages in sight were asked for.
        try await browser.run("scrollTo(0, document.documentElement.scrollHeight)")
        try await browser.wait("[...document.querySelectorAll('.virtual-item')].some(e => e.textContent === 'number 9999')")
        #expect(try await browser.count(".virtual-item") < 100)
        try await browser.run("scrollTo(0, document.documentElement.scrollHeight / 2)")
        try await browser.wait("[...document.querySelectorAll('.virtual-item')].some(e => /^number (49|50)\\d\\d$/.test(e.textContent))")
        #expect(try await browser.count(".virtual-item") < 100)
        #expect((try await browser.run("return window.asked").array ?? []).count <= 8)
        try await browser.close()
        try await server.stop()
    }
}

import Foundation

/// A window of Chromium, driven after W3C's WebDriver as a person would: by clicks, keys and pointers.
final class Browser: Sendable {
    enum Theme: String, Sendable, CaseIterable { case light, dark }

    private static let elementKey = "element-6066-11e4-a52e-4f735466cecf"
    /// How long is waited for what takes no time to speak of; generous, since other tests keep the processors busy.
    static let patience = 30.0

    private let session: URL
    private let address: URL
    /// The folder that this Chromium was given for its own, which stands in its command line.
    let profile: String

    /// Opens a window before a server's page.
    static func opened(
        at address: URL, width: Int = 1280, height: Int = 800, theme: Theme = .light, by driver: ChromeDriver = .shared
    ) async throws -> Browser {
        let chromium = try ChromeDriver.program("chromium", package: "chromium")
        let driver = try await driver.address()
        let options: JSONValue = [
            "binary": .string(chromium.path),
            "args": [
                // At a pipe Chromium ends with its driver; at a port it would stay.
                "--remote-debugging-pipe",
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                "--force-color-profile=srgb",
            ],
        ]
        let wanted: JSONValue = [
            "capabilities": [
                "alwaysMatch": ["browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": ["browser": "ALL"]]
            ]
        ]
        let answer = try await Browser.ask("POST", driver.appendingPathComponent("session"), wanted)
        let profile = answer["capabilities"]["chrome"]["userDataDir"].string ?? ""
        let browser = Browser(driver.appendingPathComponent("session/\(answer["sessionId"].string ?? "")"), address, profile)
        try await browser.look(width: width, height: height, theme: theme)
        return browser
    }

    private init(_ session: URL, _ address: URL, _ profile: String) {
        (self.session, self.address, self.profile) = (session, address, profile)
    }

    func close() async throws { _ = try await ask("DELETE", "") }

    // MARK: Looking

    /// The window's size and the system's theme; small ones are telephones, with fingers.
    func look(width: Int, height: Int, theme: Theme) async throws {
        try await developer(
            "Emulation.setDeviceMetricsOverride",
            ["width": .number(Double(width)), "height": .number(Double(height)), "deviceScaleFactor": 1, "mobile": .bool(width < 600)])
        try await developer("Emulation.setTouchEmulationEnabled", ["enabled": .bool(width < 600)])
        try await developer(
            "Emulation.setEmulatedMedia", ["features": [["name": "prefers-color-scheme", "value": .string(theme.rawValue)]]])
    }

    func go(_ place: String = "") async throws {
        _ = try await ask("POST", "url", ["url": .string(address.absoluteString + "/" + place)])
    }

    func reload() async throws { _ = try await ask("POST", "refresh") }

    /// What a script returns.
    @discardableResult
    func run(_ script: String, _ arguments: JSONValue...) async throws -> JSONValue {
        try await ask("POST", "execute/sync", ["script": .string(script), "args": .array(arguments)])
    }

    func text(_ selector: String) async throws -> String {
        try await run("return document.querySelector(arguments[0])?.textContent ?? ''", .string(selector)).string ?? ""
    }

    func count(_ selector: String) async throws -> Int {
        Int(try await run("return document.querySelectorAll(arguments[0]).length", .string(selector)).number ?? 0)
    }

    /// Waits until an expression is true; what it came to.
    @discardableResult
    func wait(_ expression: String, _ arguments: JSONValue..., what: String? = nil, atMost seconds: Double = patience) async throws
        -> JSONValue
    {
        let end = ContinuousClock.now + .seconds(seconds)
        repeat {
            let value = try await ask("POST", "execute/sync", ["script": .string("return \(expression)"), "args": .array(arguments)])
            if value.isTrue { return value }
            try await Task.sleep(for: .milliseconds(40))
        } while ContinuousClock.now < end
        let page = try await run("return location.hash + ' | ' + document.body.innerText.slice(0, 1500)").string ?? ""
        throw BrowserError.never(what: what ?? expression, seconds: seconds, page: page)
    }

    func wait(forElement selector: String, atMost seconds: Double = patience) async throws {
        try await wait(
            "document.querySelector(arguments[0])?.getClientRects().length > 0", .string(selector), what: selector, atMost: seconds)
    }

    /// Where the middle of an element is in the window.
    func middle(of selector: String) async throws -> (x: Double, y: Double) {
        let box = try await run(
            "const b = document.querySelector(arguments[0]).getBoundingClientRect(); return [b.x + b.width / 2, b.y + b.height / 2]",
            .string(selector))
        return (box.array?[0].number ?? 0, box.array?[1].number ?? 0)
    }

    /// What the browser complained of since it was last asked: errors of scripts, and what the page's policy did not allow.
    func complaints() async throws -> [String] {
        let lines = try await ask("POST", "se/log", ["type": "browser"]).array ?? []
        return lines.filter { $0["level"].string == "SEVERE" }.compactMap { $0["message"].string }
    }

    func screenshot() async throws -> Data {
        Data(base64Encoded: try await ask("GET", "screenshot").string ?? "") ?? Data()
    }

    // MARK: Doing

    /// Clicks an element once it is there, is enabled and nothing lies over it.
    func click(_ selector: String) async throws {
        try await onceItCan(selector) { element in
            guard try await self.ask("GET", "element/\(element)/enabled") != false else {
                throw BrowserError.refused(command: "click", error: "disabled", message: selector)
            }
            _ = try await self.ask("POST", "element/\(element)/click")
        }
    }

    /// Types into an element after what it holds; of a file field, the file's path.
    func type(_ text: String, into selector: String) async throws {
        try await onceItCan(selector) { element in
            _ = try await self.ask("POST", "element/\(element)/value", ["text": .string(text)])
        }
    }

    /// Replaces what a field holds, and leaves it.
    func set(_ selector: String, to text: String) async throws {
        try await click(selector)
        try await run("document.querySelector(arguments[0]).select?.()", .string(selector))
        try await press(text)
        try await run("document.activeElement.blur()")
    }

    /// Chooses a choice field's value, as a person's choice.
    func choose(_ value: String, in selector: String) async throws {
        try await wait(forElement: selector)
        try await run(
            "const e = document.querySelector(arguments[0]); e.value = arguments[1]; e.dispatchEvent(new Event('change', { bubbles: true }))",
            .string(selector), .string(value))
    }

    /// Presses keys one after the other, wherever the focus is. `held` is pressed all the while.
    func press(_ keys: String, holding held: Key? = nil) async throws {
        var actions: [JSONValue] = []
        if let held { actions.append(["type": "keyDown", "value": .string(held.rawValue)]) }
        for key in keys {
            actions.append(["type": "keyDown", "value": .string(String(key))])
            actions.append(["type": "keyUp", "value": .string(String(key))])
        }
        if let held { actions.append(["type": "keyUp", "value": .string(held.rawValue)]) }
        _ = try await ask("POST", "actions", ["actions": [["type": "key", "id": "keyboard", "actions": .array(actions)]]])
    }

    func press(_ key: Key) async throws { try await press(key.rawValue) }

    /// Draws with a pointer from place to place of the window.
    func draw(_ places: [(x: Double, y: Double)], with pointer: Pointer = .mouse) async throws {
        _ = try await ask("POST", "actions", ["actions": [Browser.stroke(places, pointer, id: pointer.rawValue)]])
        _ = try await ask("DELETE", "actions")
    }

    /// Several fingers at once.
    func touch(_ strokes: [[(x: Double, y: Double)]]) async throws {
        let fingers = strokes.enumerated().map { Browser.stroke($1, .touch, id: "finger \($0)") }
        _ = try await ask("POST", "actions", ["actions": .array(fingers)])
        _ = try await ask("DELETE", "actions")
    }

    private static func stroke(_ places: [(x: Double, y: Double)], _ pointer: Pointer, id: String) -> JSONValue {
        func move(_ place: (x: Double, y: Double), _ milliseconds: Double) -> JSONValue {
            var action: [String: JSONValue] = [
                "type": "pointerMove", "duration": .number(milliseconds), "x": .number(place.x.rounded()), "y": .number(place.y.rounded()),
            ]
            if pointer == .pen { action["pressure"] = 0.5 }
            return .object(action)
        }
        let actions =
            [move(places[0], 0), ["type": "pointerDown", "button": 0]] + places.dropFirst().map { move($0, 25) }
            + [["type": "pointerUp", "button": 0]]
        return ["type": "pointer", "id": .string(id), "parameters": ["pointerType": .string(pointer.rawValue)], "actions": .array(actions)]
    }

    enum Pointer: String, Sendable { case mouse, pen, touch }

    enum Key: String, Sendable {
        case enter = "\u{E007}"
        case escape = "\u{E00C}"
        case control = "\u{E009}"
        case shift = "\u{E008}"
        case down = "\u{E015}"
        case right = "\u{E014}"
    }

    // MARK: Asking

    /// What moves or is drawn anew in the meantime is looked for again.
    private func onceItCan(_ selector: String, _ act: (String) async throws -> Void) async throws {
        let end = ContinuousClock.now + .seconds(Browser.patience)
        while true {
            do {
                let found = try await ask("POST", "element", ["using": "css selector", "value": .string(selector)])
                return try await act(found[Browser.elementKey].string ?? "")
            } catch let error as BrowserError {
                guard ContinuousClock.now < end, case .refused = error else { throw error }
                try await Task.sleep(for: .milliseconds(60))
            }
        }
    }

    private func developer(_ command: String, _ parameters: JSONValue) async throws {
        _ = try await ask("POST", "goog/cdp/execute", ["cmd": .string(command), "params": parameters])
    }

    private func ask(_ method: String, _ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        try await Browser.ask(method, path.isEmpty ? session : session.appendingPathComponent(path), body)
    }

    private static func ask(_ method: String, _ url: URL, _ body: JSONValue) async throws -> JSONValue {
        let data = try await PlainHTTP.ask(method, url, method == "POST" ? JSONEncoder().encode(body) : nil)
        let value = try JSONDecoder().decode(JSONValue.self, from: data)["value"]
        if let error = value["error"].string {
            let message = value["message"].string?.split(separator: "\n").first.map(String.init) ?? ""
            throw BrowserError.refused(command: "\(method) \(url.lastPathComponent)", error: error, message: message)
        }
        return value
    }
}

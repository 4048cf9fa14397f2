import Foundation
import Testing

/// What the tests start ends with them, also where they are killed and nobody is left to end it.
struct EndingTests {
    private func wait(atMost seconds: Double = Browser.patience, _ isSo: () async -> Bool) async throws -> Bool {
        let end = ContinuousClock.now + .seconds(seconds)
        while ContinuousClock.now < end {
            if await isSo() { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return await isSo()
    }

    /// Whether a process has a text in its command line.
    private func isAnywhere(_ text: String) -> Bool {
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.contains { name in
            guard Int(name) != nil, let line = FileManager.default.contents(atPath: "/proc/\(name)/cmdline") else { return false }
            return line.range(of: Data(text.utf8)) != nil
        }
    }

    @Test(.timeLimit(.minutes(3))) func theDriverAndItsBrowserEndWithTheTests() async throws {
        let driver = ChromeDriver()
        let browser = try await Browser.opened(at: URL(string: "about:blank")!, by: driver)
        #expect(!browser.profile.isEmpty && isAnywhere(browser.profile))
        #expect(await driver.isRunning)
        await driver.letGo()
        #expect(try await wait { await !driver.isRunning }, "chromedriver is still there")
        #expect(try await wait { !isAnywhere(browser.profile) }, "Chromium is still there")
    }

    @Test(.timeLimit(.minutes(1))) func whatDoesNotHearIsKilled() async throws {
        let deaf = try RunningProgram(URL(fileURLWithPath: "/bin/sh"), ["-c", "trap '' TERM; echo ready here; while :; do sleep 1; done"])
        #expect(try await deaf.says("ready (here)", within: Browser.patience) != nil)
        deaf.letGo()
        #expect(try await wait { !deaf.isRunning })
    }
}

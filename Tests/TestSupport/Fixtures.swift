import Foundation

private let testsFolder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()

/// Where the checkout stands: the folder that holds `Package.swift`.
package let checkout = testsFolder.deletingLastPathComponent()

/// The file `Tests/<room>Tests/Fixtures/<name>`.
package func fixture(_ name: String, room: String) -> URL {
    testsFolder.appendingPathComponent("\(room)Tests/Fixtures/\(name)")
}

let environmentSeed: UInt64? = ProcessInfo.processInfo.environment["REDRAW_TEST_SEED"].flatMap(UInt64.init)

/// A new empty folder for one test, removed when the value goes.
package final class TemporaryFolder: Sendable {
    package let url: URL

    package init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("redraw-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(at: url)
    }
}

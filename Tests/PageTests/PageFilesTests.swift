import Foundation
import Pixels
import TestSupport
import Testing

/// The page's files as they lie there.
struct PageFilesTests {
    private static let folder = checkout.appendingPathComponent("Sources/StudioWeb/Page")

    private static func files() throws -> [URL] {
        try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
            .filter { !$0.lastPathComponent.hasPrefix(".") }
    }

    /// As it goes to a browser, every view included.
    @Test func allOfItIsSmall() throws {
        let sizes = try PageFilesTests.files().map { try #require(Deflation.gzip([UInt8](Data(contentsOf: $0)))).count }
        #expect(sizes.reduce(0, +) < 120_000, "the page in all")
    }

    @Test func nothingComesFromOutsideOrStandsInline() throws {
        for file in try PageFilesTests.files() {
            let text = try String(contentsOf: file, encoding: .utf8).replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "")
            let name = file.lastPathComponent
            #expect(!text.contains("http://") && !text.contains("https://") && !text.contains("@import"), "\(name) names another place")
            #expect(!text.contains("innerHTML") && !text.contains("eval(") && !text.contains("new Function"), "\(name) makes code of text")
            if file.pathExtension == "html" {
                #expect(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick="), "\(name)")
                #expect(text.matches(of: try Regex("<script(?![^>]* src=)")).isEmpty, "\(name) holds a script")
            }
        }
    }

    /// What is asked for is there.
    @Test func everyFileThatIsNamedIsThere() throws {
        let names = Set(try PageFilesTests.files().map(\.lastPathComponent))
        for file in try PageFilesTests.files() {
            let text = try String(contentsOf: file, encoding: .utf8)
            for match in text.matches(of: try Regex<(Substring, Substring)>(#"(?:from|import\() ?'\./([^']+)'"#)) {
                #expect(names.contains(String(match.output.1)), "\(file.lastPathComponent) imports \(match.output.1)")
            }
            for match in text.matches(of: try Regex<(Substring, Substring)>(#""/assets/([^"]+)""#)) {
                #expect(names.contains(String(match.output.1)), "\(file.lastPathComponent) names \(match.output.1)")
            }
        }
    }
}

import Foundation
import TestSupport
import Testing

@testable import Studio

/// Choices in prompts: what is one and what is not, and that a seed decides.
@Suite struct PromptTemplateTests {
    private static let lists = [
        "animals": ["a cat", "a dog", "{an owl|a hawk}"], "colours": ["red", "blue"], "loop": ["__loop__"], "none": [],
    ]

    private func resolved(_ text: String, seed: UInt64 = 1) throws -> String {
        try PromptTemplate(text).resolved(seed: seed) { name in
            guard let lines = Self.lists[name] else { throw WildcardError.noFile(name: name, folder: "/w") }
            return lines
        }
    }

    private func all(_ text: String) throws -> Set<String> { Set(try (0..<400).map { try resolved(text, seed: $0) }) }

    @Test(arguments: [
        "a cat", "snake_case and __init", "{{masterpiece}}, best {quality}", "a {b", "a} b", "[a|b] c|d", "\\{a|b\\}", "cost $$5", "____",
        "__a:b__", "<lora:some_name:1>", "{", "}", "",
    ]) func whatIsNoChoiceStaysToTheLetter(_ text: String) throws {
        #expect(!PromptTemplate(text).hasChoices)
        #expect(try resolved(text) == text)
    }

    @Test func eachOfTheAlternativesComes() throws {
        #expect(try all("a {red|green|} cat") == ["a red cat", "a green cat", "a  cat"])
        #expect(try all("{a|{b|c}d}") == ["a", "bd", "cd"])
        #expect(try all("{a {x}|b}") == ["a {x}", "b"])
        #expect(try all("{ {a|b} }") == ["{ a }", "{ b }"])
        #expect(try all("{2$$a|b|c}") == ["a, b", "b, a", "a, c", "c, a", "b, c", "c, b"])
        #expect(try all("{1-2$$ and $$a|b}") == ["a", "b", "a and b", "b and a"])
        #expect(try all("{5$$a|b}") == ["a, b", "b, a"])
        #expect(try all("{0$$a|b}x") == ["x"])
        #expect(try all("__animals__") == ["a cat", "a dog", "an owl", "a hawk"])
        #expect(try all("__{colours|animals}__x").count == 2)
        #expect(try all("{1$$__colours__}") == ["red", "blue"])
    }

    @Test func weightsCount() throws {
        let drawn = try (0..<2000).map { try resolved("{9::a|b}", seed: $0) }
        let share = Double(drawn.count { $0 == "a" }) / 2000
        #expect(abs(share - 0.9) < 0.03, "\(share)")
    }

    @Test func theSameSeedSaysTheSame() throws {
        let text = "{a|b|c|d} __animals__ {2$$e|f|g}"
        #expect(try resolved(text, seed: 7) == resolved(text, seed: 7))
        // What is written into pictures must be found again by any later version.
        #expect(try (0..<3).map { try resolved("{a|b|c|d|e|f|g|h}", seed: $0) } == ["d", "f", "f"])
    }

    @Test func whatCannotBeChosenIsTold() {
        #expect(throws: WildcardError.tooDeep) { try resolved("__loop__") }
        #expect(throws: WildcardError.empty("none")) { try resolved("__none__") }
        #expect(throws: WildcardError.noFile(name: "nowhere", folder: "/w")) { try resolved("__nowhere__") }
    }

    @Test func nothingTakesLong() throws {
        for text in [String(repeating: "{", count: 20_000), String(repeating: "{a|", count: 6_000), String(repeating: "__", count: 10_000)]
        {
            #expect(try resolved(text) == text)
        }
        let deep = String(repeating: "{a|", count: 500) + String(repeating: "}", count: 500)
        #expect(try resolved(deep) == deep)
        var random = SeededGenerator.announced()
        for _ in 0..<2000 {
            let text = String((0..<40).map { _ in Array("{}|$_a2-:\\*").randomElement(using: &random)! })
            _ = try? resolved(text)
        }
    }

    // MARK: The folder

    private func folder() throws -> (TemporaryFolder, WildcardFolder) {
        let home = try TemporaryFolder()
        let place = home.url.appendingPathComponent("wildcards")
        for (name, text) in [
            ("animals.txt", "\u{FEFF}a cat\r\n# no animal\n\n  a dog  \n"), ("places/sea.txt", "a beach\n"),
            ("places/land/hill.txt", "a hill\n"),
            ("places/notes.md", "no\n"),
        ] {
            let file = place.appendingPathComponent(name)
            try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
            try text.write(to: file, atomically: true, encoding: .utf8)
        }
        try "secret".write(to: home.url.appendingPathComponent("secret.txt"), atomically: true, encoding: .utf8)
        return (home, WildcardFolder(folder: place))
    }

    @Test func filesOfNestedFoldersAreFound() throws {
        let (home, folder) = try folder()
        defer { withExtendedLifetime(home) {} }
        #expect(try folder.lines("animals") == ["a cat", "a dog"])
        #expect(try folder.lines("places/sea") == ["a beach"])
        #expect(try folder.lines("places/*") == ["a beach"])
        #expect(try folder.lines("places/**").sorted() == ["a beach", "a hill"])
        #expect(try folder.lines("**").count == 4)
        #expect(try folder.lines("**/hill") == ["a hill"])
        #expect(try folder.lines("an*ls").count == 2)
        for missing in ["nothing", "x*", "places"] { #expect(throws: WildcardError.self) { try folder.lines(missing) } }
    }

    @Test func nothingOutsideTheFolderIsRead() throws {
        let (home, folder) = try folder()
        let links = FileManager.default
        try links.createSymbolicLink(
            at: folder.folder.appendingPathComponent("link.txt"), withDestinationURL: home.url.appendingPathComponent("secret.txt"))
        try links.createSymbolicLink(at: folder.folder.appendingPathComponent("up"), withDestinationURL: home.url)
        for name in ["../secret", "places/../../secret", "/etc/passwd", "link", "up/secret", "./animals", "li*"] {
            #expect(throws: WildcardError.self, "\(name)") { try folder.lines(name) }
        }
        #expect(try !folder.lines("**/animals").contains("secret") && !((try? folder.lines("up/*"))?.contains("secret") ?? false))
    }
}

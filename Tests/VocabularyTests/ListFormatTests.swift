import Foundation
import TestSupport
import Testing
import Vocabulary

private func vocabulary(_ text: String, name: String = "list.tags") throws -> TagVocabulary {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return try TagVocabulary(file: file)
}

private func problems(_ text: String, name: String = "list.tags") throws -> [VocabularyProblem] {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent(name)
    try Data(text.utf8).write(to: file)
    return try TagVocabulary.problems(at: file)
}

@Test func aTagTakesItsMarksAndItsSections() throws {
    let list = try vocabulary(
        """
        # a comment
        @facet subject
        animal
        [cats < animal ! cat breed : a photo of a {} cat]
        tabby < pet = striped cat, tiger cat
        pet < animal ! kind : an animal: kept at home
        @facet colour
        [measured *]
        red
        """)
    let tabby = try #require(list.tag(named: "Tiger-Cat"))
    #expect(
        tabby
            == Tag(
                name: "tabby", facet: .subject, exclusiveGroup: "cat breed", implies: ["pet", "animal"],
                aliases: ["striped cat", "tiger cat"],
                phrase: "a photo of a tabby cat"))
    #expect(list.tag(named: "pet")?.phrase == "an animal: kept at home")
    #expect(list.tag(named: "pet")?.exclusiveGroup == "kind")
    #expect(list.tag(named: "red") == Tag(name: "red", facet: .colour, measured: true))
    #expect(list.tags.map(\.name) == ["animal", "tabby", "pet", "red"])
}

@Test(arguments: [
    ("tabby", 1, "@facet"),
    ("@facet animals\ncat", 1, "no facet"),
    ("@facet subject\n[cats", 2, "]"),
    ("@facet subject\ncat\ndog <", 3, "nothing stands after <"),
    ("@facet subject\n= alias", 2, "no name"),
    ("@facet colour\nred * very", 2, "* stands alone"),
    ("@facet subject\n[cats = felines]\n", 2, "no aliases"),
    ("@facet subject\n" + String(repeating: "x", count: 121), 2, "120"),
])
func aLineThatCannotBeReadIsNamed(text: String, line: Int, says: String) throws {
    let error = try #require(throws: VocabularyError.self) { try vocabulary(text) }
    guard case .malformed(let problem, _) = error else {
        Issue.record("\(error)")
        return
    }
    #expect(problem.line == line)
    #expect(problem.file == "list.tags")
    #expect("\(error)".contains(says), "\(error)")
}

@Test(arguments: [
    ("cat\nCat", 3, "duplicate"),
    ("cat\ndog = hound\nhound", 3, "alias"),
    ("cat = pet\ndog = pet", 3, "belongs to \"cat\""),
    ("cat < animal", 2, "which is no tag"),
    ("cat < feline\nfeline < animal\nanimal < cat", 2, "cat < feline < animal < cat"),
    ("cat < cat", 2, "circle"),
    ("cat ! kind\n@facet mood\ncalm ! kind", 4, "in subject and in mood"),
    ("animal ! kind\ncat < animal ! kind", 3, "both are in the exclusive group"),
    ("cat (black)", 2, "\"(\""),
    ("cat  black", 2, "double spaces"),
    ("red * : a red thing", 2, "never be used"),
    ("trending on ArtStation", 2, "kept out|keep out"),
    ("cat = as seen on pixiv", 2, "keep out"),
    ("scene by greg rutkowski", 2, "keep out"),
])
func theCheckerNamesTheLine(body: String, line: Int, says: String) throws {
    let found = try problems("@facet subject\n" + body)
    #expect(!found.isEmpty)
    let words = says == "duplicate" ? ["stands already", "lower case"] : says.split(separator: "|").map(String.init)
    #expect(found.contains { problem in problem.line == line && words.contains { problem.description.contains($0) } }, "\(found)")
}

@Test func aSoundListHasNoProblems() throws {
    let text = "@facet subject\nanimal\ncat < animal = feline\nkitten < cat"
    #expect(try problems(text).isEmpty)
    #expect(try vocabulary(text).check().isEmpty)
}

@Test func circlesDoNotHangTheReader() throws {
    let list = try vocabulary("@facet subject\na < b\nb < c\nc < a")
    let tag = try #require(list.tag(named: "a"))
    #expect(list.implied(by: tag).map(\.name) == ["b", "c"])
    #expect(list.check().count == 3)
}

@Test func everyEditGivesANewDigest() throws {
    let one = try vocabulary("@facet subject\ncat\ndog")
    #expect(one.digest.count == 64)
    #expect(try vocabulary("@facet subject\ncat\ndog").digest == one.digest)
    #expect(try vocabulary("@facet subject\ncat\ndogs").digest != one.digest)
    #expect(try vocabulary("@facet subject\ncat\ndog\n").digest != one.digest)
    let made = TagVocabulary(name: "made", tags: one.tags)
    #expect(made.digest != TagVocabulary(name: "made", tags: one.tags.dropLast()).digest)
}

@Test func foldersAreReadWhole() throws {
    let folder = try TemporaryFolder()
    let error = try #require(throws: VocabularyError.self) { try TagVocabulary(directory: folder.url) }
    #expect(error == .noLists(path: folder.url.path))
    try Data("@facet subject\ncat < animal".utf8).write(to: folder.url.appendingPathComponent("a.tags"))
    try Data("@facet subject\nanimal".utf8).write(to: folder.url.appendingPathComponent("b.tags"))
    try Data("not read".utf8).write(to: folder.url.appendingPathComponent("README.md"))
    let list = try TagVocabulary(contentsOf: folder.url)
    #expect(list.tags.map(\.name) == ["cat", "animal"])
    #expect(list.check().isEmpty)
}

@Test func keysAndSingularsAreStable() {
    var random = SeededGenerator.announced()
    let letters = Array("abcdesSxyi -_'’ ")
    for _ in 0..<2000 {
        let text = String((0..<Int.random(in: 0...14, using: &random)).map { _ in letters.randomElement(using: &random)! })
        let key = Tag.key(text)
        #expect(Tag.key(key) == key)
        #expect(Tag.singularKeys(key).allSatisfy { $0.count < key.count || $0.hasSuffix("f") || $0.hasSuffix("y") || $0.hasSuffix("fe") })
    }
}

// MARK: - Templates

@Test func aFolderHasTemplatesWithADigestOfTheirOwn() throws {
    let folder = try TemporaryFolder()
    try Data("@facet subject\ncat\n".utf8).write(to: folder.url.appendingPathComponent("a.tags"))
    let plain = try TagVocabulary(contentsOf: folder.url)
    #expect(plain.templates == .plain && plain.templates.sentences(for: "cat", facet: .subject) == ["a photo of a cat"])

    let file = folder.url.appendingPathComponent("own.templates")
    try Data("# two\n@facet subject\na {}\none {} here\n@facet mood\nso {}\n".utf8).write(to: file)
    let own = try TagVocabulary(contentsOf: folder.url)
    #expect(own.digest == plain.digest && own.templates.digest != plain.templates.digest)
    #expect(own.templates.sentences(for: "cat", facet: .subject) == ["a cat", "one cat here"])
    #expect(own.templates.sentences(for: "sad", facet: .mood) == ["so sad"])
    #expect(own.templates.sentences(for: "cubism", facet: .style) == ["a cubism photo"], "a missing facet has its plain sentence")
    #expect(try TagVocabulary.problems(at: folder.url).isEmpty)
}

@Test func theCheckerReadsTemplates() throws {
    let folder = try TemporaryFolder()
    try Data("@facet subject\ncat\n".utf8).write(to: folder.url.appendingPathComponent("a.tags"))
    let long = String(repeating: "x", count: 200)
    let text = "a {}\n@facet subject\nno place\n{} and {}\na {}\na {}\n@facet nonsense\n\(long) {}\n"
    try Data(text.utf8).write(to: folder.url.appendingPathComponent("b.templates"))
    let problems = try TagVocabulary.problems(at: folder.url)
    #expect(problems.map(\.line) == [1, 3, 4, 6, 7, 8])
    #expect(throws: VocabularyError.self) { try TagVocabulary(contentsOf: folder.url) }
}

/// A chain of thousands is refused, and as quickly as a short one.
@Test func aLongChainOfImplicationsIsRefused() throws {
    let chain = (0..<3000).map { "t\($0)" + ($0 < 2999 ? " < t\($0 + 1)" : "") }.joined(
        separator: "\n")
    let begin = ContinuousClock.now
    let found = try problems("@facet subject\n" + chain)
    #expect(
        found.count == 3000 - 257
            && found.allSatisfy { $0.reason.contains("implies more than 256 tags") })
    #expect(begin.duration(to: .now) < .seconds(10))
    #expect(throws: Never.self) {
        try vocabulary(
            "@facet subject\n" + chain.split(separator: "\n").suffix(200).joined(separator: "\n"))
    }
}

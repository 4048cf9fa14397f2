import Foundation
import TestSupport
import Testing
import Vocabulary

private func own(_ bytes: some Sequence<UInt8>) throws -> TagVocabulary {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("mine.txt")
    try Data(bytes).write(to: file)
    return try TagVocabulary(contentsOf: file)
}

@Test func aListOfPhrasesLoads() throws {
    let list = try own("\u{FEFF}# my things\r\nRed Barn\r\n\r\nColor: Teal\r\nmood : wistful\r\nred barn\r\n".utf8)
    #expect(list.name == "mine")
    #expect(
        list.tags == [Tag(name: "Red Barn", facet: .subject), Tag(name: "Teal", facet: .colour), Tag(name: "wistful", facet: .mood)])
    #expect(list.tag(named: "red barns")?.name == "Red Barn")
}

@Test func aWrongListIsRefusedWithItsLine() throws {
    func message(_ bytes: some Sequence<UInt8>) -> String {
        do {
            _ = try own(bytes)
            return "it was read"
        } catch {
            return "\(error)"
        }
    }
    #expect(message("cat\nanimal: dog".utf8).contains("mine.txt, line 2: \"animal\" is no facet"))
    #expect(message("cat\nmood:".utf8).contains("line 2"))
    #expect(message("cat\na\u{07}bell".utf8).contains("U+7"))
    #expect(message(Array("cat\n".utf8) + [0xC3, 0x28]).contains("line 2: not UTF-8"))
    #expect(message("cat\n\n\(String(repeating: "y", count: 121))".utf8).contains("line 3: longer than 120 characters"))
    #expect(message("# nothing\n".utf8).contains("holds no tags"))
    #expect(message((0...VocabularyLimit.tags).map { "tag \($0)" }.joined(separator: "\n").utf8).contains("more than 200000 tags"))
    #expect(message([UInt8](repeating: 0x61, count: VocabularyLimit.fileBytes + 1)).contains("may have \(VocabularyLimit.fileBytes)"))
    #expect(message("one: two\nthree: four".utf8).contains("and 1 more"))
}

@Test func aMissingListIsNamed() throws {
    let error = try #require(throws: VocabularyError.self) {
        try TagVocabulary(contentsOf: URL(fileURLWithPath: "/nowhere/at/all.txt"))
    }
    #expect("\(error)".contains("/nowhere/at/all.txt"))
}

@Test func ownListsAreNotHeldToOurStyle() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("mine.txt")
    try Data("Trending on ArtStation\nA (bracket)\ncat\ncats\nCat".utf8).write(to: file)
    let found = try TagVocabulary.problems(at: file)
    #expect(found.map(\.line) == [5])
}

/// A pipe nobody writes into is refused at once.
@Test func aPipeIsNoList() throws {
    let folder = try TemporaryFolder()
    let pipe = folder.url.appendingPathComponent("mine.txt")
    #expect(mkfifo(pipe.path, 0o600) == 0)
    let error = #expect(throws: VocabularyError.self) { try TagVocabulary(contentsOf: pipe) }
    #expect(error.map { "\($0)" }?.contains("pipe") == true)
}

/// A list that a symbolic link names is read.
@Test func aLinkToAListIsRead() throws {
    let folder = try TemporaryFolder()
    try Data("barn\n".utf8).write(to: folder.url.appendingPathComponent("kept.txt"))
    let link = folder.url.appendingPathComponent("mine.txt")
    try FileManager.default.createSymbolicLink(atPath: link.path, withDestinationPath: "kept.txt")
    #expect(try TagVocabulary(contentsOf: link).tags.map(\.name) == ["barn"])
}

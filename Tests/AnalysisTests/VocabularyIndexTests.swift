import Analysis
import Foundation
import TestSupport
import Testing
import Vocabulary

private let words = TagVocabulary(
    name: "words",
    tags: ["cat", "dog", "house"].map { Tag(name: $0, facet: .subject) } + [Tag(name: "red tones", facet: .colour, measured: true)])

@Test func theTextTowerIsAskedOnce() throws {
    let folder = try TemporaryFolder()
    let cache = folder.url.appendingPathComponent("not/yet/there")
    let encoder = TinyEncoder()
    var reports: [Int] = []
    let first = try VocabularyIndex(vocabulary: words, encoder: encoder, caches: [cache]) { done, total in
        reports.append(done)
        #expect(total == 3)
    }
    #expect(reports == [0, 3])
    #expect(!first.wasCached)
    #expect(first.positions == [0, 1, 2], "what is measured is not embedded")
    #expect(encoder.textsEmbedded.withLock { $0 } == 3)

    let second = try VocabularyIndex(vocabulary: words, encoder: encoder, caches: [cache]) { _, _ in Issue.record("embedded again") }
    #expect(second.wasCached)
    #expect(encoder.textsEmbedded.withLock { $0 } == 3)
    #expect(second.embeddings.values == first.embeddings.values)
    #expect(second.statistics == first.statistics)

    let cosines = second.cosines(with: TinyEncoder.vector(of: "a photo of a dog"))
    #expect(cosines.count == 3 && cosines.firstIndex(of: cosines.max()!) == 1)
    #expect(abs(cosines[1] - 1) < 1e-3)
}

@Test func anotherEncoderOrVocabularyIsAnotherIndex() throws {
    let folder = try TemporaryFolder()
    _ = try VocabularyIndex(vocabulary: words, encoder: TinyEncoder(), caches: [folder.url])
    let other = TinyEncoder(digest: "other-digest-0123456789")
    #expect(try !VocabularyIndex(vocabulary: words, encoder: other, caches: [folder.url]).wasCached)
    let more = TagVocabulary(name: "words", tags: words.tags + [Tag(name: "tree", facet: .subject)])
    #expect(try !VocabularyIndex(vocabulary: more, encoder: TinyEncoder(), caches: [folder.url]).wasCached)
    #expect(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).count == 3)
}

@Test func aShippedIndexIsFoundBehindTheOwnCache() throws {
    let shipped = try TemporaryFolder()
    let own = try TemporaryFolder()
    _ = try VocabularyIndex(vocabulary: words, encoder: TinyEncoder(), caches: [shipped.url])
    #expect(try VocabularyIndex(vocabulary: words, encoder: TinyEncoder(), caches: [own.url, shipped.url]).wasCached)
}

@Test func aDamagedIndexIsMadeAnew() throws {
    let folder = try TemporaryFolder()
    let encoder = TinyEncoder()
    let sound = try VocabularyIndex(vocabulary: words, encoder: encoder, caches: [folder.url])
    let file = folder.url.appendingPathComponent(VocabularyIndex.fileName(encoder: encoder, vocabulary: words))
    let bytes = try Data(contentsOf: file)
    var random = SeededGenerator.announced()
    for round in 0..<60 {
        var damaged = bytes
        switch round % 3 {
        case 0: damaged[Int.random(in: 0..<bytes.count, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
        case 1: damaged = damaged.prefix(Int.random(in: 0..<bytes.count, using: &random))
        default: damaged.append(0)
        }
        try damaged.write(to: file)
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder, caches: [folder.url])
        #expect(!index.wasCached && index.embeddings.values == sound.embeddings.values)
        #expect(try Data(contentsOf: file) == bytes, "the sound index is back in its place")
    }
}

@Test func aFolderThatCannotBeWrittenIsNoError() throws {
    let folder = try TemporaryFolder()
    let file = folder.url.appendingPathComponent("a file")
    try Data().write(to: file)
    let index = try VocabularyIndex(vocabulary: words, encoder: TinyEncoder(), caches: [file])
    #expect(index.positions.count == 3)
}

@Test func embeddingCanBeCancelled() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
        _ = try VocabularyIndex(vocabulary: words, encoder: TinyEncoder()) { _, _ in throw Stop() }
    }
}

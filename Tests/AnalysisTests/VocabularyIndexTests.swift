import Analysis
import Encoders
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

@Test func anInterruptedRunGoesOnWhereItStood() throws {
    struct Stop: Error {}
    let folder = try TemporaryFolder()
    let many = TagVocabulary(name: "many", tags: (0..<100).map { Tag(name: "thing \($0)", facet: .subject) })
    let encoder = TinyEncoder()
    #expect(throws: Stop.self) {
        _ = try VocabularyIndex(vocabulary: many, encoder: encoder, caches: [folder.url]) { done, _ in if done >= 64 { throw Stop() } }
    }
    let part = try #require(try FileManager.default.contentsOfDirectory(atPath: folder.url.path).first { $0.hasSuffix(".partial") })
    let file = folder.url.appendingPathComponent(part)
    let kept = try Data(contentsOf: file)
    encoder.textsEmbedded.withLock { $0 = 0 }
    var first: Int?
    let resumed = try VocabularyIndex(vocabulary: many, encoder: encoder, caches: [folder.url]) { done, _ in first = first ?? done }
    #expect(first == 64 && encoder.textsEmbedded.withLock { $0 } == 36)
    let whole = try VocabularyIndex(vocabulary: many, encoder: TinyEncoder())
    #expect(resumed.embeddings.values == whole.embeddings.values)
    #expect(!FileManager.default.fileExists(atPath: file.path), "nothing is left of the partial file")

    // Whatever was cut or altered is embedded again.
    let index = folder.url.appendingPathComponent(VocabularyIndex.fileName(encoder: encoder, vocabulary: many))
    var random = SeededGenerator.announced()
    for _ in 0..<30 {
        try FileManager.default.removeItem(at: index)
        var damaged = kept.prefix(Int.random(in: 0...kept.count, using: &random))
        if let place = damaged.indices.randomElement(using: &random), Bool.random(using: &random) { damaged[place] ^= 4 }
        try damaged.write(to: file)
        let made = try VocabularyIndex(vocabulary: many, encoder: encoder, caches: [folder.url])
        #expect(made.embeddings.values == whole.embeddings.values)
    }
}

@Test func anEncoderWithoutASentenceSeesTheTemplates() throws {
    let folder = try TemporaryFolder()
    let templates = PromptTemplates([.subject: ["a photo of a {}", "one {}"], .action: ["someone {}"]])
    let tags = [
        Tag(name: "cat", facet: .subject), Tag(name: "running", facet: .action), Tag(name: "bank", facet: .setting, phrase: "river"),
    ]
    let vocabulary = TagVocabulary(name: "t", tags: tags, templates: templates)
    let encoder = TinyEncoder(ownSentence: nil)
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url])
    #expect(encoder.textsEmbedded.withLock { $0 } == 4)
    let two = [TinyEncoder.vector(of: "a photo of a cat"), TinyEncoder.vector(of: "one cat")]
    let mean = Embedding(direction: zip(two[0].values, two[1].values).map { $0 + $1 })
    #expect(abs(index.cosines(with: mean)[0] - 1) < 1e-3)
    #expect(abs(index.cosines(with: TinyEncoder.vector(of: "someone running"))[1] - 1) < 1e-3)
    #expect(abs(index.cosines(with: TinyEncoder.vector(of: "river"))[2] - 1) < 1e-3, "a phrase is a whole text")

    // Another template is another index; the vocabulary's digest stays.
    let changed = TagVocabulary(name: "t", tags: tags, templates: PromptTemplates([.subject: ["a {}"]]))
    #expect(changed.digest == vocabulary.digest && changed.templates.digest != vocabulary.templates.digest)
    #expect(try !VocabularyIndex(vocabulary: changed, encoder: encoder, caches: [folder.url]).wasCached)
    #expect(try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url]).wasCached)
    #expect(
        try !VocabularyIndex(vocabulary: vocabulary, encoder: TinyEncoder(), caches: [folder.url]).wasCached,
        "its own sentence is another wording")
}

@Test func embeddingCanBeCancelled() throws {
    struct Stop: Error {}
    #expect(throws: Stop.self) {
        _ = try VocabularyIndex(vocabulary: words, encoder: TinyEncoder()) { _, _ in throw Stop() }
    }
}

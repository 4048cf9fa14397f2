import Analysis
import Catalog
import Encoders
import Foundation
import Pixels
import TestSupport
import Testing
import Vocabulary

/// A text is the sum of its known words, each a direction of its own; the picture is of some of them.
private struct BagEncoder: PictureEncoder {
    static let words = ["cat", "sofa", "window", "photo", "car", "golden"]
    let name = "bag"
    let digest = "bag-digest-0123456789ab"
    let dimension = words.count + 1
    let fittedCalibration: Calibration? = nil
    let ownSentence: String? = "{}"
    let softmaxScale: Float = 30
    var maximumTokens = 77
    var shown: [String: Float] = ["cat": 1, "sofa": 0.7, "photo": 0.3]

    func observe(_ image: Image) throws -> Observation {
        Observation(embedding: Embedding(direction: Self.words.map { shown[$0] ?? 0 } + [0.05]), mediums: [])
    }

    func embed(_ texts: [String]) throws -> [Embedding] {
        texts.map { text in
            let parts = Set(text.split { !$0.isLetter }.map(String.init))
            return Embedding(direction: Self.words.map { parts.contains($0) ? 1 : 0 } + [0.05])
        }
    }

    func tokenCount(_ text: String) throws -> Int { text.split(separator: " ").count + 2 }
    func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? {
        texts.map { _ in BackgroundStatistics(mean: 0, deviation: 0.1) }
    }
}

private let words = TagVocabulary(
    name: "words",
    tags: ["cat", "sofa", "window", "car"].map { Tag(name: $0, facet: .subject) } + [
        Tag(name: "photo", facet: .medium), Tag(name: "dark", facet: .lighting, measured: true),
    ])

private func analyzer(_ encoder: BagEncoder) throws -> Analyzer {
    var settings = SelectionSettings(facetShare: 0, toldFrom: 0)
    settings.thresholds = [.subject: 0, .medium: 0]
    return Analyzer(
        encoder: encoder, vocabulary: words, index: try VocabularyIndex(vocabulary: words, encoder: encoder),
        catalog: ModelCatalog(directories: []), settings: settings)
}

@Test func thePromptIsTheOneNearestToThePicture() throws {
    let result = try analyzer(BagEncoder()).analyze(grey(200), composition: .full)
    #expect(result.composition.mode == .full && result.composition.tried > 2 && result.composition.tried <= 30)
    #expect(result.prompt.positive.contains("cat") && result.prompt.positive.contains("sofa"))
    #expect(!result.prompt.positive.contains("car"), "nothing of it is in the picture: \(result.prompt.positive)")
    let similarity = try #require(result.composition.similarity)
    let encoder = BagEncoder()
    let seen = try encoder.observe(grey(200)).embedding
    #expect(abs(try encoder.embed([result.prompt.positive])[0].cosine(seen) - similarity) < 1e-6, "the similarity is the prompt's own")
    let gains = Dictionary(uniqueKeysWithValues: result.composition.gains.map { ($0.tag, $0.gain) })
    #expect(try #require(gains["cat"]) > #require(gains["sofa"]) && #require(gains["sofa"]) > 0)
    #expect(Set(gains.keys) == Set(result.composition.gains.map(\.tag)))
}

@Test func aFastCompositionAsksNoTextTower() throws {
    let result = try analyzer(BagEncoder()).analyze(grey(200), composition: .fast)
    #expect(result.composition.similarity == nil && result.composition.tried == 0 && result.composition.gains.isEmpty)
}

@Test func aPromptThatWouldBeCutIsNotChosen() throws {
    let short = BagEncoder(maximumTokens: 7)
    let result = try analyzer(short).analyze(grey(200), composition: .full)
    #expect(try short.tokenCount(result.prompt.positive) < 7, "\(result.prompt.positive)")
}

// MARK: - Wide pictures

@Test func aPanoramaIsLookedAtInParts() throws {
    /// Sees the colour of the picture's middle.
    struct Middle: PictureEncoder {
        let base = BagEncoder()
        var name: String { base.name }
        var digest: String { base.digest }
        var dimension: Int { base.dimension }
        var fittedCalibration: Calibration? { nil }
        var ownSentence: String? { "{}" }
        var softmaxScale: Float { 30 }
        var maximumTokens: Int { 77 }
        func observe(_ image: Image) throws -> Observation {
            let red = image[image.width / 2, image.height / 2, 0]
            return Observation(embedding: try embed([red > 150 ? "cat" : red > 50 ? "window" : "car"])[0], mediums: [])
        }
        func embed(_ texts: [String]) throws -> [Embedding] { try base.embed(texts) }
        func tokenCount(_ text: String) throws -> Int { try base.tokenCount(text) }
        func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? { try base.ownBackground(of: texts) }
    }
    let index = try VocabularyIndex(vocabulary: words, encoder: Middle())
    var settings = SelectionSettings(facetShare: 0)
    settings.thresholds = [.subject: 0.5]
    let analyzer = Analyzer(
        encoder: Middle(), vocabulary: words, index: index, catalog: ModelCatalog(directories: []), settings: settings)
    let wide = painted(width: 240, height: 60) { x, _ in x < 0.3 ? (200, 0, 0) : x > 0.7 ? (10, 0, 0) : (100, 0, 0) }
    let found = Set(try analyzer.analyze(wide).suggestions.map(\.tag))
    #expect(found.isSuperset(of: ["cat", "window", "car"]), "\(found)")
    let square = painted(width: 90, height: 60) { x, _ in x < 0.3 ? (200, 0, 0) : x > 0.7 ? (10, 0, 0) : (100, 0, 0) }
    #expect(Set(try analyzer.analyze(square).suggestions.map(\.tag)).isDisjoint(with: ["cat", "car"]))
}

// MARK: - Models by their descriptors

@Test func modelsAreRankedByWhatTheirPicturesLookLike() throws {
    func manifest(_ name: String, _ descriptors: [String]) -> Manifest {
        Manifest(
            name: name, title: name, kind: .generator, family: "sd15", license: "MIT", source: "here", description: "d",
            descriptors: descriptors, defaults: .init(steps: 20, guidance: 7, sampler: "ddim"))
    }
    let folder = try TemporaryFolder()
    for manifest in [manifest("cats", ["cat sofa"]), manifest("cars", ["car"]), manifest("plain", [])] {
        let home = folder.url.appendingPathComponent(manifest.name)
        try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
        try JSONEncoder().encode(manifest).write(to: home.appendingPathComponent("manifest.json"))
    }
    let catalog = ModelCatalog(directories: [folder.url])
    #expect(catalog.problems.isEmpty)
    let encoder = BagEncoder()
    let cache = folder.url.appendingPathComponent("cache")
    let seen = try encoder.observe(grey(1)).embedding
    let styles = try StyleIndex(catalog: catalog, encoder: encoder, caches: [cache])
    let near = styles.affinities(of: seen)
    #expect(near.count == 2 && near["plain"] == nil)
    #expect(try #require(near["cats"]).value > 0.6 && #require(near["cars"]).value < 0.4)
    #expect(near["cats"]?.descriptor == "cat sofa" && near["cats"]?.generations == 0)
    let again = try StyleIndex(catalog: catalog, encoder: encoder, caches: [cache])
    #expect(again.affinities(of: seen) == near, "read back from the cache")
    #expect(try FileManager.default.contentsOfDirectory(atPath: cache.path).count == 1)

    let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
    let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: catalog, styles: styles).analyze(grey(1))
    #expect(result.model?.name == "cats" && result.model?.reason.contains("cat sofa") == true)

    // Five pictures that were made with the other model, just like this one, say more than any text.
    let made = try StyleIndex(
        catalog: catalog, encoder: encoder,
        made: ["cars": (seen, 5), "cats": (try encoder.embed(["window"])[0], 7), "plain": (seen, 2)])
    let now = made.affinities(of: seen)
    #expect(now["cars"]?.generations == 5 && now["cats"]?.generations == 7)
    #expect(try #require(now["cars"]).value > #require(near["cars"]).value)
    #expect(try #require(now["cats"]).value < #require(near["cats"]).value)
}

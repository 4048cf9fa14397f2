import Analysis
import Catalog
import Foundation
import Pixels
import TestSupport
import Testing
import Vocabulary

private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "animal", facet: .subject), Tag(name: "cat", facet: .subject, implies: ["animal"]), Tag(name: "dog", facet: .subject),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"), Tag(name: "painting", facet: .medium, exclusiveGroup: "medium"),
        Tag(name: "black and white", facet: .colour, measured: true),
        Tag(name: "portrait orientation", facet: .composition, measured: true),
        Tag(name: "dark", facet: .lighting, measured: true),
    ])

private func model(
    _ name: String, family: String = "sd15", styles: [String: Double], installedIn folder: URL? = nil, under directory: URL,
    prompt: Manifest.Prompt? = nil, engine: String? = nil, sizes: Manifest.Sizes? = nil
) throws {
    let home = directory.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    let manifest = Manifest(
        name: name, title: name.capitalized, kind: .generator, family: family, license: "MIT", source: "here", description: "d",
        styles: styles, sizes: sizes,
        defaults: Manifest.Defaults(steps: 20, guidance: 7, sampler: "ddim"), files: [Manifest.File(path: "weights")], prompt: prompt,
        engine: engine)
    try JSONEncoder().encode(manifest).write(to: home.appendingPathComponent("manifest.json"))
    if folder != nil { try Data([1]).write(to: home.appendingPathComponent("weights")) }
}

private func analyzer(
    _ encoder: TinyEncoder = TinyEncoder(), catalog: ModelCatalog = ModelCatalog(directories: []), memory: Int? = nil
) throws -> Analyzer {
    Analyzer(
        encoder: encoder, vocabulary: words, index: try VocabularyIndex(vocabulary: words, encoder: encoder), catalog: catalog,
        memory: memory)
}

@Test func anAnalysisSaysWhatThePictureShows() throws {
    let result = try analyzer().analyze(grey(0), originalSize: (300, 400))
    let found = Dictionary(uniqueKeysWithValues: result.suggestions.map { ($0.tag, $0) })
    #expect(found["cat"]?.source == .ranked)
    #expect(try #require(found["cat"]?.cosine) > 0.99)
    #expect(found["photo"]?.source == .head && found["photo"]?.confidence == 0.9)
    #expect(found["dark"]?.source == .measured && found["dark"]?.cosine == nil)
    #expect(found["portrait orientation"] != nil && found["black and white"] != nil)
    #expect(found["animal"] == nil && result.dropped.contains { $0.tag == "animal" && $0.reason == .said(by: "cat") })
    #expect(result.prompt.positive.hasPrefix("a photo of a cat"))
    #expect(result.prompt.negative.contains("painting"))
    #expect(!result.prompt.positive.contains("orientation"), "the size says that")
    #expect(result.mediums.map(\.name) == ["photo", "painting"])
    #expect(result.model == nil && result.size == nil)
}

@Test func rejectedTagsStayAwayAndNothingElseChanges() throws {
    let analyzer = try analyzer()
    let first = try analyzer.analyze(grey(0))
    let second = try analyzer.analyze(grey(0), excluding: ["dark"])
    #expect(first.suggestions.map(\.tag).filter { $0 != "dark" } == second.suggestions.map(\.tag))
    #expect(second.dropped.contains { $0.tag == "dark" && $0.reason == .rejectedBefore })
}

/// Whatever a group is called: some are a noun, some a choice.
@Test(arguments: ["time of day", "indoors or outdoors"]) func whatExcludesATagIsNamed(_ group: String) {
    let reason = Dropped.Reason.excluded(by: "indoors", group: group)
    #expect("\(reason)" == "\"indoors\" is likelier, and the two exclude each other (\(group))")
}

@Test func theBestInstalledModelIsFilledInAndABetterOneNamed() throws {
    let folder = try TemporaryFolder()
    try model("modest", styles: ["photo": 0.5, "painting": 0.9], installedIn: folder.url, under: folder.url)
    try model("painter", styles: ["photo": 0.1, "painting": 1], installedIn: folder.url, under: folder.url)
    try model("great", styles: ["photo": 0.95], under: folder.url)
    let catalog = ModelCatalog(directories: [folder.url])
    let choice = try #require(try analyzer(catalog: catalog).analyze(grey(0)).model)
    #expect(choice.name == "modest" && choice.installed)
    #expect(choice.runnersUp.map(\.name) == ["great", "painter"])
    #expect(choice.runnersUp.map(\.installed) == [false, true])
    #expect(choice.runnersUp[0].score > choice.score)
    #expect(choice.reason.contains("Great would match better") && choice.reason.contains("not installed"))

    let painting = TinyEncoder(mediums: [("painting", 0.98), ("photo", 0.02)])
    #expect(try analyzer(painting, catalog: catalog).analyze(grey(0)).model?.name == "painter")
}

@Test func whatThePictureShowsMayDecideTheModel() throws {
    let folder = try TemporaryFolder()
    try model("general", styles: ["photo": 0.7, "animal": 0.2], installedIn: folder.url, under: folder.url)
    try model("zoo", styles: ["photo": 0.6, "animal": 1], installedIn: folder.url, under: folder.url)
    let choice = try #require(try analyzer(catalog: ModelCatalog(directories: [folder.url])).analyze(grey(0)).model)
    #expect(choice.name == "zoo" && choice.reason.contains("\"animal\""))
}

@Test func aModelThatIsNotHereIsBetterThanNone() throws {
    let folder = try TemporaryFolder()
    try model("far", styles: ["photo": 0.9], under: folder.url)
    let choice = try #require(try analyzer(catalog: ModelCatalog(directories: [folder.url])).analyze(grey(0)).model)
    #expect(choice.name == "far" && !choice.installed && choice.reason.contains("no generator is installed"))
}

@Test func whatDoesNotFitTheMachineIsNotSuggested() throws {
    let folder = try TemporaryFolder()
    try model("here", styles: ["photo": 0.2], installedIn: folder.url, under: folder.url)
    try model("small", styles: ["photo": 0.6], under: folder.url)
    try model("large", family: "sdxl", styles: ["photo": 0.9], under: folder.url)
    try model("elsewhere", family: "flux2", styles: ["photo": 0.95], under: folder.url, engine: "another program")
    let catalog = ModelCatalog(directories: [folder.url])
    let ample = try #require(try analyzer(catalog: catalog).analyze(grey(0)).model)
    #expect(ample.name == "here" && ample.howToGet == nil && ample.runnersUp.map(\.name) == ["large", "small", "elsewhere"])
    #expect(ample.runnersUp.map(\.howToGet)[2]?.contains("--engine") == true)
    #expect(ample.reason.contains("Large would match better") && ample.reason.contains("is not installed"), "\(ample.reason)")
    let modest = try #require(try analyzer(catalog: catalog, memory: 4_000_000_000).analyze(grey(0)).model)
    #expect(modest.runnersUp.map(\.name) == ["small", "elsewhere"])
    #expect(!modest.reason.contains("Large"))
}

/// However many in other programs would match, the one that the reason names is among those of which a line says how to get them.
@Test func whatTheReasonNamesIsListed() throws {
    let folder = try TemporaryFolder()
    try model("here", styles: ["photo": 0.2], installedIn: folder.url, under: folder.url)
    try model("small", styles: ["photo": 0.6], under: folder.url)
    for number in 1...5 {
        try model("elsewhere\(number)", family: "flux2", styles: ["photo": 0.9], under: folder.url, engine: "another program")
    }
    let choice = try #require(try analyzer(catalog: ModelCatalog(directories: [folder.url])).analyze(grey(0)).model)
    #expect(choice.reason.contains("Small would match better"), "\(choice.reason)")
    #expect(choice.runnersUp.map(\.name) == ["small", "elsewhere1", "elsewhere2", "elsewhere3"])
}

/// A model that another program runs has sizes, too: those of its own manifest, told under its title.
@Test func aModelElsewhereIsSuggestedWithItsSizes() throws {
    let folder = try TemporaryFolder()
    try model(
        "elsewhere", family: "flux2", styles: ["photo": 0.95], under: folder.url, engine: "another program",
        sizes: Manifest.Sizes(base: 1024, minimum: 256, maximum: 2048, multiple: 16))
    let result = try analyzer(catalog: ModelCatalog(directories: [folder.url])).analyze(grey(0), originalSize: (600, 400))
    let size = try #require(result.size)
    #expect(result.model?.name == "elsewhere" && size.width % 16 == 0 && size.height % 16 == 0)
    #expect(abs(Double(size.width) / Double(size.height) - 1.5) < 0.02 && (800_000...1_300_000).contains(size.width * size.height))
    #expect(size.reason.contains("Elsewhere"), "\(size.reason)")
}

@Test func thePromptIsWrittenAsTheSuggestedModelWants() throws {
    let folder = try TemporaryFolder()
    let habit = Manifest.Prompt(form: .tags, before: "score_9, score_8_up", negative: "blurry, dark")
    try model("tags", styles: ["photo": 0.9], installedIn: folder.url, under: folder.url, prompt: habit)
    let catalog = ModelCatalog(directories: [folder.url])
    for mode in [CompositionMode.fast, .full] {
        let prompt = try analyzer(catalog: catalog).analyze(grey(0), composition: mode).prompt
        #expect(prompt.positive.hasPrefix("score_9, score_8_up, cat"), "\(prompt)")
        #expect(!prompt.positive.contains("a photo of") && prompt.negative.hasPrefix("blurry"), "\(prompt)")
    }
}

@Test func theSizeIsLegalAndSaysWhy() throws {
    let folder = try TemporaryFolder()
    try model("modest", styles: ["photo": 0.5], installedIn: folder.url, under: folder.url)
    let size = try #require(
        try analyzer(catalog: ModelCatalog(directories: [folder.url])).analyze(grey(0), originalSize: (4032, 3024)).size)
    #expect(size.width == 512 && size.height == 384)
    #expect(size.reason == "the nearest to 4032x3024 among the sizes that SD 1.5 draws well: the picture's own proportions")
}

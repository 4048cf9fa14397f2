import Catalog
import Encoders
import Foundation
import TestSupport
import Testing
import Vocabulary

@testable import Analysis

private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "animal", facet: .subject), Tag(name: "cat", facet: .subject, implies: ["animal"]),
        Tag(name: "dog", facet: .subject, implies: ["animal"]), Tag(name: "two dogs", facet: .subject, implies: ["dog"]),
        Tag(name: "several dogs", facet: .subject, implies: ["dog"]), Tag(name: "person", facet: .subject),
        Tag(name: "woman", facet: .subject, implies: ["person"]), Tag(name: "sofa", facet: .subject),
        Tag(name: "indoors", facet: .setting), Tag(name: "portrait framing", facet: .composition),
        Tag(name: "close-up", facet: .composition),
        Tag(name: "full body", facet: .composition),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"), Tag(name: "painting", facet: .medium, exclusiveGroup: "medium"),
        Tag(name: "portrait orientation", facet: .composition, measured: true),
    ])

private func thing(
    _ name: String, _ certainty: Float, _ left: Float = 0, _ top: Float = 0, _ right: Float = 0.5, _ bottom: Float = 0.5,
    traits: [String: Float] = [:]
) -> SeenThing {
    SeenThing(name: name, box: UnitBox(left: left, top: top, right: right, bottom: bottom), certainty: certainty, traits: traits)
}

private func analysis(of seen: Seen, size: (Int, Int) = (400, 300)) throws -> AnalysisResult {
    // An embedding that says nothing: what is suggested comes from what was seen.
    let encoder = TinyEncoder(
        calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: seen, counts: ["dog": ["two dogs", "several dogs"]])
    let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
    return try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
        .analyze(grey(90), originalSize: size)
}

@Test func whatWasSeenIsSuggestedWithItsOwnCertainty() throws {
    let result = try analysis(of: Seen(tags: ["cat": 0.8, "sofa": 0.6, "dog": 0.01], things: [thing("cat", 0.8)]))
    let found = Dictionary(uniqueKeysWithValues: result.suggestions.map { ($0.tag, $0) })
    for (tag, certainty) in [("cat", Float(0.8)), ("sofa", 0.6)] {
        let suggestion = try #require(found[tag])
        #expect(suggestion.source == .seen && abs(suggestion.confidence - certainty) < 1e-3, "\(suggestion)")
    }
    #expect(found["dog"] == nil)
    #expect(result.things.map(\.name) == ["cat"])
}

@Test func aKindIsNoSurerThanTheThingThatWasLookedFor() throws {
    // `grey(0)` has the embedding of the text of a cat, which is an animal, but no animal was seen.
    func cat(things: Set<String>) throws -> (suggested: Bool, confidence: Float) {
        let encoder = TinyEncoder(
            calibration: Calibration(z: 0, cosine: 8, intercept: -4), seen: Seen(tags: ["animal": 0.17], things: []), things: things)
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let analyzer = Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
        let result = try analyzer.analyze(grey(0), originalSize: (400, 300))
        let suggested = result.suggestions.first { $0.tag == "cat" }
        let hidden = result.dropped.first { $0.tag == "cat" }
        return (suggested != nil, try #require(suggested?.confidence ?? hidden?.confidence))
    }
    let looked = try cat(things: ["animal"])
    #expect(!looked.suggested && looked.confidence <= 0.171)
    // A label of the whole picture, which has no place, denies nothing.
    let labelled = try cat(things: [])
    #expect(labelled.suggested && labelled.confidence > 0.9)
}

@Test func whatIsHiddenHasTheScaleOfWhatIsShown() throws {
    let result = try analysis(of: Seen(tags: ["cat": 0.8, "dog": 0.17], things: []))
    let hidden = try #require(result.dropped.first { $0.tag == "dog" })
    #expect(abs(hidden.confidence - 0.17) < 1e-3)
    guard case .unlikely(let threshold) = hidden.reason else {
        Issue.record("\(hidden)")
        return
    }
    #expect(threshold > 0.17 && threshold < 0.4, "as it is shown: \(threshold)")
}

@Test func boxesAreCounted() throws {
    let two = try analysis(of: Seen(tags: ["dog": 0.95], things: [thing("dog", 0.9), thing("dog", 0.85, 0.5, 0.5, 1, 1)]))
    let tag = try #require(two.suggestions.first { $0.tag == "two dogs" })
    #expect(abs(tag.confidence - 0.9 * 0.85) < 1e-3)
    #expect(two.dropped.contains { $0.tag == "dog" && $0.reason == .said(by: "two dogs") })
    #expect(two.prompt.positive.hasPrefix("a photo of two dogs"))

    #expect(SeenTags.shares([1, 1, 1, 1], from: 2, kinds: 2) == [0, 1], "the last kind is as many or more")
    #expect(SeenTags.shares([0.5, 0.5], from: 2, kinds: 3) == [0.25, 0, 0])
    #expect(SeenTags.shares([], from: 2, kinds: 1) == [0])
}

private let counting = EncoderConfiguration.Counting(
    sameShare: 0.7, leastHeight: 0.4, box: .init(slope: 1, offset: 0), several: ["person": "people"], label: 0.5, boxes: 0.5, intercept: 0)

private func people(_ things: [SeenThing], label: Float?) -> [String: Float] {
    SeenTags(
        Seen(tags: label.map { ["people": $0] } ?? [:], things: things), counts: ["person": ["two people", "group of people"]],
        framing: nil, counting: counting
    ).confidences
}

@Test func onePersonIsNoPeople() throws {
    // Found twice, the second box within the first; and the label is not sure.
    let twice = people([thing("person", 0.9, 0.2, 0, 0.6, 1), thing("person", 0.6, 0.25, 0, 0.55, 0.7)], label: 0.6)
    #expect(try #require(twice["people"]) < 0.1 && twice["two people"] == 0)
    let two = people([thing("person", 0.9, 0, 0, 0.4, 1), thing("person", 0.8, 0.5, 0, 0.9, 1)], label: 0.6)
    #expect(try #require(two["people"]) > 0.6 && abs(try #require(two["two people"]) - min(0.72, two["people"]!)) < 1e-3)
    #expect(two["group of people"] == 0)
    // Who passes by in the back of a picture is not what it is of.
    let street = people([thing("person", 0.9, 0.3, 0, 0.7, 1), thing("person", 0.8, 0.8, 0.4, 0.9, 0.7)], label: 0.6)
    #expect(try #require(street["people"]) < 0.1)
    // A number is no surer than that there are several at all.
    let doubted = people([thing("person", 0.9, 0, 0, 0.4, 1), thing("person", 0.8, 0.5, 0, 0.9, 1)], label: 0.02)
    #expect(doubted["two people"] == doubted["people"] && doubted["people"]! < 0.3)
    #expect(try #require(people([thing("person", 0.9)], label: nil)["people"]) < 0.1)
}

@Test func aDoubtfulBoxCountsForWhatItIsWorth() {
    var cautious = counting
    cautious.box = .init(slope: 2, offset: 0)
    let seen = Seen(tags: [:], things: [thing("dog", 0.9), thing("dog", 0.3, 0.5, 0.5, 1, 1)])
    func two(_ counting: EncoderConfiguration.Counting?) -> Float {
        SeenTags(seen, counts: ["dog": ["two dogs"]], framing: nil, counting: counting).confidences["two dogs"]!
    }
    #expect(abs(two(nil) - 0.27) < 1e-3 && two(cautious) < 0.16)
}

@Test func aNumberThatBoxesAloneTellIsDoubted() {
    var doubting = counting
    doubting.number = .init(slope: 1, offset: 1.5)
    let seen = Seen(
        tags: ["people": 0.9],
        things: [
            thing("dog", 0.9), thing("dog", 0.8, 0.5, 0.5, 1, 1), thing("person", 0.9, 0, 0, 0.4, 1), thing("person", 0.8, 0.5, 0, 0.9, 1),
        ])
    func told(_ counting: EncoderConfiguration.Counting) -> [String: Float] {
        SeenTags(seen, counts: ["dog": ["two dogs"], "person": ["two people"]], framing: nil, counting: counting).confidences
    }
    let (before, now) = (told(counting), told(doubting))
    #expect(abs(before["two dogs"]! - 0.72) < 1e-3)
    #expect(abs(now["two dogs"]! - 0.365) < 1e-2)
    #expect(now["two people"] == before["two people"], "a label of the whole picture speaks for those")
}

@Test func whatAPersonAgreedToIsTheScaleOfTheTagOrItsFacet() throws {
    let seen = Seen(tags: ["cat": 0.8, "sofa": 0.6, "indoors": 0.7], things: [thing("dog", 0.9), thing("dog", 0.85, 0.5, 0.5, 1, 1)])
    let encoder = TinyEncoder(
        mediums: [("photo", 1), ("painting", 0)], calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: seen,
        counts: ["dog": ["two dogs"]],
        scales: ["subject": .init(slope: 1, offset: 1), "cat": .init(slope: 2, offset: 0)])
    let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
    let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
        .analyze(grey(90), originalSize: (400, 300))
    let told = Dictionary(uniqueKeysWithValues: result.suggestions.map { ($0.tag, $0.confidence) })
    // Odds of 4, squared; of 1.5, by e; of a facet without a scale, as seen; counts have no facet's scale.
    #expect(abs(try #require(told["cat"]) - 16.0 / 17) < 1e-3)
    #expect(abs(try #require(told["sofa"]) - 1.5 / (1.5 + exp(1))) < 1e-3)
    #expect(abs(try #require(told["indoors"]) - 0.7) < 1e-3)
    #expect(abs(try #require(told["two dogs"]) - 0.9 * 0.85) < 1e-3)
}

@Test func whatEmbeddingsSayCountsBesideWhatWasSeen() throws {
    // `grey(0)` has the embedding of the text of a cat: of that embeddings are a little surer than even odds, of the others less.
    func told(_ ranked: Float?) throws -> [String: Float] {
        let encoder = TinyEncoder(
            calibration: Calibration(z: 0, cosine: 8, intercept: -8.8),
            seen: Seen(tags: ["cat": 0.6, "dog": 0.6, "sofa": 0.6], things: []), things: ["cat", "dog"],
            scales: ["thing": .init(slope: 1, offset: 0, ranked: ranked), "subject": .init(slope: 1, offset: 0)])
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(0), originalSize: (400, 300))
        let all = result.suggestions.map { ($0.tag, $0.confidence) } + result.dropped.map { ($0.tag, $0.confidence) }
        return Dictionary(all) { first, _ in first }
    }
    let alone = try told(nil)
    let both = try told(0.5)
    // The sofa is no thing that has a box, and has its facet's scale, which hears no embeddings.
    let (catAlone, dogAlone) = (try #require(alone["cat"]), try #require(alone["dog"]))
    #expect(try #require(both["cat"]) > catAlone)
    #expect(both["dog"] ?? 0 < dogAlone)
    #expect(both["sofa"] == alone["sofa"])
}

@Test func whatTheHeadHardlyKnowsEmbeddingsMayTell() throws {
    // `grey(0)` has the embedding of the text of a cat; the head gives it little, the sofa much.
    let seen = Seen(tags: ["cat": 0.04, "sofa": 0.8], things: [])
    let encoder = TinyEncoder(calibration: Calibration(z: 0, cosine: 8, intercept: -4), seen: seen)
    let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
    let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
        .analyze(grey(0), originalSize: (400, 300))
    let cat = try #require(result.suggestions.first { $0.tag == "cat" })
    #expect(cat.source == .ranked && cat.confidence > 0.9, "\(cat)")
    #expect(result.suggestions.contains { $0.tag == "sofa" && $0.source == .seen })
}

@Test func whatIsSeenFaintlyStandsBehindWhatEmbeddingsTell() throws {
    // `grey(0)` has the embedding of the text of a cat, which the head does not know; embeddings make it no more than likely.
    func first(sofa: Float) throws -> String? {
        let encoder = TinyEncoder(calibration: Calibration(z: 0, cosine: 8, intercept: -9.5), seen: Seen(tags: ["sofa": sofa], things: []))
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(0), originalSize: (400, 300))
        let told = result.suggestions.map { ($0.tag, $0.confidence) } + result.dropped.map { ($0.tag, $0.confidence) }
        return told.filter { ["cat", "sofa"].contains($0.0) }.max { $0.1 < $1.1 }?.0
    }
    #expect(try first(sofa: 0.6) == "sofa")
    #expect(try first(sofa: 0.08) == "cat")
}

@Test func aPlaceIsToldLessSurelyOfADrawing() throws {
    func indoors(_ mediums: [(name: String, probability: Float)]) throws -> Float {
        let encoder = TinyEncoder(
            mediums: mediums, calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: Seen(tags: ["indoors": 0.8], things: []))
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(90), originalSize: (400, 300))
        let kept = result.suggestions.first { $0.tag == "indoors" }?.confidence
        return try #require(kept ?? result.dropped.first { $0.tag == "indoors" }?.confidence)
    }
    #expect(abs(try indoors([("photo", 1), ("painting", 0)]) - 0.8) < 1e-3)
    #expect(try indoors([("photo", 0), ("painting", 1)]) < 0.5)
}

@Test func aMediumThatWasSeenTakesItsShareOfTheOthers() throws {
    let words = TagVocabulary(
        name: "mediums",
        tags: [
            Tag(name: "cat", facet: .subject), Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"),
            Tag(name: "cartoon", facet: .medium, exclusiveGroup: "medium"),
            Tag(name: "3d render", facet: .medium, exclusiveGroup: "medium"),
            Tag(name: "pixel art", facet: .medium, exclusiveGroup: "kind of medium", implies: ["cartoon"]),
        ])
    // Embeddings are sure of everything, so that what was not seen falls by the head's word alone.
    func made(_ seen: [String: Float]) throws -> AnalysisResult {
        let encoder = TinyEncoder(
            mediums: [("photo", 0.8), ("cartoon", 0.2)], calibration: Calibration(z: 0, cosine: 0, intercept: 3),
            seen: Seen(tags: seen, things: []))
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        return try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(90), originalSize: (400, 300))
    }
    func shares(_ result: AnalysisResult) -> [String: Float] {
        Dictionary(uniqueKeysWithValues: result.mediums.map { ($0.name, $0.probability) })
    }
    let photo = try made(["3d render": 0.01, "pixel art": 0.01])
    #expect(photo.suggestions.filter { $0.facet == .medium }.map(\.tag) == ["photo"])
    #expect(try made(["pixel art": 0.4]).mediums.map(\.probability) == [0.8, 0.2], "what is unlikely takes nothing")
    let rendered = try made(["3d render": 0.9, "pixel art": 0.01])
    #expect(rendered.mediums.first?.name == "3d render")
    #expect(abs(try #require(shares(rendered)["photo"]) - 0.08) < 0.01)
    #expect(rendered.suggestions.filter { $0.facet == .medium }.map(\.tag) == ["3d render"])
    // A kind speaks for what it is a kind of.
    let pixels = try made(["3d render": 0, "pixel art": 0.9])
    #expect(abs(try #require(shares(pixels)["cartoon"]) - 0.92) < 1e-3)
    #expect(pixels.suggestions.contains { $0.tag == "pixel art" } && !pixels.suggestions.contains { $0.tag == "photo" })
    #expect(abs(shares(pixels).values.reduce(0, +) - 1) < 1e-3)
}

@Test func aDrawingsThingsAreToldLessSurelyByTagOrFacet() throws {
    func told(_ photo: Float) throws -> [String: Float] {
        let encoder = TinyEncoder(
            mediums: [("photo", photo), ("painting", 1 - photo)], calibration: Calibration(z: 0, cosine: 0, intercept: -6),
            seen: Seen(tags: ["cat": 0.9, "person": 0.9], things: []), drawnSeenOffsets: ["subject": 2, "person": 0.5])
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(90), originalSize: (400, 300))
        return Dictionary(result.suggestions.map { ($0.tag, $0.confidence) }) { first, _ in first }
    }
    let (photo, drawing) = (try told(1), try told(0))
    #expect(abs(try #require(photo["cat"]) - 0.9) < 1e-3)
    #expect(abs(try #require(photo["person"]) - 0.9) < 1e-3)
    // Odds of 9, less by e squared and by the root of e.
    let cat = 9 / exp(Float(2)), person = 9 / exp(Float(0.5))
    #expect(abs(try #require(drawing["cat"]) - cat / (1 + cat)) < 1e-3)
    #expect(abs(try #require(drawing["person"]) - person / (1 + person)) < 1e-3)
}

@Test func aPartIsNoSurerThanTheWhole() {
    func face(_ person: Float) -> Float? {
        SeenTags(Seen(tags: ["face": 0.6, "person": person], things: []), counts: [:], framing: nil, parts: ["face": "person"])
            .confidences["face"]
    }
    #expect(face(0.2) == 0.2 && face(0.9) == 0.6)
}

@Test func whoAPersonIsIsToldOfABoxThatShowsIt() {
    func man(_ boxes: [SeenThing]) -> Float? {
        SeenTags(
            Seen(tags: ["man": 0.9, "person": 0.95], things: boxes), counts: [:], framing: nil,
            telling: ["man": .init(trait: 0.35, height: 0.4)]
        ).confidences["man"]
    }
    #expect(man([thing("person", 0.8, 0, 0, 0.4, 0.9, traits: ["man": 0.7])]) == 0.9)
    // Told by a uniform and a flag behind it alone; by somebody far away; of nobody.
    #expect(man([thing("person", 0.45, 0, 0, 0.8, 0.9, traits: ["man": 0.65])]) == 0.5)
    #expect(man([thing("person", 0.8, 0.4, 0.4, 0.5, 0.6, traits: ["man": 0.9])]) == 0.5)
    #expect(man([]) == 0.5)
}

@Test func framingFollowsTheBoxes() throws {
    let framing = EncoderConfiguration.Framing(closeUp: 0.5, portrait: 0.2, wholeFigure: 0.6)
    func framed(_ things: [SeenThing]) -> [String: Float] {
        SeenTags(Seen(tags: [:], things: things), counts: [:], framing: framing).confidences
    }
    #expect(framed([thing("face", 0.9, 0.2, 0.1, 0.8, 0.8)]) == ["close-up": 0.9])
    #expect(framed([thing("face", 0.9, 0.4, 0.1, 0.6, 0.4)]) == ["portrait framing": 0.9])
    let standing = thing("person", 0.8, 0.3, 0.1, 0.6, 0.95, traits: ["whole figure": 0.5])
    #expect(framed([thing("face", 0.9, 0.4, 0.1, 0.45, 0.18), standing]) == ["full body": 0.4])
    #expect(framed([thing("person", 0.8, 0.3, 0.1, 0.4, 0.3, traits: ["whole figure": 1])]).isEmpty, "too far away")
    let half = EncoderConfiguration.Framing(closeUp: 0.5, portrait: 0.2, wholeFigure: 0.6, upperBody: 0.6)
    let sitting = SeenTags(
        Seen(tags: [:], things: [thing("person", 0.8, 0.3, 0.1, 0.8, 0.95, traits: ["whole figure": 0.25])]), counts: [:], framing: half)
    #expect(abs((sitting.confidences["upper body"] ?? 0) - 0.6) < 1e-3 && abs((sitting.confidences["full body"] ?? 0) - 0.2) < 1e-3)
    // A dog's face: no person is there.
    let dog = SeenTags(
        Seen(tags: ["person": 0.1], things: [thing("face", 0.9, 0.2, 0.1, 0.8, 0.8)]), counts: [:], framing: framing,
        parts: ["face": "person"])
    #expect(dog.confidences["close-up"] == 0.1)
}

@Test func whatStandsOutLeadsThePrompt() throws {
    let result = try analysis(
        of: Seen(tags: ["cat": 0.7, "sofa": 0.9], things: [thing("cat", 0.7, 0, 0, 1, 1), thing("sofa", 0.9, 0, 0, 0.2, 0.2)]))
    // The cat fills a picture that is grey all over.
    #expect(result.prompt.positive.hasPrefix("a photo of a grey cat, sofa"), "\(result.prompt.positive)")
}

@Test func aPromptOfNothingCertainNamesNoSubject() throws {
    let result = try analysis(of: Seen(tags: ["cat": 0.05, "dog": 0.02], things: []))
    #expect(!result.suggestions.contains { $0.facet == .subject })
    #expect(result.prompt.positive.hasPrefix("a photo"))
    #expect(!result.prompt.positive.contains("cat") && !result.prompt.positive.contains("dog"))
}

@Test func theNegativePromptNeverNamesTheApprovedMedium() {
    for medium in [
        "photo", "painting", "oil painting", "cartoon", "sketch", "pencil drawing", "3d render", "low poly render", "stained glass",
    ] {
        let pieces = NegativePrompt.standard(medium: medium).components(separatedBy: ", ")
        #expect(!pieces.contains { medium == $0 || medium.hasSuffix(" " + $0) }, "\(medium): \(pieces)")
    }
    #expect(NegativePrompt.standard(medium: "oil painting") == NegativePrompt.standard(medium: "painting"))
    #expect(NegativePrompt.standard(medium: "photo").contains("painting"))
    #expect(!NegativePrompt.standard(medium: "photo", wanted: ["oil painting"]).contains("painting"))
}

/// What a part shows is in the whole picture, too, and has its place there.
@Test func thingsAreLookedForInWholePicturesAlone() throws {
    let encoder = try DefaultEncoder(directory: checkout.appendingPathComponent("Models/redraw-encoder"))
    let wide = painted(width: 240, height: 60) { x, y in (Int(200 * x), Int(255 * y), x < 0.5 ? 90 : 10) }
    let views = PictureViews.views(of: wide)
    #expect(views.map(\.isPart) == [false, true, true, true, true])
    let observations = try encoder.observe(views)
    #expect(observations.map { $0.seen == nil } == views.map(\.isPart))
    for (view, observation) in zip(views, observations) {
        #expect(try observation.embedding == encoder.observe(view.image).embedding)
    }
}

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
        Tag(name: "dog", facet: .subject), Tag(name: "dogs", facet: .subject, implies: ["dog"], measured: true),
        Tag(name: "two dogs", facet: .subject, implies: ["dogs", "dog"]), Tag(name: "book", facet: .subject),
        Tag(name: "books", facet: .subject, implies: ["book"], measured: true),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"),
    ])

private let counting: EncoderConfiguration.Counting = {
    var counting = EncoderConfiguration.Counting(
        sameShare: 0.8, leastHeight: 0.4, box: .init(slope: 1, offset: 0), several: ["dog": "dogs", "book": "books"], label: 1, boxes: 0.15,
        intercept: 0.1)
    counting.plural = .init(slope: 1, offset: -0.4)
    counting.number = .init(slope: 1, offset: 0.9)
    return counting
}()

/// Things of one name side by side, each a fifth of the picture wide.
private func row(of name: String, _ certainties: [Float]) -> [SeenThing] {
    certainties.enumerated().map { place, certainty in
        let left = Float(place) / 5
        return SeenThing(name: name, box: UnitBox(left: left, top: 0.2, right: left + 0.18, bottom: 0.8), certainty: certainty)
    }
}

private func analysis(dog: Float = 0.97, _ things: [SeenThing], rejected: Set<String> = []) throws -> AnalysisResult {
    let encoder = TinyEncoder(
        mediums: [("photo", 1)], calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: Seen(tags: ["dog": dog], things: things),
        counts: ["dog": ["two dogs", "several dogs"]], things: ["dog"], counting: counting)
    let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
    return try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
        .analyze(grey(90), originalSize: (400, 300), excluding: rejected)
}

@Test func thatThereAreSeveralIsToldWhereTheirNumberIsNotSure() throws {
    // At least two of these four are there, whichever they are; how many they are is anybody's guess.
    let several = try analysis(row(of: "dog", [0.7, 0.6, 0.6, 0.5]))
    #expect(several.suggestions.filter { $0.facet == .subject }.map(\.tag) == ["dogs"])
    #expect(several.suggestions.first { $0.tag == "dogs" }?.source == .seen)
    #expect(several.dropped.contains { $0.tag == "dog" && $0.reason == .said(by: "dogs") })
    #expect(several.prompt.positive.hasPrefix("a photo of dogs"), "\(several.prompt.positive)")
    // Of two sure ones the number says more.
    let two = try analysis(row(of: "dog", [0.98, 0.97]))
    #expect(two.suggestions.filter { $0.facet == .subject }.map(\.tag) == ["two dogs"])
    #expect(two.dropped.contains { $0.tag == "dogs" && $0.reason == .said(by: "two dogs") })
}

@Test func oneIsNotSeveral() throws {
    for boxes in [[0.98], [0.98, 0.15], []] as [[Float]] {
        let one = try analysis(row(of: "dog", boxes))
        #expect(one.suggestions.filter { $0.facet == .subject }.map(\.tag) == ["dog"], "\(boxes)")
    }
}

@Test func thereAreNoMoreSurelySeveralThanOne() throws {
    let result = try analysis(dog: 0.55, row(of: "dog", [0.98, 0.97, 0.96]))
    let all = result.suggestions.map { ($0.tag, $0.confidence) } + result.dropped.map { ($0.tag, $0.confidence) }
    let told = Dictionary(all) { first, _ in first }
    let (dogs, dog) = (try #require(told["dogs"]), try #require(told["dog"]))
    #expect(dogs <= dog + 1e-4)
}

@Test func embeddingsDoNotCount() throws {
    // `grey(0)` has the embedding of the text of a cat, in which two of them are asked for here; one was seen.
    let words = TagVocabulary(
        name: "asked",
        tags: [
            Tag(name: "cat", facet: .subject), Tag(name: "cats", facet: .subject, implies: ["cat"], measured: true),
            Tag(name: "two cats", facet: .subject, implies: ["cats", "cat"], phrase: "cat"),
        ])
    func suggested(counting: EncoderConfiguration.Counting?) throws -> [String] {
        let encoder = TinyEncoder(
            mediums: [("photo", 1)], calibration: Calibration(z: 0, cosine: 8, intercept: -4),
            seen: Seen(tags: ["cat": 0.9], things: row(of: "cat", [0.9, 0.3])), counts: ["cat": ["two cats"]], things: ["cat"],
            counting: counting)
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        return try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(0), originalSize: (400, 300)).suggestions.filter { $0.facet == .subject }.map(\.tag)
    }
    var cats = counting
    cats.several = ["cat": "cats"]
    #expect(try suggested(counting: cats) == ["cat"])
    #expect(try suggested(counting: nil) == ["two cats"], "what the embedding says by itself")
}

@Test func whoRejectsThePluralIsLeftTheThing() throws {
    let things = row(of: "dog", [0.9, 0.9, 0.5])
    #expect(try analysis(things, rejected: ["dogs"]).suggestions.filter { $0.facet == .subject }.map(\.tag) == ["dog"])
    #expect(try analysis(things, rejected: ["dog"]).suggestions.filter { $0.facet == .subject }.isEmpty)
}

@Test func severalOfAThingWithoutNumbersAreTold() {
    func told(_ counting: EncoderConfiguration.Counting?) -> [String: Float] {
        SeenTags(Seen(tags: [:], things: row(of: "book", [0.8, 0.5])), counts: [:], framing: nil, counting: counting).confidences
    }
    // Odds of 0.4 to 0.6, by e to the power of 0.4.
    let odds = Float(0.4 / 0.6) * exp(Float(0.4))
    #expect(abs((told(counting)["books"] ?? 0) - odds / (1 + odds)) < 1e-3)
    #expect(told(nil)["books"] == nil)
}

@Test func everyPluralOfTheDefaultEncoderIsATagThatItIsNotAskedFor() throws {
    let configuration = try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder"))
    let vocabulary = try TagVocabulary(directory: checkout.appendingPathComponent("Vocab/redraw"))
    let (seeing, several) = (try #require(configuration.seeing), try #require(configuration.judgement.counting?.several))
    #expect(several.count > 30)
    for (thing, name) in several where !seeing.labels.contains(name) {
        let tag = try #require(vocabulary.tags.first { $0.name == name }, "\(name)")
        #expect(tag.measured && tag.facet == .subject && vocabulary.implied(by: tag).map(\.name).contains(thing), "\(name)")
        #expect(seeing.things.contains(thing), "\(thing)")
        #expect(NounPhrase.article(for: name).isEmpty, "\(name)")
        // A number of a thing says that there are several.
        for number in seeing.counts[thing] ?? [] {
            let implied = try vocabulary.implied(by: #require(vocabulary.tags.first { $0.name == number })).map(\.name)
            #expect(implied.contains(name), "\(number)")
        }
    }
}

/// What is told of people, one of whom has a box, by faces.
private func people(by faces: [SeenThing], label: Float = 0.1, tags: [String: Float] = ["person": 0.97, "face": 0.95]) -> [String: Float] {
    var counting = EncoderConfiguration.Counting(
        sameShare: 0.8, leastHeight: 0.4, box: .init(slope: 1, offset: 0), several: ["person": "people"], label: 1, boxes: 0.15,
        intercept: 0.1)
    counting.byPart = .init(sameShare: 0.3, leastHeight: 0.5, measuredFrom: 0.3, several: .init(slope: 1, offset: -2), exactly: 0.7)
    let one = SeenThing(name: "person", box: UnitBox(left: 0.1, top: 0.1, right: 0.9, bottom: 1), certainty: 0.9)
    return SeenTags(
        Seen(tags: tags.merging(["people": label]) { own, _ in own }, things: [one] + faces),
        counts: ["person": ["two people", "group of people"]], framing: nil, parts: ["face": "person"], counting: counting
    ).confidences
}

private func face(_ certainty: Float, left: Float, top: Float = 0.2, side: Float = 0.2) -> SeenThing {
    SeenThing(name: "face", box: UnitBox(left: left, top: top, right: left + side, bottom: top + side), certainty: certainty)
}

@Test func twoFacesAreTwoPeopleWhereOneBoxHoldsBoth() throws {
    let two = people(by: [face(0.8, left: 0.2), face(0.7, left: 0.6)])
    #expect(abs(try #require(two["people"]) - 0.904) < 1e-3)
    #expect(abs(try #require(two["two people"]) - 0.633) < 1e-3 && two["group of people"] == 0)
    let three = people(by: [face(0.9, left: 0.1), face(0.9, left: 0.4), face(0.9, left: 0.7)])
    #expect(try #require(three["people"]) > 0.9 && three["group of people"]! > three["two people"]!)
}

@Test func oneFaceIsOnePerson() throws {
    let apart = [face(0.8, left: 0.2), face(0.7, left: 0.6)]
    let same = [face(0.8, left: 0.2), face(0.7, left: 0.25)]
    let behind = [face(0.8, left: 0.2), face(0.7, left: 0.6, side: 0.08)]
    for faces in [[], [apart[0]], same, behind] {
        #expect(try #require(people(by: faces)["people"]) < 0.1, "\(faces)")
    }
    // Two dogs have faces, too, and a picture without anybody may have what looks like two.
    #expect(try #require(people(by: apart, tags: ["person": 0.2, "face": 0.95])["people"]) <= 0.2)
    #expect(try #require(people(by: apart, tags: ["person": 0.97, "face": 0.3])["people"]) <= 0.3)
}

@Test func facesAreAskedOnlyWhereNothingElseTellsSeveral() throws {
    let faces = [face(0.6, left: 0.2), face(0.4, left: 0.6)]
    let told = try #require(people(by: faces, label: 0.97)["people"])
    #expect(told == people(by: [], label: 0.97)["people"] && told > 0.5)
}

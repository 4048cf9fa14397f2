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
        Tag(name: "tabby cat", facet: .subject, implies: ["cat"]), Tag(name: "dog", facet: .subject, implies: ["animal"]),
        Tag(name: "two dogs", facet: .subject, implies: ["dog"]), Tag(name: "person", facet: .subject),
        Tag(name: "woman", facet: .subject, implies: ["person"]), Tag(name: "man", facet: .subject, implies: ["person"]),
        Tag(name: "people", facet: .subject, implies: ["person"]), Tag(name: "sofa", facet: .subject),
        Tag(name: "armchair", facet: .subject, implies: ["chair"]), Tag(name: "chair", facet: .subject),
        Tag(name: "two chairs", facet: .subject, implies: ["chair"]), Tag(name: "bicycle", facet: .subject),
        Tag(name: "photo", facet: .medium, exclusiveGroup: "medium"), Tag(name: "painting", facet: .medium, exclusiveGroup: "medium"),
    ])

private typealias Rule = EncoderConfiguration.Relations.Rule

private let seats = Rule(
    subjects: ["cat", "dog", "person"], supports: ["sofa", "chair"], preposition: "on", leastSubject: 0.4, leastSupport: 0.4,
    within: .init(least: 0.5), foot: .init(least: 0.3, most: 1), size: .init(most: 0.9))
private let rides = Rule(
    subjects: ["person"], supports: ["bicycle"], preposition: "on", leastSubject: 0.4, leastSupport: 0.4, across: .init(least: 0.6),
    head: .init(most: 0), foot: .init(least: 0.2, most: 0.95))

/// The shipped encoder's numbers, but for relations.
private func judgement(_ rules: [Rule]?) throws -> EncoderConfiguration.Judgement {
    var judgement = try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement
    judgement.relations = rules.map { .init(rules: $0, leastPhoto: 0.5) }
    return judgement
}

private func thing(
    _ name: String, _ left: Float, _ top: Float, _ right: Float, _ bottom: Float, certainty: Float = 0.8, traits: [String: Float] = [:]
) -> SeenThing {
    SeenThing(name: name, box: UnitBox(left: left, top: top, right: right, bottom: bottom), certainty: certainty, traits: traits)
}

/// "cat on sofa" for each relation that is told.
private func told(
    _ things: [SeenThing], _ tags: [String], rules: [Rule] = [seats, rides], counted: Set<String> = ["two dogs", "people", "two chairs"],
    photo: Float = 1
) throws -> [String] {
    let suggestions = try tags.map { Suggested(try #require(words.tag(named: $0)), confidence: 0.9, source: .seen) }
    let relations = try #require(ThingRelations(vocabulary: words, judgement: judgement(rules), counted: counted))
    return relations.told(of: things, named: suggestions, photo: photo).map { "\($0.subject) \($0.preposition) \($0.support)" }
}

private let sofa = thing("sofa", 0.1, 0.4, 0.9, 0.9)
private let cat = thing("cat", 0.4, 0.45, 0.6, 0.65)

@Test func aThingIsOnAnotherByItsBox() throws {
    #expect(try told([cat, sofa], ["cat", "sofa"]) == ["cat on sofa"])
    // By the tags that are suggested, kinds of what was found.
    let chair = thing("chair", 0.1, 0.4, 0.9, 0.9)
    #expect(try told([cat, chair], ["tabby cat", "armchair"]) == ["tabby cat on armchair"])
    // Before the sofa, above it, and beside it; too large, and too small a part of it.
    let elsewhere = [
        thing("cat", 0.4, 0.7, 0.6, 0.99), thing("cat", 0.4, 0.1, 0.6, 0.45), thing("cat", 0.92, 0.5, 1, 0.7),
        thing("cat", 0.1, 0.4, 0.9, 0.88),
    ]
    for other in elsewhere { #expect(try told([other, sofa], ["cat", "sofa"]) == [], "\(other.box)") }
}

@Test func whatIsUnsureOrNotSuggestedHasNoRelation() throws {
    #expect(try told([cat, sofa], ["cat"]) == [])
    #expect(try told([cat, sofa], ["sofa"]) == [])
    #expect(try told([cat], ["cat", "sofa"]) == [])
    #expect(try told([thing("cat", 0.4, 0.45, 0.6, 0.65, certainty: 0.39), sofa], ["cat", "sofa"]) == [])
    #expect(try told([cat, thing("sofa", 0.1, 0.4, 0.9, 0.9, certainty: 0.39)], ["cat", "sofa"]) == [])
    // A drawing's boxes were not measured.
    #expect(try told([cat, sofa], ["cat", "sofa"], photo: 0.4) == [])
    // Of two chairs nobody knows which one.
    let chair = thing("chair", 0.1, 0.4, 0.9, 0.9)
    #expect(try told([cat, chair], ["cat", "two chairs"]) == [])
    #expect(try told([cat, chair], ["cat", "chair", "armchair"]) == [])
    #expect(ThingRelations(vocabulary: words, judgement: try judgement(nil), counted: []) == nil)
    #expect(ThingRelations(vocabulary: words, judgement: nil, counted: []) == nil)
    // What a newer recipe may say.
    var beneath = seats
    beneath.preposition = "beneath"
    #expect(try told([cat, sofa], ["cat", "sofa"], rules: [beneath]) == [])
}

/// The tag of one means the one that stands out, the tag of a man the likeliest man.
@Test func aTagMeansTheThingThatStandsOut() throws {
    let bicycle = thing("bicycle", 0.1, 0.5, 0.4, 0.9)
    func rider(_ traits: [String: Float]) -> SeenThing { thing("person", 0.15, 0.2, 0.38, 0.8, traits: traits) }
    func walker(_ traits: [String: Float]) -> SeenThing { thing("person", 0.6, 0.1, 0.9, 0.98, traits: traits) }
    #expect(try told([rider([:]), bicycle], ["person", "bicycle"]) == ["person on bicycle"])
    #expect(try told([rider([:]), walker([:]), bicycle], ["person", "bicycle"]) == [])
    let both = [rider(["woman": 0.9, "man": 0.1]), walker(["woman": 0.1, "man": 0.9]), bicycle]
    #expect(try told(both, ["woman", "man", "bicycle"]) == ["woman on bicycle"])
    #expect(try told(both, ["man", "bicycle"]) == [])
    // Who stands before it does not ride it.
    #expect(try told([thing("person", 0.15, 0.2, 0.38, 0.92), bicycle], ["person", "bicycle"]) == [])
}

@Test func severalAreOnAThingWhereAllAre() throws {
    let dogs = [thing("dog", 0.2, 0.45, 0.4, 0.65), thing("dog", 0.5, 0.45, 0.75, 0.7)]
    #expect(try told(dogs + [sofa], ["two dogs", "sofa"]) == ["two dogs on sofa"])
    #expect(try told([dogs[0], thing("dog", 0.5, 0.7, 0.7, 0.98), sofa], ["two dogs", "sofa"]) == [])
    #expect(try told([dogs[0], sofa], ["two dogs", "sofa"]) == [], "the other one is not seen")
    // Who is small and far away is not counted.
    let people = [thing("person", 0.2, 0.42, 0.4, 0.75), thing("person", 0.5, 0.42, 0.7, 0.75), thing("person", 0.9, 0.1, 0.93, 0.2)]
    #expect(try told(people + [sofa], ["people", "sofa"]) == ["people on sofa"])
}

/// The whole way: what was seen, what is suggested and the prompt's words in either composition.
@Test(arguments: CompositionMode.allCases) func theSuggestedPromptSaysWhereAThingIs(_ mode: CompositionMode) throws {
    func prompt(rejected: Set<String> = [], rules: [Rule]? = [seats]) throws -> (told: Int?, text: String) {
        let encoder = TinyEncoder(
            calibration: Calibration(z: 0, cosine: 0, intercept: -6), seen: Seen(tags: ["cat": 0.95, "sofa": 0.9], things: [cat, sofa]),
            relations: rules.map { .init(rules: $0, leastPhoto: 0.5) })
        let index = try VocabularyIndex(vocabulary: words, encoder: encoder)
        let result = try Analyzer(encoder: encoder, vocabulary: words, index: index, catalog: ModelCatalog(directories: []))
            .analyze(grey(90), originalSize: (400, 300), excluding: rejected, composition: mode)
        return (result.relations?.count, result.prompt.positive)
    }
    let both = try prompt()
    #expect(both.told == 1)
    // The full composition leaves out what does not bring it nearer.
    let namesBoth = both.text.contains("cat") && both.text.contains("sofa")
    #expect(mode == .full || namesBoth)
    #expect(!namesBoth || both.text.hasPrefix("a photo of a cat on a sofa"), "\(both.text)")
    let alone = try prompt(rejected: ["sofa"])
    #expect(alone.told == 0 && !alone.text.contains("sofa"), "\(alone.text)")
    let bare = try prompt(rules: nil)
    #expect(bare.told == nil && !bare.text.contains(" on a "), "\(bare.text)")
}

/// Whatever boxes an odd encoder gives.
@Test func oddBoxesStandNowhere() throws {
    var random = SeededGenerator.announced()
    for _ in 0..<200 {
        let edges = (0..<8).map { _ in Float.random(in: -0.5...1.5, using: &random) }
        let things = [thing("cat", edges[0], edges[1], edges[2], edges[3]), thing("sofa", edges[4], edges[5], edges[6], edges[7])]
        let relations = try told(things, ["cat", "sofa"])
        #expect(relations.isEmpty || things.allSatisfy { $0.box.area > 0 })
    }
    #expect(try told([thing("cat", .nan, 0, 1, 1), sofa], ["cat", "sofa"]) == [])
}

import Encoders
import TestSupport
import Testing
import Vocabulary

@testable import Analysis

private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "dog", facet: .subject), Tag(name: "person", facet: .subject),
        Tag(name: "woman", facet: .subject, implies: ["person"]), Tag(name: "face", facet: .subject),
        Tag(name: "grey tones", facet: .colour), Tag(name: "red tones", facet: .colour), Tag(name: "blue tones", facet: .colour),
        Tag(name: "green tones", facet: .colour), Tag(name: "square format", facet: .composition),
        Tag(name: "plain background", facet: .composition), Tag(name: "indoors", facet: .setting),
        Tag(name: "kitchen", facet: .setting, implies: ["indoors"]),
    ])

private func chosen(
    _ tags: [(name: String, confidence: Float)], approved: Set<String> = [], judgement: (inout EncoderConfiguration.Judgement) -> Void
) throws -> [String] {
    var numbers = try EncoderConfiguration(directory: checkout.appendingPathComponent("Models/redraw-encoder")).judgement
    (numbers.promptConfidence, numbers.promptConfidences, numbers.promptLimits, numbers.parts) = (0.4, nil, nil, nil)
    judgement(&numbers)
    return UnscreenedPrompt(vocabulary: words, judgement: numbers).chosen(
        from: tags, tag: \.name, facet: { words.tag(named: $0.name)!.facet }, confidence: \.confidence,
        isApproved: { approved.contains($0.name) }
    ).map(\.name)
}

@Test func aPromptNamesNoPartWhoseWholeItNames() throws {
    let parts = { (numbers: inout EncoderConfiguration.Judgement) in numbers.parts = ["face": "person"] }
    #expect(try chosen([("woman", 0.9), ("face", 0.8)], judgement: parts) == ["woman"])
    #expect(try chosen([("face", 0.8)], judgement: parts) == ["face"])
    // Who is not sure enough to be named has no part that is left out for them.
    #expect(try chosen([("face", 0.8), ("woman", 0.3)], judgement: parts) == ["face"])
    #expect(try chosen([("woman", 0.9), ("face", 0.8)], approved: ["face"], judgement: parts) == ["woman", "face"])
}

@Test func aFacetHasABoundAndALimitOfItsOwnInAPrompt() throws {
    let colours: [(String, Float)] = [("red tones", 0.9), ("blue tones", 0.8), ("green tones", 0.7), ("grey tones", 0.55)]
    #expect(try chosen(colours + [("person", 0.45)]) { $0.promptConfidences = ["colour": 0.65] }.count == 4)
    #expect(try chosen(colours) { $0.promptLimits = ["colour": 2] } == ["red tones", "blue tones"])
    #expect(
        try chosen(colours, approved: ["grey tones"]) { ($0.promptConfidences, $0.promptLimits) = (["colour": 0.65], ["colour": 2]) }
            == ["red tones", "blue tones", "grey tones"])
}

@Test func aPlainBackgroundIsNoRoom() throws {
    #expect(try chosen([("indoors", 0.8), ("plain background", 0.7)]) { _ in } == ["plain background"])
    #expect(try chosen([("kitchen", 0.8), ("plain background", 0.7)]) { _ in } == ["kitchen", "plain background"])
    #expect(try chosen([("indoors", 0.8), ("plain background", 0.3)]) { _ in } == ["indoors"])
    #expect(try chosen([("indoors", 0.8), ("plain background", 0.7)], approved: ["indoors"]) { _ in } == ["indoors", "plain background"])
}

@Test func theCanvasEntersAPromptOnlyWhereAPersonWantsIt() throws {
    #expect(try chosen([("square format", 0.95)]) { _ in }.isEmpty)
    #expect(try chosen([("square format", 0.95)], approved: ["square format"]) { _ in } == ["square format"])
}

@Test func theLikeliestSubjectStandsWhereNoneIsSure() throws {
    let bounds = { (numbers: inout EncoderConfiguration.Judgement) in
        (numbers.promptConfidence, numbers.promptConfidences, numbers.parts) = (0.35, ["subject": 0.5, "setting": 0.5], ["face": "person"])
    }
    // One thing beside another has to be surer than a thing alone.
    #expect(try chosen([("dog", 0.9), ("person", 0.45), ("kitchen", 0.4)], judgement: bounds) == ["dog"])
    #expect(try chosen([("kitchen", 0.8), ("dog", 0.45), ("person", 0.4)], judgement: bounds) == ["kitchen", "dog"])
    #expect(try chosen([("dog", 0.3), ("kitchen", 0.8)], judgement: bounds) == ["kitchen"])
    // Whose face it is, is a person; and what somebody approved is a subject.
    #expect(try chosen([("face", 0.6), ("person", 0.45)], judgement: bounds) == ["person"])
    #expect(try chosen([("dog", 0.45), ("person", 0.2)], approved: ["person"], judgement: bounds) == ["person"])
}

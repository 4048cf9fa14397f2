import Foundation
import Screening
import Testing

private func digest(_ letter: Character) -> String { String(repeating: letter, count: 64) }

private func record(
    _ library: Library, _ picture: Character, encoder: Character = "e", tags: [(String, String, Double)],
    source: SuggestionSource = .ranked, calibration: String? = nil
) throws -> Int64 {
    let kept = try library.record(NewPicture(sha256: digest(picture), width: 8, height: 8))
    try library.record(
        NewAnalysis(
            encoder: EncoderIdentity(name: "encoder \(encoder)", sha256: digest(encoder)),
            vocabulary: VocabularyIdentity(name: "v", sha256: digest("f"), count: 3), seconds: 0.1,
            suggestions: tags.enumerated().map {
                Suggestion(tag: $1.0, facet: $1.1, cosine: 0.2, confidence: $1.2, rank: $0 + 1, source: source)
            },
            composition: #"{"mode":"full"}"#, calibration: calibration),
        of: kept.id)
    return kept.id
}

@Test func singleDecisionsOnRankedTagsCount() throws {
    let library = try Library.inMemory()
    let picture = try record(
        library, "a",
        tags: [("cat", "subject", 0.8), ("dog", "subject", 0.4), ("sunny", "lighting", 0.5), ("noir", "style", 0.6), ("x", "style", 0.7)],
        calibration: #"{"source":"fitted"}"#)
    try library.decide([.approve("cat"), .reject("dog")], on: picture, by: "me")
    try library.decide([.edit("noir", to: "film noir")], on: picture, by: "me")
    let decided = try library.decidedConfidences(encoder: digest("e"))
    #expect(Set(decided.map(\.facet)) == ["subject"] && decided.count == 2, "an edited text is another tag")
    #expect(decided.map(\.approved) == [false, true] && decided.map(\.confidence) == [0.4, 0.8])
    #expect(decided.allSatisfy { $0.calibration?.text == #"{"source":"fitted"}"# })
    #expect(try library.decidedConfidences(encoder: digest("d")).isEmpty, "another encoder's confidences are others")

    try library.decide([.approveAbove(0.1)], on: picture, by: "me")
    #expect(try library.decidedConfidences(encoder: digest("e")).count == 2, "what was not looked at teaches nothing")
    #expect(try library.suggestions(of: picture).first { $0.tag == "x" }?.decidedBy == "me (above 0.1)")
    let measured = try record(library, "b", tags: [("dark", "lighting", 0.9)], source: .measured)
    try library.decide([.approve("dark")], on: measured, by: "me")
    #expect(try library.decidedConfidences(encoder: digest("e")).count == 2)
}

@Test func aResetForgetsWhatWasLearnedAndNoDecision() throws {
    let library = try Library.inMemory()
    let picture = try record(library, "a", tags: [("cat", "subject", 0.8), ("dog", "subject", 0.4)])
    try library.decide([.approve("cat")], on: picture, by: "me")
    #expect(try library.learningReset() == nil)
    let moment = Date(timeIntervalSince1970: 1_700_000_000)
    try library.resetLearning(by: "me", at: moment)
    let reset = try #require(try library.learningReset())
    #expect(reset.resetAt == moment && reset.by == "me")
    #expect(try library.decidedConfidences(encoder: digest("e")).isEmpty)
    #expect(try library.suggestions(of: picture).first?.state == .approved)
    try library.decide([.reject("dog")], on: picture, by: "me")
    #expect(try library.decidedConfidences(encoder: digest("e")).map(\.approved) == [false])
}

@Test func theMarkMovesWithDecisionsAndResetsAlone() throws {
    let library = try Library.inMemory()
    var marks = [try library.learningMark()]
    let picture = try record(library, "a", tags: [("cat", "subject", 0.8), ("dog", "subject", 0.4)])
    _ = try record(library, "b", tags: [("cat", "subject", 0.7)])
    #expect(try library.learningMark() == marks[0], "an analysis decides nothing")
    let steps: [() throws -> Void] = [
        { try library.decide([.approve("cat")], on: picture, by: "me") },
        { try library.decide([.reject("dog")], on: picture, by: "me") },
        { _ = try library.undo(on: picture, by: "me") },
        { try library.resetLearning(by: "me") },
        { try library.resetLearning(by: "me") },
    ]
    for step in steps {
        try step()
        marks.append(try library.learningMark())
    }
    #expect(Set(marks).count == marks.count)
}

@Test func twoEncodersAndATaggerCoexist() throws {
    let library = try Library.inMemory()
    let picture = try record(library, "a", encoder: "c", tags: [("cat", "subject", 0.8)])
    _ = try record(library, "a", encoder: "d", tags: [("1girl", "subject", 0.9)], source: .tagger)
    #expect(try library.suggestions(of: picture).map(\.tag).sorted() == ["1girl", "cat"])
    #expect(try library.suggestions(of: picture).first { $0.tag == "1girl" }?.source == .tagger)
    // Either looks again without touching the other's.
    _ = try record(library, "a", encoder: "c", tags: [("dog", "subject", 0.8)])
    #expect(try library.suggestions(of: picture).map(\.tag).sorted() == ["1girl", "dog"])
    #expect(try library.analyses(of: picture).first?.composition?.text == #"{"mode":"full"}"#)
    #expect(try library.check().isEmpty)
    let copy = try Library.inMemory()
    try copy.import(try library.export(), by: "me")
    #expect(try copy.analyses(of: 1).map(\.composition) == library.analyses(of: picture).map(\.composition))
}

@Test func whatWasMadeIsKeptWithItsModel() throws {
    let library = try Library.inMemory()
    let run = try library.record(
        NewGeneration(
            kind: .paint, request: "{}", seed: 1, model: "m", profile: "redraw", precision: "f32", stepsRequested: 2,
            outcome: GenerationOutcome(status: .done, outputs: [GenerationOutput(path: "/x.png", sha256: digest("a"))])))
    let encoder = EncoderIdentity(name: "e", sha256: digest("e"))
    try library.record(NewEmbedding(encoder: encoder, halves: [1, 2, 3, 4]), ofGeneration: run.id, position: 1)
    try library.record(NewEmbedding(encoder: encoder, halves: [5, 6, 7, 8]), ofGeneration: run.id, position: 1)
    let made = try library.generationEmbeddings(encoder: digest("e"))
    #expect(made.map(\.model) == ["m"] && made.map(\.halves) == [[5, 6, 7, 8]])
    #expect(throws: LibraryError.self) {
        try library.record(NewEmbedding(encoder: encoder, halves: [1, 2]), ofGeneration: run.id, position: 2)
    }
}

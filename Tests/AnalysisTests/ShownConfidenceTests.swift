import Analysis
import Catalog
import Encoders
import Testing
import Vocabulary

/// What the tiny encoder's picture shows is a kind of light here.
private let words = TagVocabulary(
    name: "words",
    tags: [
        Tag(name: "candlelight", facet: .lighting, phrase: "a photo of a cat"), Tag(name: "photo", facet: .medium),
        Tag(name: "dark", facet: .lighting, measured: true),
    ])

private func analyzer(_ scale: EncoderConfiguration.Scale? = nil) throws -> Analyzer {
    let encoder = TinyEncoder(shownScales: scale.map { ["lighting": $0] })
    return Analyzer(
        encoder: encoder, vocabulary: words, index: try VocabularyIndex(vocabulary: words, encoder: encoder),
        catalog: ModelCatalog(directories: []))
}

private func confidence(_ tag: String, in result: AnalysisResult) throws -> Float {
    try #require(result.suggestions.first { $0.tag == tag }).confidence
}

/// What is shown of a light is how often a person agreed with such a light; what is measured is no guess, and stays what it is.
@Test func aFacetHasAScaleOfItsOwn() throws {
    let plain = try analyzer().analyze(grey(0))
    let judged = try analyzer(.init(slope: 0.5, offset: 4)).analyze(grey(0))
    let (weighed, shown) = (try confidence("candlelight", in: plain), try confidence("candlelight", in: judged))
    #expect(weighed > 0.9)
    #expect(abs(shown - Float(logOdds: 0.5 * weighed.logOdds - 4)) < 0.001)
    let (measured, still) = (try confidence("dark", in: plain), try confidence("dark", in: judged))
    #expect(measured == still)
    #expect(plain.prompt.positive.contains("candlelight"), "\(plain.prompt)")
    #expect(!judged.prompt.positive.contains("candlelight"), "\(judged.prompt)")
}

@Test func whatIsHiddenIsToldOnTheSameScale() throws {
    let analyzer = try analyzer(.init(slope: 0.5, offset: 4))
    let shown = try analyzer.analyze(grey(0))
    let hidden = try analyzer.analyze(grey(0), excluding: ["candlelight", "dark"])
    for tag in ["candlelight", "dark"] {
        let dropped = try #require(hidden.dropped.first { $0.tag == tag })
        let told = try confidence(tag, in: shown)
        #expect(abs(dropped.confidence - told) < 0.001, "\(tag)")
    }
}

@Test func aThresholdIsToldOnTheSameScale() throws {
    let plain = try analyzer().threshold(of: .lighting, learned: .none).before
    let judged = try analyzer(.init(slope: 0.5, offset: 4)).threshold(of: .lighting, learned: .none).before
    #expect(abs(judged - Double(logOdds: 0.5 * plain.logOdds - 4)) < 0.001)
}

/// What a person's decisions teach is said of what was shown: a step of it is a step there, however steep the scale is.
@Test(arguments: [Float(0.5), 1, 2]) func aLessonMovesWhatIsShown(_ slope: Float) throws {
    let decisions = (0..<40).map { DecidedSuggestion(facet: .lighting, confidence: 0.6, approved: $0 < 8) }
    let learned = LearnedThresholds(from: decisions)
    let analyzer = try analyzer(.init(slope: slope, offset: 0))
    let before = try confidence("candlelight", in: analyzer.analyze(grey(0)))
    let after = try confidence("candlelight", in: analyzer.analyze(grey(0), learned: learned))
    #expect(learned.shift(of: .lighting) < -1)
    #expect(abs(after.logOdds - before.logOdds - learned.shift(of: .lighting)) < 0.05)
}

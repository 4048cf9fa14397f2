import Analysis
import Encoders
import Foundation
import Pixels
import TestSupport
import Testing
import Vocabulary

private func phrases(_ count: Int) -> TagVocabulary {
    TagVocabulary(name: "many", tags: (0..<count).map { Tag(name: "thing \($0)", facet: .subject) })
}

/// A picture near to some of the vocabulary's rows, with noise.
private func picture(near rows: [Int], _ index: VocabularyIndex, _ random: inout SeededGenerator) -> Embedding {
    let width = index.embeddings.shape[1]
    let values = index.embeddings.values
    var sum = random.floats(width).map { $0 * 0.06 }
    for row in rows {
        for column in 0..<width { sum[column] += values[row * width + column] }
    }
    return Embedding(direction: sum)
}

@Test func calibrationFromUnlabelledPicturesFindsWhatHolds() throws {
    var random = SeededGenerator.announced()
    let folder = try TemporaryFolder()
    let vocabulary = phrases(120)
    let encoder = WideEncoder()
    let plain = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url])
    #expect(plain.scale.source == .text && plain.scale.pictures == nil)

    let truths = (0..<300).map { _ in Int.random(in: 0..<120, using: &random) }
    let pictures = truths.map { picture(near: [$0], plain, &random) }
    #expect(BackgroundCalibration(index: plain, pictures: Array(pictures.prefix(49)), fitted: nil) == nil, "too few")
    let calibration = try #require(BackgroundCalibration(index: plain, pictures: pictures, fitted: nil))
    #expect(calibration.scale.source == .background && calibration.scale.pictures == 300)
    let name = VocabularyIndex.fileName(encoder: encoder, vocabulary: vocabulary)
    try calibration.write(for: plain, named: name, in: folder.url)

    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url])
    #expect(index.wasCached && index.scale == calibration.scale && index.statistics == calibration.statistics)
    var (hits, sure) = (0, 0)
    for (truth, picture) in zip(truths, pictures).prefix(100) {
        let cosines = index.cosines(with: picture)
        for row in cosines.indices {
            guard index.scale.calibration.confidence(cosine: cosines[row], background: index.statistics[row]) > 0.5 else { continue }
            sure += 1
            if row == truth { hits += 1 }
        }
    }
    #expect(hits >= 80, "\(hits) of 100 things found")
    #expect(Double(hits) >= 0.5 * Double(sure), "\(hits) of \(sure) right where it was more than half sure")

    // Another wording or encoder is another calibration.
    #expect(
        try VocabularyIndex(vocabulary: vocabulary, encoder: WideEncoder(digest: "other-0123456789abcdef"), caches: [folder.url]).scale
            .source == .text)
}

/// What lies nearer to everything than any background picture does is no reason to be sure of everything.
@Test func aPictureUnlikeTheBackgroundIsNotFullOfCertainties() throws {
    var random = SeededGenerator.announced()
    let folder = try TemporaryFolder()
    let vocabulary = phrases(120)
    let encoder = WideEncoder()
    let plain = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url])
    let pictures = (0..<300).map { _ in picture(near: [Int.random(in: 0..<120, using: &random)], plain, &random) }
    let calibration = try #require(BackgroundCalibration(index: plain, pictures: pictures, fitted: nil))
    try calibration.write(for: plain, named: VocabularyIndex.fileName(encoder: encoder, vocabulary: vocabulary), in: folder.url)
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder, caches: [folder.url])
    let analyzer = Analyzer(encoder: encoder, vocabulary: vocabulary, index: index, catalog: .init(directories: []))
    func certainties(_ rows: [Int]) throws -> [Float] {
        let look = Analyzer.Look(whole: Observation(embedding: picture(near: rows, index, &random), mediums: []))
        let result = try analyzer.analyze(look, grey(100))
        return result.suggestions.filter { $0.source == .ranked }.map(\.confidence) + result.dropped.map(\.confidence)
    }
    #expect(try certainties([5]).max() ?? 0 > 0.6)
    let expected = max(1, try #require(calibration.scale.tagsExpected))
    #expect(try certainties(Array(0..<60)).reduce(0, +) <= 2.01 * expected)
}

@Test func aBackgroundOfOnePictureIsNoMiracle() throws {
    let vocabulary = phrases(40)
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: WideEncoder())
    let same = [Embedding](repeating: WideEncoder.vector("one"), count: 60)
    let calibration = try #require(BackgroundCalibration(index: index, pictures: same, fitted: nil))
    let fit = calibration.scale.calibration
    #expect((1...2.5).contains(fit.z) && fit.intercept.isFinite)
}

@Test func textsAloneLetTheOutstandingStandOut() throws {
    var random = SeededGenerator.announced()
    let vocabulary = phrases(400)
    let encoder = WideEncoder()
    let analyzer = Analyzer(
        encoder: encoder, vocabulary: vocabulary, index: try VocabularyIndex(vocabulary: vocabulary, encoder: encoder),
        catalog: .init(directories: []))
    #expect(analyzer.scale.source == .text)
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: encoder)
    let look = Analyzer.Look(whole: Observation(embedding: picture(near: [17], index, &random), mediums: []))
    let result = try analyzer.analyze(look, grey(100))
    #expect(result.suggestions.first?.tag == "thing 17")
    #expect(result.suggestions.count { $0.source == .ranked } <= 7)
}

@Test func nearestIsExactAndStable() throws {
    var random = SeededGenerator.announced()
    let vocabulary = phrases(500)
    let index = try VocabularyIndex(vocabulary: vocabulary, encoder: WideEncoder())
    for _ in 0..<20 {
        let looked = Embedding(direction: random.floats(64))
        let cosines = index.cosines(with: looked)
        let expected = cosines.indices.sorted { (cosines[$1], $0) < (cosines[$0], $1) }
        for count in [0, 1, 7, 500, 600] {
            #expect(index.nearest(count, to: looked).map(\.row) == Array(expected.prefix(count)))
        }
    }
}

// MARK: - What a person's decisions teach

@Test func thresholdsAreLearnedFromEnoughDecisionsOnly() {
    func decisions(_ facet: Facet, _ count: Int, approved: Int, confidence: Double = 0.6) -> [DecidedSuggestion] {
        (0..<count).map { DecidedSuggestion(facet: facet, confidence: confidence, approved: $0 < approved) }
    }
    let few = LearnedThresholds(from: decisions(.style, 19, approved: 5))
    #expect(few.shift(of: .style) == 0 && few.entries.map(\.isLearned) == [false])
    #expect(LearnedThresholds(from: decisions(.style, 40, approved: 40)).shift(of: .style) == 0, "all answers alike")

    let strict = LearnedThresholds(from: decisions(.style, 40, approved: 6) + decisions(.subject, 40, approved: 36))
    #expect(strict.shift(of: .style) < -1.2 && strict.shift(of: .subject) > 0.8)
    #expect(strict.shift(of: .mood) == 0)
    // A right confidence is left alone: 24 of 40 at 60 %.
    #expect(abs(LearnedThresholds(from: decisions(.style, 40, approved: 24)).shift(of: .style)) < 0.05)
    // The prior holds back: what 20 decisions say weighs less than what 200 say.
    let twenty = LearnedThresholds(from: decisions(.style, 20, approved: 4)).shift(of: .style)
    let many = LearnedThresholds(from: decisions(.style, 200, approved: 40)).shift(of: .style)
    #expect(many < twenty && twenty < 0)
}

@Test func whatIsLearnedMovesWhatIsSuggested() throws {
    let vocabulary = TagVocabulary(name: "w", tags: ["cat", "dog", "house"].map { Tag(name: $0, facet: .subject) })
    let encoder = TinyEncoder()
    let analyzer = Analyzer(
        encoder: encoder, vocabulary: vocabulary, index: try VocabularyIndex(vocabulary: vocabulary, encoder: encoder),
        catalog: .init(directories: []))
    let before = try #require(try analyzer.analyze(grey(0)).suggestions.first { $0.tag == "cat" })
    let rejected = LearnedThresholds(
        from: (0..<60).map { DecidedSuggestion(facet: .subject, confidence: 0.9, approved: $0 % 10 == 0) })
    let after = try analyzer.analyze(grey(0), learned: rejected).suggestions.first { $0.tag == "cat" }
    if let after { #expect(after.confidence < before.confidence) }
    let (plain, now) = analyzer.threshold(of: .subject, learned: rejected)
    #expect(now > plain, "it takes a surer subject now")
}

/// 64 dimensions, so that a hundred texts keep apart; without any calibration of its own.
struct WideEncoder: PictureEncoder {
    let name = "wide"
    var digest = "wide-digest-0123456789"
    let dimension = 64
    let fittedCalibration: Calibration? = nil
    let ownSentence: String? = nil
    let softmaxScale: Float = 30
    let maximumTokens = 77

    static func vector(_ text: String) -> Embedding {
        var random = SeededGenerator(seed: text.utf8.reduce(11) { $0 &* 31 &+ UInt64($1) })
        return Embedding(direction: random.floats(64))
    }

    func observe(_ image: Image) throws -> Observation { Observation(embedding: Self.vector("\(image[0, 0, 0])"), mediums: []) }
    func embed(_ texts: [String]) throws -> [Embedding] { texts.map(Self.vector) }
    func tokenCount(_ text: String) throws -> Int { text.split(separator: " ").count + 2 }
    func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? { nil }
}

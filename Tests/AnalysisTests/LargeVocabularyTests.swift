import Analysis
import Encoders
import Foundation
import Pixels
import TestSupport
import Testing
import Vocabulary

/// Run with `REDRAW_BENCHMARK=1 swift test -c release --filter hundredThousand`: a hundred megabytes of index are too much for every run.
@Test(.enabled(if: ProcessInfo.processInfo.environment["REDRAW_BENCHMARK"] != nil))
func aHundredThousandPhrasesAreRankedInMilliseconds() throws {
    /// As many dimensions as CLIP ViT-B/32 has; a text's embedding is made of its number.
    struct Numbers: PictureEncoder {
        let name = "numbers"
        let digest = "numbers-0123456789abcdef"
        let dimension = 512
        let fittedCalibration: Calibration? = nil
        let ownSentence: String? = "{}"
        let softmaxScale: Float = 100
        let maximumTokens = 77
        func observe(_ image: Image) throws -> Observation { Observation(embedding: try embed(["0"])[0], mediums: []) }
        func embed(_ texts: [String]) throws -> [Embedding] {
            texts.map { text in
                var state = (UInt64(text) ?? 1) &* 0x9E37_79B9_7F4A_7C15 | 1
                return Embedding(
                    direction: (0..<512).map { _ in
                        state ^= state << 13
                        state ^= state >> 7
                        state ^= state << 17
                        return Float(Int64(bitPattern: state) >> 40) / Float(1 << 23)
                    })
            }
        }
        func tokenCount(_ text: String) throws -> Int { 3 }
        func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? { nil }
    }
    let folder = try TemporaryFolder()
    let vocabulary = TagVocabulary(name: "numbers", tags: (0..<100_000).map { Tag(name: "\($0)", facet: .subject) })
    func milliseconds(_ body: () throws -> Void) rethrows -> Double {
        let begin = ContinuousClock.now
        try body()
        return begin.duration(to: .now) / .milliseconds(1)
    }
    let made = try milliseconds { _ = try VocabularyIndex(vocabulary: vocabulary, encoder: Numbers(), caches: [folder.url]) }
    var opened: VocabularyIndex?
    let read = try milliseconds { opened = try VocabularyIndex(vocabulary: vocabulary, encoder: Numbers(), caches: [folder.url]) }
    let index = try #require(opened)
    #expect(index.wasCached)
    let query = try Numbers().embed(["4711"])[0]
    var ranked: [Double] = []
    for _ in 0..<20 {
        ranked.append(milliseconds { #expect(index.nearest(50, to: query).first?.row == 4711) })
    }
    let analyzer = Analyzer(encoder: Numbers(), vocabulary: vocabulary, index: index, catalog: .init(directories: []))
    let whole = try milliseconds { _ = try analyzer.analyze(grey(100)) }
    print(
        "100,000 x 512: made \(Int(made)) ms, read \(Int(read)) ms, top 50 in \(ranked.sorted()[10]) ms (best \(ranked.min() ?? 0)), "
            + "whole analysis \(Int(whole)) ms")
}

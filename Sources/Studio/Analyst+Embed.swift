import Analysis
import Encoders
import Foundation
import Pixels

extension Analyst {
    /// - Parameters:
    ///   - tagger: the folder of a tagger as it was downloaded.
    ///   - cut: thresholds by the largest gap instead of the usual ones.
    ///   - raw: every label's probability as well.
    ///   - precision: one of `Studio.encoderPrecisions`; nil: auto.
    package func labels(
        of pictures: [PictureFile], tagger: String, cut: Bool, escaped: Bool, raw: Bool, precision: String?
    ) throws -> [PictureLabels] {
        let tagger = try Tagger(directory: URL(fileURLWithPath: tagger), arithmetic: EncoderPrecision(named: precision).arithmetic)
        return try pictures.map { file in
            let prepared = try tagger.prepare(try file.decoded(targetShortSide: raw ? nil : tagger.decodeShortSide).image)
            let probabilities = try tagger.probabilities(prepared: [prepared])[0]
            let found = tagger.tags(of: probabilities, thresholds: cut ? .maximumCut : nil, escaped: escaped)
            return PictureLabels(
                input: file.path,
                labels: ([found.rating].compactMap { $0 } + found.characters + found.general).map(PictureLabels.Label.init),
                probabilities: raw ? probabilities : nil)
        }
    }

    /// One entry for each picture, in order; the tower takes them together.
    ///
    /// - Parameter raw: the projected features before they are brought to length 1, of pictures that are decoded in full: what the library
    ///   that a checkpoint comes from gives.
    package func embed(pictures: [PictureFile], raw: Bool = false) throws -> [EmbeddingEntry] {
        guard !pictures.isEmpty else { return [] }
        let encoder: any PictureTextEncoder = try encoder()
        let prepared = try pictures.map {
            try encoder.prepare(try $0.decoded(targetShortSide: raw ? nil : encoder.decodeShortSide).image)
        }
        let embeddings: [[Float]]
        if raw {
            let features = try encoder.features(prepared: prepared)
            embeddings = pictures.indices.map { features[$0].values }
        } else {
            embeddings = try encoder.observe(prepared: prepared).map(\.embedding.values)
        }
        return zip(pictures, embeddings).map { EmbeddingEntry(input: $0.path, embedding: $1) }
    }

    /// - Parameter raw: as for pictures.
    package func embed(texts: [String], raw: Bool = false) throws -> [EmbeddingEntry] {
        let encoder: any PictureTextEncoder = try encoder()
        guard raw else {
            return zip(texts, try encoder.embed(texts)).map { EmbeddingEntry(input: $0, embedding: $1.values) }
        }
        guard !texts.isEmpty else { return [] }
        let features = try encoder.features(texts: texts)
        return texts.indices.map { EmbeddingEntry(input: texts[$0], embedding: features[$0].values) }
    }

    /// Times `passes` over all pictures at once, after two that are not counted: the first reads the weights, the second packs them.
    package func time(pictures: [PictureFile], passes: Int) throws -> EmbeddingTimes {
        let encoder: any PictureTextEncoder = try encoder()
        let prepared = try pictures.map { try encoder.prepare(try $0.decoded(targetShortSide: encoder.decodeShortSide).image) }
        return try time(inputs: pictures.count, passes: passes) { _ = try encoder.features(prepared: prepared) }
    }

    /// The same for texts; cutting them into tokens is in it.
    package func time(texts: [String], passes: Int) throws -> EmbeddingTimes {
        let encoder: any PictureTextEncoder = try encoder()
        return try time(inputs: texts.count, passes: passes) { _ = try encoder.features(texts: texts) }
    }

    /// The same for a tagger and all pictures at once.
    package func timeLabels(of pictures: [PictureFile], tagger: String, precision: String?, passes: Int) throws -> EmbeddingTimes {
        let tagger = try Tagger(directory: URL(fileURLWithPath: tagger), arithmetic: EncoderPrecision(named: precision).arithmetic)
        let prepared = try pictures.map { try tagger.prepare(try $0.decoded(targetShortSide: tagger.decodeShortSide).image) }
        return try time(inputs: pictures.count, passes: passes) { _ = try tagger.probabilities(prepared: prepared) }
    }

    /// How long looks at a picture of the size take, from decoded pixels to all that the encoder says of it: preparing is in it, and the
    /// second look of an encoder that finds things.
    func timeLook(width: Int, height: Int, passes: Int) throws -> BenchReport.Look {
        let encoder = try encoder().forAnalysis
        let bytes = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 / width + $0 % width) }
        let image = Image(width: width, height: height, channels: 3, bytes: bytes)
        let times = try time(inputs: 1, passes: passes) { _ = try encoder.observe(image) }.milliseconds.sorted()
        return BenchReport.Look(encoder: encoder.name, width: width, height: height, milliseconds: times[passes / 2])
    }

    private func time(inputs: Int, passes: Int, _ pass: () throws -> Void) throws -> EmbeddingTimes {
        for _ in 0..<2 { try pass() }
        let clock = ContinuousClock()
        let times = try (0..<passes).map { _ in try clock.measure(pass) / .milliseconds(1) }
        return EmbeddingTimes(inputs: inputs, milliseconds: times)
    }
}

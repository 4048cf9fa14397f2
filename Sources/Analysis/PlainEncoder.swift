import Encoders
import Pixels

/// An encoder as it was downloaded: nothing fitted to it, no background of its own, the vocabulary's templates for its sentences.
package struct PlainEncoder: PictureEncoder {
    package let base: any PictureTextEncoder

    package init(_ base: any PictureTextEncoder) {
        self.base = base
    }

    package var name: String { base.name }
    package var digest: String { base.digest }
    package var dimension: Int { base.dimension }
    package var fittedCalibration: Calibration? { nil }
    package var ownSentence: String? { nil }
    /// As it was trained, else 100, where CLIP's training ends.
    package var softmaxScale: Float { base.similarityScale?.scale ?? 100 }
    package var maximumTokens: Int { base.maximumTokens }

    /// A transformer's products are wider, and so quicker by the picture, for several.
    package var picturesAtOnce: Int { 4 }

    package func observe(_ image: Image) throws -> Observation { try base.observe(image) }
    package func observe(_ views: [PictureView]) throws -> [Observation] {
        try base.observe(prepared: try views.map { try base.prepare($0.image) })
    }
    package func embed(_ texts: [String]) throws -> [Embedding] { try base.embed(texts) }
    package func tokenCount(_ text: String) throws -> Int { try base.tokenCount(text) }
    package func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? { nil }
}

extension PictureTextEncoder {
    /// The encoder as an analysis asks of it: with all that is fitted to it where that is known.
    package var forAnalysis: any PictureEncoder {
        (self as? any PictureEncoder) ?? PlainEncoder(self)
    }
}

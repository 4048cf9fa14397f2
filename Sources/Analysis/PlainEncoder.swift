public import Encoders
public import Pixels

/// An encoder as it was downloaded: nothing fitted to it, no background of its own, the vocabulary's templates for its sentences.
public struct PlainEncoder: PictureEncoder {
    public let base: any PictureTextEncoder

    public init(_ base: any PictureTextEncoder) {
        self.base = base
    }

    public var name: String { base.name }
    public var digest: String { base.digest }
    public var dimension: Int { base.dimension }
    public var fittedCalibration: Calibration? { nil }
    public var ownSentence: String? { nil }
    /// As it was trained, else 100, where CLIP's training ends.
    public var softmaxScale: Float { base.similarityScale?.scale ?? 100 }
    public var maximumTokens: Int { base.maximumTokens }

    /// A transformer's products are wider, and so quicker by the picture, for several.
    public var picturesAtOnce: Int { 4 }

    public func observe(_ image: Image) throws -> Observation { try base.observe(image) }
    public func observe(_ images: [Image]) throws -> [Observation] {
        try base.observe(prepared: try images.map { try base.prepare($0) })
    }
    public func embed(_ texts: [String]) throws -> [Embedding] { try base.embed(texts) }
    public func tokenCount(_ text: String) throws -> Int { try base.tokenCount(text) }
    public func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? { nil }
}

extension PictureTextEncoder {
    /// The encoder as an analysis asks of it: with all that is fitted to it where that is known.
    public var forAnalysis: any PictureEncoder {
        (self as? any PictureEncoder) ?? PlainEncoder(self)
    }
}

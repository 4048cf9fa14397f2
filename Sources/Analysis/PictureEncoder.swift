import Encoders
import Pixels

/// What an analysis asks of an encoder: to look at a picture, to embed a vocabulary once, and to say what a cosine is worth.
package protocol PictureEncoder: Sendable {
    var name: String { get }
    /// SHA-256 of the weights in hexadecimal: what cached embeddings belong to.
    var digest: String { get }
    var dimension: Int { get }
    /// What the encoder's own recipe fitted; nil where it has no calibration of its own.
    var fittedCalibration: Calibration? { get }
    /// The sentence that the encoder was measured with, `{}` standing for a noun; nil where the vocabulary's templates are as good.
    var ownSentence: String? { get }
    /// How what it says is chosen from and shown, fitted by the encoder's own recipe; nil where nobody did.
    var judgement: EncoderConfiguration.Judgement? { get }
    /// For what it can count the tags that say two of it, three and so on, the last as many or more; empty where it cannot.
    var counts: [String: [String]] { get }
    /// What it finds the places of; empty where it finds nothing.
    var things: Set<String> { get }
    /// What cosines are multiplied with before a soft-max over texts tells them apart.
    var softmaxScale: Float { get }
    /// Texts are cut to so many tokens, their marks included.
    var maximumTokens: Int { get }

    /// How many pictures are worth looking at together, where there are so many.
    var picturesAtOnce: Int { get }

    func observe(_ image: Image) throws -> Observation
    /// One observation for each view, in order; of parts the embedding is enough.
    func observe(_ views: [PictureView]) throws -> [Observation]
    /// One embedding for each text, in order.
    func embed(_ texts: [String]) throws -> [Embedding]
    /// How many tokens the encoder sees of a text, its marks included.
    func tokenCount(_ text: String) throws -> Int
    /// How the cosines of each text with the encoder's own background pictures are spread; nil where it brings none.
    func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]?
}

extension PictureEncoder {
    package var picturesAtOnce: Int { 1 }
    package var judgement: EncoderConfiguration.Judgement? { nil }
    package var counts: [String: [String]] { [:] }
    package var things: Set<String> { [] }
    package func observe(_ views: [PictureView]) throws -> [Observation] { try views.map { try observe($0.image) } }
}

extension DefaultEncoder: PictureEncoder {
    package var fittedCalibration: Calibration? { calibration }
    package var ownSentence: String? { configuration.textPhrase }
    package var judgement: EncoderConfiguration.Judgement? { configuration.judgement }
    package var counts: [String: [String]] { configuration.seeing?.counts ?? [:] }
    package var things: Set<String> { Set(configuration.seeing?.things ?? []) }
    package var softmaxScale: Float { configuration.judgement.softmaxScale }
    package var maximumTokens: Int { configuration.text.maximumTokens }

    /// Things are looked for in whole pictures alone: that is another look, and the longer one.
    package func observe(_ views: [PictureView]) throws -> [Observation] {
        try views.map { $0.isPart ? Observation(embedding: try embed($0.image), mediums: []) : try observe($0.image) }
    }

    package func ownBackground(of texts: [Embedding]) throws -> [BackgroundStatistics]? {
        try backgroundStatistics(of: texts)
    }
}

import Encoders
import Pixels

/// What an analysis asks of an encoder: to look at a picture, to embed a vocabulary once, and to say what a cosine is worth.
public protocol PictureEncoder: Sendable {
    var name: String { get }
    /// SHA-256 of the weights in hexadecimal: what cached embeddings belong to.
    var digest: String { get }
    var dimension: Int { get }
    var calibration: Calibration { get }

    func observe(_ image: Image) throws -> Observation
    /// One embedding for each text, in order.
    func embed(_ texts: [String]) throws -> [Embedding]
    /// How the cosines of each text with the encoder's background pictures are spread.
    func backgroundStatistics(of texts: [Embedding]) throws -> [BackgroundStatistics]
    /// A noun in the sentence that the encoder was measured with.
    func phrase(for noun: String) -> String
}

extension DefaultEncoder: PictureEncoder {}

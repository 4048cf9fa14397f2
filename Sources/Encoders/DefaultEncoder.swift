import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

/// An encoder's directory: both towers, the background pictures and the calibration, each loaded when it is first needed.
///
/// Looking at a picture whose vocabulary is embedded already never loads the text tower.
package final class DefaultEncoder: ImageEncoder, TextEncoder {
    package let directory: URL
    package let configuration: EncoderConfiguration
    private let images: Lazy<EfficientNetImageTower>
    private let texts: Lazy<SentenceTextTower>
    private let tokenizer: Lazy<WordPieceTokenizer>
    private let pictures: Lazy<Tensor>

    /// Reads `config.json` and makes sure that the other files are there; nothing large is loaded yet.
    package init(directory: URL) throws(EncoderError) {
        let configuration = try EncoderConfiguration(directory: directory)
        for file in Self.files + (configuration.seeing == nil ? [] : ["seeing.safetensors"]) {
            let path = directory.appendingPathComponent(file).path
            guard FileManager.default.isReadableFile(atPath: path) else {
                throw .unreadableFile(path: path, reason: "there is no such file, or it may not be read")
            }
        }
        self.directory = directory
        self.configuration = configuration
        images = Lazy { try EfficientNetImageTower(directory: directory, configuration: configuration) }
        texts = Lazy { try SentenceTextTower(directory: directory, configuration: configuration.text) }
        tokenizer = Lazy { try WordPieceTokenizer(vocabulary: directory.appendingPathComponent("vocab.txt")) }
        pictures = Lazy {
            let weights = try Weights(url: directory.appendingPathComponent("background.safetensors"))
            let shape = try weights.shape(of: "embeddings")
            return try weights.tensor("embeddings", [shape.dimensions.first ?? 0, configuration.dimension])
        }
    }

    private static let files = ["image.safetensors", "head.safetensors", "text.safetensors", "background.safetensors", "vocab.txt"]

    package var name: String { configuration.name }

    /// SHA-256 in hexadecimal over the files that decide an embedding: what a cached embedding belongs to. The recipe wrote it.
    package var digest: String { configuration.digest }

    package var dimension: Int { configuration.dimension }

    package var calibration: Calibration { configuration.calibration }

    /// The image tower, loaded at the first call.
    package func imageTower() throws -> EfficientNetImageTower { try images.value() }

    /// The text tower, loaded at the first call.
    package func textTower() throws -> SentenceTextTower { try texts.value() }

    /// Embeddings of training pictures of many kinds, `[pictures, dimension]`, loaded at the first call.
    package func background() throws -> Tensor { try pictures.value() }

    package func embed(_ image: Image) throws -> Embedding { try imageTower().embed(image) }

    package func observe(_ image: Image) throws -> Observation { try imageTower().observe(image) }

    package func embed(_ texts: [String]) throws -> [Embedding] { try textTower().embed(texts) }

    package func states(_ text: String) throws -> TextStates { try textTower().states(text) }

    /// Counted without loading the text tower.
    package func tokenCount(_ text: String) throws -> Int {
        try tokenizer.value().tokens(text, maximum: configuration.text.maximumTokens).count
    }

    /// A noun in the sentence that this encoder was measured with, to be embedded in its stead.
    package func phrase(for noun: String) -> String {
        configuration.textPhrase.replacing("{}", with: noun)
    }

    /// How the cosines of each text with the background pictures are spread.
    package func backgroundStatistics(of texts: [Embedding]) throws -> [BackgroundStatistics] {
        guard !texts.isEmpty else { return [] }
        let rows = Tensor(texts.flatMap(\.values), shape: [texts.count, dimension])
        return BackgroundStatistics.of(texts: rows, over: try background())
    }
}

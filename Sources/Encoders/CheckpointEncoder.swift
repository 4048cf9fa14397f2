import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

/// A downloaded checkpoint of two towers: CLIP in transformers' or open_clip's layout, SigLIP. Each tower is loaded when it is first needed.
package final class CheckpointEncoder: PictureTextEncoder {
    package let directory: URL
    package let family: EncoderFamily
    package let name: String
    package let digest: String
    package let dimension: Int
    package let similarityScale: SimilarityScale?
    package let maximumTokens: Int
    private let preparation: PicturePreparation
    private let phrase: String
    private let images: Lazy<any ImageFeatures>
    private let texts: Lazy<any TextFeatures>
    private let tokenizer: Lazy<any TextTokens>

    /// What the families differ in.
    struct Parts: Sendable {
        var dimension: Int
        var scale: SimilarityScale?
        var maximumTokens: Int
        var preparation: PicturePreparation
        /// The sentence a noun is put into, `{}` standing for the noun.
        var phrase: String
        var images: @Sendable () throws -> any ImageFeatures
        var texts: @Sendable () throws -> any TextFeatures
        var tokens: @Sendable () throws -> any TextTokens
        /// What decides an embedding.
        var files: [URL]
        var arithmetic = Arithmetic.f32
    }

    init(directory: URL, family: EncoderFamily, parts: Parts) throws {
        self.directory = directory
        self.family = family
        name = Self.name(of: directory)
        digest = try FolderDigest.of(parts.files, in: parts.arithmetic)
        dimension = parts.dimension
        similarityScale = parts.scale
        maximumTokens = parts.maximumTokens
        preparation = parts.preparation
        phrase = parts.phrase
        images = Lazy(parts.images)
        texts = Lazy(parts.texts)
        tokenizer = Lazy(parts.tokens)
    }

    /// The folder's name; in the hub's cache, `models--openai--clip-vit-base-patch32/snapshots/3d74…`, the repository's.
    static func name(of directory: URL) -> String {
        let parent = directory.standardizedFileURL.deletingLastPathComponent()
        let repository = parent.deletingLastPathComponent().lastPathComponent
        guard parent.lastPathComponent == "snapshots", repository.hasPrefix("models--") else {
            return directory.standardizedFileURL.lastPathComponent
        }
        return String(repository.dropFirst("models--".count)).replacing("--", with: "/")
    }

    package var decodeShortSide: Int {
        switch preparation.fitting {
        case .shortSide(let side): side
        case .squashed(let width, let height): max(width, height)
        case .none: Int.max
        }
    }

    package func phrase(for noun: String) -> String { phrase.replacing("{}", with: noun) }

    package func load(texts: Bool) throws {
        _ = try images.value()
        if texts { _ = (try self.texts.value(), try tokenizer.value()) }
    }

    package func prepare(_ image: Image) throws -> Tensor { try preparation(image) }

    /// The picture as the tower sees it, before its bytes become numbers.
    func pixels(_ image: Image) throws(EncoderError) -> Image { try preparation.pixels(image) }

    package func features(prepared: [Tensor]) throws -> Tensor {
        guard !prepared.isEmpty else { return Tensor.zeros([0, dimension]) }
        let tower = try images.value()
        // A batch that outgrows the caches is slower than its pictures one by one.
        let together = max(1, min(Self.picturesInBatch, Self.tokensInPictureBatch / max(tower.tokensOfPicture, 1)))
        let batches = stride(from: 0, to: prepared.count, by: together).map { start in
            tower.features(Tensor.concatenated(Array(prepared[start..<min(start + together, prepared.count)]), axis: 0))
        }
        return Tensor.concatenated(batches, axis: 0)
    }

    /// Texts of like length go through the tower together, so that little is padded.
    package func features(texts: [String]) throws -> Tensor {
        guard !texts.isEmpty else { return Tensor.zeros([0, dimension]) }
        let (tower, tokenizer) = (try self.texts.value(), try tokenizer.value())
        let tokens = texts.map(tokenizer.rows)
        let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
        var rows = [[Float]](repeating: [], count: texts.count)
        var start = 0
        while start < order.count {
            var stop = start + 1
            let shortest = tokens[order[start]].count
            // A longer text would fill up those before it: it begins another batch where there is enough to do without it.
            while stop < order.count, (stop - start + 1) * tokens[order[stop]].count <= Self.tokensInBatch,
                tokens[order[stop]].count == shortest || (stop - start) * shortest < Self.tokensWorthABatch
            { stop += 1 }
            let batch = order[start..<stop]
            let features = try tower.features(batch.map { tokens[$0] })
            for (index, row) in zip(batch, Self.rows(features)) { rows[index] = row }
            start = stop
        }
        return Tensor(rows.flatMap { $0 }, shape: [texts.count, dimension])
    }

    /// Counted without loading the text tower.
    package func tokenCount(_ text: String) throws -> Int { try tokenizer.value().count(text) }

    private static let picturesInBatch = 16
    private static let tokensInPictureBatch = 1024
    private static let tokensInBatch = 2048
    /// With fewer, reading the weights takes a good part of the time.
    private static let tokensWorthABatch = 128
}

/// An image tower up to the space that it shares with texts.
protocol ImageFeatures: Sendable {
    /// How many places of a picture the tower computes with at once, roughly.
    var tokensOfPicture: Int { get }
    /// - Parameter pictures: `[batch, height, width, 3]`, prepared.
    /// - Returns: `[batch, dimension]`, of any length.
    func features(_ pictures: Tensor) -> Tensor
}

/// A text tower up to the space that it shares with pictures.
protocol TextFeatures: Sendable {
    /// - Returns: `[texts, dimension]`, of any length.
    func features(_ tokens: [[Int]]) throws -> Tensor
}

/// A tokenizer with everything a tower wants around a text.
protocol TextTokens: Sendable {
    /// The row of numbers that the tower takes.
    func rows(_ text: String) -> [Int]
    /// How many of them are the text's and its marks', not padding.
    func count(_ text: String) -> Int
}

extension CLIPImageTower: ImageFeatures {
    var tokensOfPicture: Int { positions.shape[0] }
    func features(_ pictures: Tensor) -> Tensor { self(pictures) }
}

extension CLIPTextTower: TextFeatures {
    func features(_ tokens: [[Int]]) throws -> Tensor {
        let output = try self(tokens)
        return output.projected ?? output.pooled
    }
}

/// CLIP's tokenizer for towers that see nothing behind the end mark: rows are not filled up.
struct CLIPRows: TextTokens {
    let tokenizer: CLIPTokenizer
    let maximum: Int

    func rows(_ text: String) -> [Int] { tokenizer.tokens(text, maximum: maximum) }
    func count(_ text: String) -> Int { rows(text).count }
}

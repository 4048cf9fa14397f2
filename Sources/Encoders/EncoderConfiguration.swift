import FoundationEssentials
import Pixels

/// An encoder directory's `config.json`, which the recipe wrote: the towers' architecture, how their answers are mixed, and what is measured.
public struct EncoderConfiguration: Codable, Sendable, Equatable {
    /// EfficientNet-Lite, and how a picture is prepared for it.
    public struct ImageTower: Codable, Sendable, Equatable {
        /// Blocks of one width; the first of them has the stride, the others have 1.
        public struct Stage: Codable, Sendable, Equatable {
            public var repeats: Int
            public var kernel: Int
            public var stride: Int
            public var expansion: Int
            public var width: Int
        }

        /// The side of the square that pictures are squashed to, in pixels.
        public var imageSize: Int
        /// A pixel's byte x becomes (x - pixelMean) / pixelDeviation.
        public var pixelMean: Float
        public var pixelDeviation: Float
        public var stemWidth: Int
        public var stages: [Stage]
        public var headWidth: Int
        public var classes: Int
    }

    /// A BERT of the sentence-transformers kind.
    public struct TextTower: Codable, Sendable, Equatable {
        public var vocabularySize: Int
        public var width: Int
        public var layers: Int
        public var heads: Int
        public var innerWidth: Int
        /// Rows of the position table.
        public var positions: Int
        /// Texts are cut to so many tokens, their marks included.
        public var maximumTokens: Int
        public var layerNormEpsilon: Float
    }

    /// How a picture's features become an embedding.
    public struct Head: Codable, Sendable, Equatable {
        /// ConSE takes so many of the likeliest classes.
        public var likeliestClasses: Int
        public var projectionWeight: Float
        public var classWeight: Float
        /// The medium head's outputs, in order.
        public var mediums: [String]
    }

    public var name: String
    public var version: Int
    /// Of the embeddings.
    public var dimension: Int
    /// SHA-256 in hexadecimal over the names and digests of the files that decide an embedding.
    public var digest: String
    /// SHA-256 in hexadecimal by file name.
    public var files: [String: String]
    public var image: ImageTower
    public var text: TextTower
    public var head: Head
    public var calibration: Calibration
    /// The sentence a noun is put into before it is embedded, `{}` standing for the noun.
    public var textPhrase: String
    /// How what the encoder says is chosen from and shown.
    public var judgement: Judgement
    /// What the encoder was taught to see; nil where it knows embeddings alone.
    public var seeing: Seeing?

    /// Reads `config.json` in `directory` and checks that its numbers can be an architecture's.
    public init(directory: URL) throws(EncoderError) {
        let path = directory.appendingPathComponent("config.json").path
        let data: Data
        do {
            data = Data(try FileBytes.read(URL(fileURLWithPath: path)))
        } catch {
            throw .unreadableFile(path: path, reason: FileManager.default.fileExists(atPath: path) ? "\(error)" : "there is no such file")
        }
        do {
            self = try JSONDecoder().decode(EncoderConfiguration.self, from: data)
        } catch DecodingError.keyNotFound(let key, let context) {
            let place = (context.codingPath + [key]).map(\.stringValue).joined(separator: ".")
            throw .badConfiguration(path: path, reason: "\(place) is missing")
        } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
            throw .badConfiguration(
                path: path, reason: "\(context.codingPath.map(\.stringValue).joined(separator: ".")): \(context.debugDescription)")
        } catch {
            throw .badConfiguration(path: path, reason: "it is not the JSON it should be (\(error))")
        }
        if let reason = firstProblem { throw .badConfiguration(path: path, reason: reason) }
    }

    /// Numbers that would make a tower take absurd amounts of memory, or stop the program, are refused before anything is loaded.
    private var firstProblem: String? {
        func outside(_ name: String, _ value: Int, _ range: ClosedRange<Int>) -> String? {
            range.contains(value) ? nil : "\(name) is \(value), allowed are \(range.lowerBound) to \(range.upperBound)"
        }
        let checks: [String?] = [
            version == 2 ? nil : "it describes version \(version) of the encoder, and this program reads version 2",
            outside("image.imageSize", image.imageSize, 32...1024), outside("image.stemWidth", image.stemWidth, 1...1024),
            outside("image.headWidth", image.headWidth, 1...8192), outside("image.classes", image.classes, 1...100_000),
            outside("head.likeliestClasses", head.likeliestClasses, 1...image.classes), outside("text.width", text.width, 1...4096),
            outside("text.heads", text.heads, 1...64), outside("text.layers", text.layers, 1...48),
            outside("text.innerWidth", text.innerWidth, 1...16384), outside("text.positions", text.positions, 2...8192),
            outside("text.maximumTokens", text.maximumTokens, 2...text.positions), outside("dimension", dimension, text.width...text.width),
            text.width % text.heads == 0 ? nil : "text.width \(text.width) does not split into \(text.heads) heads",
            image.pixelDeviation > 0 ? nil : "image.pixelDeviation is \(image.pixelDeviation), it has to be above 0",
            head.mediums.isEmpty ? "head.mediums is empty" : nil,
        ]
        let stages = image.stages.enumerated().flatMap { index, stage in
            [
                outside("image.stages[\(index)].repeats", stage.repeats, 1...64),
                outside("image.stages[\(index)].kernel", stage.kernel, 1...11),
                outside("image.stages[\(index)].stride", stage.stride, 1...2),
                outside("image.stages[\(index)].expansion", stage.expansion, 1...16),
                outside("image.stages[\(index)].width", stage.width, 1...4096),
            ]
        }
        return (checks + stages).lazy.compactMap { $0 }.first ?? seeing?.firstProblem(on: image)
    }
}

import FoundationEssentials

/// An encoder directory's `config.json`, which the recipe wrote: the towers' architecture, how their answers are mixed, and what is measured.
package struct EncoderConfiguration: Codable, Sendable, Equatable {
    /// EfficientNet-Lite, and how a picture is prepared for it.
    package struct ImageTower: Codable, Sendable, Equatable {
        /// Blocks of one width; the first of them has the stride, the others have 1.
        package struct Stage: Codable, Sendable, Equatable {
            package var repeats: Int
            package var kernel: Int
            package var stride: Int
            package var expansion: Int
            package var width: Int
        }

        /// The side of the square that pictures are squashed to, in pixels.
        package var imageSize: Int
        /// A pixel's byte x becomes (x - pixelMean) / pixelDeviation.
        package var pixelMean: Float
        package var pixelDeviation: Float
        package var stemWidth: Int
        package var stages: [Stage]
        package var headWidth: Int
        package var classes: Int

        /// A stage's block: the first takes the width of the stage before, and has the stage's stride.
        struct Block {
            let kernel: Int
            let stride: Int
            let expansion: Int
            let input: Int
            let output: Int
        }

        /// All blocks, in the order in which weights and maps count them.
        var blocks: [Block] {
            var blocks: [Block] = []
            for stage in stages {
                for repetition in 0..<stage.repeats {
                    blocks.append(
                        Block(
                            kernel: stage.kernel, stride: repetition == 0 ? stage.stride : 1, expansion: stage.expansion,
                            input: blocks.last?.output ?? stemWidth, output: stage.width))
                }
            }
            return blocks
        }
    }

    /// A BERT of the sentence-transformers kind.
    package struct TextTower: Codable, Sendable, Equatable {
        package var vocabularySize: Int
        package var width: Int
        package var layers: Int
        package var heads: Int
        package var innerWidth: Int
        /// Rows of the position table.
        package var positions: Int
        /// Texts are cut to so many tokens, their marks included.
        package var maximumTokens: Int
        package var layerNormEpsilon: Float
    }

    /// How a picture's features become an embedding.
    package struct Head: Codable, Sendable, Equatable {
        /// ConSE takes so many of the likeliest classes.
        package var likeliestClasses: Int
        package var projectionWeight: Float
        package var classWeight: Float
        /// The medium head's outputs, in order.
        package var mediums: [String]
    }

    package var name: String
    package var version: Int
    /// Of the embeddings.
    package var dimension: Int
    /// SHA-256 in hexadecimal over the names and digests of the files that decide an embedding.
    package var digest: String
    /// SHA-256 in hexadecimal by file name.
    package var files: [String: String]
    package var image: ImageTower
    package var text: TextTower
    package var head: Head
    package var calibration: Calibration
    /// The sentence a noun is put into before it is embedded, `{}` standing for the noun.
    package var textPhrase: String
    /// How what the encoder says is chosen from and shown.
    package var judgement: Judgement
    /// What the encoder was taught to see; nil where it knows embeddings alone.
    package var seeing: Seeing?

    /// Reads `config.json` in `directory` and checks that its numbers can be an architecture's.
    package init(directory: URL) throws(EncoderError) {
        let file = try ConfigurationFile(directory.appendingPathComponent("config.json"), keys: .asDeclared)
        self = try file.decoded(as: EncoderConfiguration.self)
        if let reason = firstProblem { throw .badConfiguration(path: file.path, reason: reason) }
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
        return (checks + stages).lazy.compactMap { $0 }.first ?? judgement.firstProblem ?? seeing?.firstProblem(on: image)
    }
}

import Checkpoints
import FoundationEssentials
import Layers
import Tensors

/// all-MiniLM-L6-v2: a BERT (Devlin 2018) whose mean token state stands for the sentence (Reimers 2019), with transformers' tensor names.
///
/// The token table stays in the file, and only the rows a text needs are read from it.
package struct SentenceTextTower: TextEncoder {
    package let tokenizer: WordPieceTokenizer
    private let configuration: EncoderConfiguration.TextTower
    /// `[vocabulary, width]`
    private let tokenTable: RowTable
    /// `[positions, width]`
    private let positionTable: RowTable
    /// `[width]`: the first row of the type table, as a text is one sentence.
    private let typeRow: Tensor
    private let embeddingNorm: LayerNorm
    private let layers: [BertLayer]

    /// Reads `text.safetensors`, `vocab.txt` and the architecture in `config.json`.
    package init(directory: URL) throws {
        try self.init(directory: directory, configuration: EncoderConfiguration(directory: directory).text)
    }

    init(directory: URL, configuration: EncoderConfiguration.TextTower) throws {
        let vocabulary = directory.appendingPathComponent("vocab.txt")
        tokenizer = try WordPieceTokenizer(vocabulary: vocabulary)
        guard tokenizer.count == configuration.vocabularySize else {
            throw EncoderError.badVocabulary(
                path: vocabulary.path, reason: "it has \(tokenizer.count) tokens, and the tower \(configuration.vocabularySize) rows")
        }
        let weights = try Weights(url: directory.appendingPathComponent("text.safetensors"))
        let (width, tables) = (configuration.width, weights["embeddings"])
        tokenTable = try tables["word_embeddings"].table("weight", rows: configuration.vocabularySize, width: width)
        positionTable = try tables["position_embeddings"].table("weight", rows: configuration.positions, width: width)
        typeRow = try tables["token_type_embeddings"].tensor("weight", [2, width])[0].reshaped([width])
        embeddingNorm = try LayerNorm(tables["LayerNorm"], width: width, epsilon: configuration.layerNormEpsilon)
        var layers: [BertLayer] = []
        for index in 0..<configuration.layers {
            layers.append(try BertLayer(weights["encoder"]["layer"][index], configuration))
        }
        self.layers = layers
        self.configuration = configuration
        try weights.requireAllRead()
    }

    package var dimension: Int { configuration.width }

    package func tokenCount(_ text: String) -> Int { tokens(text).count }

    private func tokens(_ text: String) -> [Int] {
        tokenizer.tokens(text, maximum: configuration.maximumTokens)
    }

    /// Texts of like length go through the tower together, so that little is padded.
    package func embed(_ texts: [String]) throws -> [Embedding] {
        let tokens = texts.map(tokens)
        let order = tokens.indices.sorted { (tokens[$0].count, $0) < (tokens[$1].count, $1) }
        var embeddings = [Embedding?](repeating: nil, count: texts.count)
        var start = 0
        while start < order.count {
            var stop = start + 1
            // As many as fit the batch, none of which is more than a quarter longer than the first.
            let longest = max(tokens[order[start]].count * 5 / 4, tokens[order[start]].count + 1)
            while stop < order.count, tokens[order[stop]].count <= longest,
                (stop - start + 1) * tokens[order[stop]].count <= Self.tokensInBatch
            {
                stop += 1
            }
            let batch = Array(order[start..<stop])
            let lengths = batch.map { tokens[$0].count }
            let pooled = try hidden(batch.map { tokens[$0] }).meanPooled(lengths: lengths)
            pooled.withUnsafeValues { values in
                for (row, index) in batch.enumerated() {
                    embeddings[index] = Embedding(direction: Array(values[row * dimension..<(row + 1) * dimension]))
                }
            }
            start = stop
        }
        return embeddings.compactMap { $0 }
    }

    /// The states of a text's tokens, as the generator looks at them.
    package func states(_ text: String) throws -> TextStates {
        let tokens = tokens(text)
        return TextStates(hidden: try hidden([tokens]), tokenCount: tokens.count)
    }

    private static let tokensInBatch = 1024

    /// - Returns: `[sequences.count, longest, width]`; what stands behind a sequence's end means nothing.
    private func hidden(_ sequences: [[Int]]) throws -> Tensor {
        let lengths = sequences.map(\.count)
        let longest = lengths.max() ?? 0
        let width = configuration.width
        let padded = sequences.flatMap { $0 + [Int](repeating: 0, count: longest - $0.count) }
        let rows = try tokenTable.gather(padded)
        let positions = try positionTable.gather(Array(0..<longest))
        let sum = Tensor(shape: [sequences.count, longest, width]) { target in
            rows.withUnsafeValues { rows in
                positions.withUnsafeValues { positions in
                    typeRow.withUnsafeValues { type in
                        for index in target.indices {
                            target[index] = rows[index] + positions[index % (longest * width)] + type[index % width]
                        }
                    }
                }
            }
        }
        let mask: AttentionMask = lengths.allSatisfy { $0 == longest } ? .none : .lengths(lengths)
        return layers.reduce(embeddingNorm(sum)) { x, layer in layer(x, mask: mask) }
    }
}

/// transformers' `BertLayer`: attention and a perceptron, each with a norm behind its residual sum.
private struct BertLayer: Sendable {
    private let query, key, value, attentionOutput: Linear
    private let attentionNorm: LayerNorm
    private let intermediate, output: Linear
    private let outputNorm: LayerNorm
    private let heads: Int

    init(_ weights: Weights, _ configuration: EncoderConfiguration.TextTower) throws(CheckpointError) {
        let (width, inner) = (configuration.width, configuration.innerWidth)
        let attention = weights["attention"]
        query = try Linear(attention["self"]["query"], input: width, output: width)
        key = try Linear(attention["self"]["key"], input: width, output: width)
        value = try Linear(attention["self"]["value"], input: width, output: width)
        attentionOutput = try Linear(attention["output"]["dense"], input: width, output: width)
        attentionNorm = try LayerNorm(attention["output"]["LayerNorm"], width: width, epsilon: configuration.layerNormEpsilon)
        intermediate = try Linear(weights["intermediate"]["dense"], input: width, output: inner)
        output = try Linear(weights["output"]["dense"], input: inner, output: width)
        outputNorm = try LayerNorm(weights["output"]["LayerNorm"], width: width, epsilon: configuration.layerNormEpsilon)
        heads = configuration.heads
    }

    /// - Parameter x: `[batch, tokens, width]`
    func callAsFunction(_ x: Tensor, mask: AttentionMask) -> Tensor {
        let seen = attention(query(x), key(x), value(x), heads: heads, mask: mask, arithmetic: query.arithmetic)
        let attended = attentionNorm(attentionOutput(seen, adding: x))
        return outputNorm(output(intermediate(attended, activation: .gelu), adding: attended))
    }
}

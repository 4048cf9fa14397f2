import Checkpoints
import FoundationEssentials
import Layers
import Tensors

/// CLIP's text tower (Radford 2021): a causal transformer over at most 77 tokens. transformers' `CLIPTextModel`, with or without projection.
package struct CLIPTextTower: Sendable {
    /// What `config.json` says of it.
    package struct Configuration: Sendable, Equatable {
        package var vocabularySize: Int
        package var width: Int
        package var innerWidth: Int
        package var layers: Int
        package var heads: Int
        /// Rows of the position table: the longest text in tokens.
        package var positions: Int
        package var activation: Activation
        package var layerNormEpsilon: Float
        /// The token whose state stands for the text; 2 is an old mistake in files and means the highest number.
        package var endToken: Int
        /// The width that `text_projection` projects to; nil where there is none.
        package var projection: Int?

        /// The shape of the first tower of Stable Diffusion, CLIP ViT-L/14's, unless said otherwise.
        package init(
            vocabularySize: Int = 49408, width: Int = 768, innerWidth: Int = 3072, layers: Int = 12, heads: Int = 12, positions: Int = 77,
            activation: Activation = .quickGELU, layerNormEpsilon: Float = 1e-5, endToken: Int = 49407, projection: Int? = nil
        ) {
            self.vocabularySize = vocabularySize
            self.width = width
            self.innerWidth = innerWidth
            self.layers = layers
            self.heads = heads
            self.positions = positions
            self.activation = activation
            self.layerNormEpsilon = layerNormEpsilon
            self.endToken = endToken
            self.projection = projection
        }
    }

    /// Whose names the tensors have.
    package enum Layout: Sendable {
        /// `text_model.embeddings.token_embedding.weight` and so on; `text_model.` may be missing.
        case transformers
        /// `token_embedding.weight`, `transformer.resblocks.0.attn.in_proj_weight` and so on.
        case openCLIP
    }

    package let configuration: Configuration
    /// `[vocabulary, width]`
    private let tokenTable: RowTable
    /// `[count, width]`: vectors of tokens behind the vocabulary's.
    private var addedTokens: Tensor?
    /// `[positions, width]`
    private let positionTable: RowTable
    private let blocks: [TransformerBlock]
    private let finalNorm: LayerNorm
    private let projection: Linear?

    /// - Parameter weights: the scope that holds the tower, such as a text encoder's file, or `cond_stage_model.transformer` of a single file.
    ///   Blocks behind the last that the configuration counts are not read.
    package init(_ weights: Weights, configuration: Configuration, layout: Layout = .transformers) throws {
        try configuration.check()
        let (count, width, positions) = (configuration.vocabularySize, configuration.width, configuration.positions)
        var blocks: [TransformerBlock] = []
        switch layout {
        case .transformers:
            let model = weights.has("text_model") ? weights["text_model"] : weights
            tokenTable = try model["embeddings"]["token_embedding"].table("weight", rows: count, width: width)
            positionTable = try model["embeddings"]["position_embedding"].table("weight", rows: positions, width: width)
            model["embeddings"].ignore("position_ids")
            for index in 0..<configuration.layers {
                blocks.append(try TransformerBlock(transformers: model["encoder"]["layers"][index], configuration.dimensions))
            }
            finalNorm = try LayerNorm(model["final_layer_norm"], width: width, epsilon: configuration.layerNormEpsilon)
            projection = try configuration.projection.map { output throws(CheckpointError) in
                try Linear(weights["text_projection"], input: width, output: output, bias: false)
            }
        case .openCLIP:
            tokenTable = try weights["token_embedding"].table("weight", rows: count, width: width)
            positionTable = try weights.table("positional_embedding", rows: positions, width: width)
            weights.ignore("attn_mask")
            for index in 0..<configuration.layers {
                blocks.append(try TransformerBlock(openCLIP: weights["transformer"]["resblocks"][index], configuration.dimensions))
            }
            finalNorm = try LayerNorm(weights["ln_final"], width: width, epsilon: configuration.layerNormEpsilon)
            projection = try configuration.projection.map { output throws(CheckpointError) in
                // Stored as it multiplies from the right; a linear layer is the transposed.
                Linear(
                    weight: try weights.tensor("text_projection", [width, output]).transposed(), bias: nil, holding: weights.holding)
            }
        }
        self.blocks = blocks
        self.configuration = configuration
    }

    /// The tower in a folder as transformers saves it: `config.json` and `model.safetensors`, whole or in shards.
    package init(directory: URL) throws {
        let configuration = try Configuration(file: directory.appendingPathComponent("config.json"))
        try self.init(try ModelFiles.weights(in: directory), configuration: configuration)
    }

    /// This tower with more tokens, numbered on from the vocabulary's: textual inversions (Gal 2022).
    ///
    /// - Parameter vectors: `[count, width]`
    package func adding(tokens vectors: Tensor) -> CLIPTextTower {
        precondition(vectors.shape.rank == 2 && vectors.shape[1] == configuration.width, "vectors of shape \(vectors.shape)")
        var tower = self
        tower.addedTokens = addedTokens.map { Tensor.concatenated([$0, vectors], axis: 0) } ?? vectors
        return tower
    }

    /// The states of the tokens before one of the last norms.
    ///
    /// - Parameters:
    ///   - tokens: a row of token numbers for each text, marks included. Shorter rows are filled up; as a token sees none that follow it,
    ///     that changes nothing.
    ///   - skippedLayers: how many layers at the end are left out (Stable Diffusion's "clip skip" less 1; 1 for XL). These take no time.
    ///   - normalised: whether the final norm follows.
    /// - Returns: `[texts, tokens, width]`
    package func states(_ tokens: [[Int]], skippedLayers: Int = 0, normalised: Bool = true) throws -> Tensor {
        precondition((0...blocks.count).contains(skippedLayers), "\(skippedLayers) of \(blocks.count) layers cannot be left out")
        var x = try embedded(tokens)
        for block in blocks.dropLast(skippedLayers) { x = block(x, mask: .causal) }
        return normalised ? finalNorm(x) : x
    }

    /// Everything that a look at texts gives.
    package struct Output: Sendable {
        /// `[texts, tokens, width]`: the states before the layers that were to be skipped, without the final norm.
        package let hidden: Tensor
        /// `[texts, tokens, width]`: the states behind the last layer and the final norm.
        package let last: Tensor
        /// `[texts, width]`: the end mark's row of `last`.
        package let pooled: Tensor
        /// `[texts, projection]`, where the tower has one: what transformers calls `text_embeds`, of any length.
        package let projected: Tensor?
    }

    /// - Parameters:
    ///   - tokens: as for `states`.
    ///   - skippedLayers: of `hidden` only.
    package func callAsFunction(_ tokens: [[Int]], skippedLayers: Int = 0) throws -> Output {
        precondition((0...blocks.count).contains(skippedLayers), "\(skippedLayers) of \(blocks.count) layers cannot be left out")
        let hidden = try states(tokens, skippedLayers: skippedLayers, normalised: false)
        let last = finalNorm(blocks.suffix(skippedLayers).reduce(hidden) { x, block in block(x, mask: .causal) })
        let rows = tokens.enumerated().map { index, row in last[index].sliced(pooledPosition(row)..<pooledPosition(row) + 1) }
        let pooled = rows.isEmpty ? Tensor.zeros([0, configuration.width]) : Tensor.concatenated(rows, axis: 0)
        return Output(hidden: hidden, last: last, pooled: pooled, projected: projection.map { $0(pooled) })
    }

    /// The final norm of states that were asked for without it.
    package func finalNormalised(_ states: Tensor) -> Tensor { finalNorm(states) }

    /// Where the state stands that counts for the text.
    private func pooledPosition(_ tokens: [Int]) -> Int {
        // Trained embeddings have numbers above all of the vocabulary's, and end nothing.
        let wanted = configuration.endToken == 2 ? tokens.filter { $0 < configuration.vocabularySize }.max() : configuration.endToken
        return tokens.firstIndex { $0 == wanted } ?? 0
    }

    private func tokenRows(_ numbers: [Int]) throws -> Tensor {
        let count = configuration.vocabularySize
        // A tokenizer may also have more numbers than there are rows: then the table says so.
        guard let addedTokens, let highest = numbers.max(), (count..<count + addedTokens.shape[0]).contains(highest) else {
            return try tokenTable.gather(numbers)
        }
        let known = try tokenTable.gather(numbers.map { $0 < count ? $0 : 0 })
        let rows = numbers.enumerated().map { index, number in
            number < count ? known.sliced(index..<index + 1) : addedTokens.sliced(number - count..<number - count + 1)
        }
        return Tensor.concatenated(rows, axis: 0)
    }

    private func embedded(_ tokens: [[Int]]) throws -> Tensor {
        let longest = tokens.map(\.count).max() ?? 0
        guard longest > 0, longest <= configuration.positions else {
            throw EncoderError.badTokenCount(longest, allowed: configuration.positions)
        }
        let width = configuration.width
        let padded = tokens.flatMap { row in row + [Int](repeating: row.last ?? 0, count: longest - row.count) }
        let rows = try tokenRows(padded).reshaped([tokens.count, longest, width])
        return rows + (try positionTable.gather(Array(0..<longest)))
    }
}

extension CLIPTextTower.Configuration {
    var dimensions: TransformerBlock.Dimensions {
        TransformerBlock.Dimensions(
            width: width, innerWidth: innerWidth, heads: heads, activation: activation, epsilon: layerNormEpsilon)
    }

    /// Numbers that no tower has are refused before tensors are looked for; the tensors' shapes decide about the rest.
    func check() throws(EncoderError) {
        let numbers = [
            "vocab_size": vocabularySize, "hidden_size": width, "intermediate_size": innerWidth, "num_hidden_layers": layers,
            "num_attention_heads": heads, "max_position_embeddings": positions, "projection_dim": projection ?? 1,
        ]
        try TowerLimits.check(numbers, width: width, heads: heads)
        // The marks of a text's start and end take two.
        guard positions >= 3 else { throw .badNumber(name: "max_position_embeddings", value: positions, allowed: 3...10_000_000) }
    }

    /// transformers' `config.json`, of a text tower alone or of a whole CLIP.
    package init(file: URL) throws(EncoderError) {
        self = try CLIPFileConfiguration(file: file).text(standalone: true)
    }
}

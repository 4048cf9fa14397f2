import Encoders
import Tensors

/// The CLIP text encoders of a Stable Diffusion model: one for 1.x and 2.x, two for XL, whose states stand side by side.
package struct CLIPPrompts: PromptEncoder {
    /// A text encoder and how the model was trained to look at it.
    package struct Tower: Sendable {
        let tower: CLIPTextTower
        let tokenizer: CLIPTokenizer
        /// Layers at the end that are left out where the person asks for nothing else.
        let skippedLayers: Int
        /// Whether the encoder's last norm follows.
        let isNormalised: Bool
        /// Which of the embeddings it was trained with.
        fileprivate var knows: [Bool] = []

        fileprivate init(_ tower: CLIPTextTower, tokenizer: CLIPTokenizer, skippedLayers: Int, isNormalised: Bool, knows: [Bool]) {
            self.init(tower, tokenizer: tokenizer, skippedLayers: skippedLayers, isNormalised: isNormalised)
            self.knows = knows
        }

        package init(_ tower: CLIPTextTower, tokenizer: CLIPTokenizer, skippedLayers: Int = 0, isNormalised: Bool = true) {
            (self.tower, self.tokenizer, self.skippedLayers, self.isNormalised) = (tower, tokenizer, skippedLayers, isNormalised)
        }
    }

    private let towers: [Tower]
    private let embeddings: [TrainedEmbedding]
    /// An empty negative prompt is told as zeros, as SDXL was trained.
    private let zerosForEmptyNegative: Bool

    /// - Parameters:
    ///   - towers: in the order of their states.
    ///   - embeddings: textual inversions that prompts may call by name.
    package init(_ towers: [Tower], embeddings: [TrainedEmbedding] = [], zerosForEmptyNegative: Bool = false) throws {
        var prepared: [Tower] = []
        for (index, tower) in towers.enumerated() {
            let widths = towers.map(\.tower.configuration.width)
            // An encoder that an embedding was not trained for passes its name over: its rows are never called.
            let rows = try embeddings.map { embedding in
                try embedding.vectors(tower: index, of: widths) ?? Tensor.zeros([embedding.count, widths[index]])
            }
            let extended = rows.isEmpty ? tower.tower : tower.tower.adding(tokens: Tensor.concatenated(rows, axis: 0))
            let known = try embeddings.map { try $0.vectors(tower: index, of: widths) != nil }
            prepared.append(
                Tower(
                    extended, tokenizer: tower.tokenizer, skippedLayers: tower.skippedLayers, isNormalised: tower.isNormalised,
                    knows: known))
        }
        self.towers = prepared
        self.embeddings = embeddings
        self.zerosForEmptyNegative = zerosForEmptyNegative
    }

    /// Width of the states.
    package var width: Int { towers.reduce(0) { $0 + $1.tower.configuration.width } }

    package func states(for prompt: String) throws -> Tensor {
        try conditioning(for: prompt, PromptReading(profile: .diffusers)).states
    }

    package func tokenCount(_ prompt: String) throws -> Int {
        (towers.first?.tokenizer.numbers(of: prompt).count ?? 0) + 2
    }

    package func length(of prompt: String, _ reading: PromptReading) throws -> PromptLength {
        guard let tower = towers.first else { return PromptLength(tokens: 0, limit: 0) }
        let limit = tower.tower.configuration.positions - 2
        let chunks = chunks(prompt, reading, tower)
        let tokens = chunks.reduce(0) { $0 + $1.tokens.count }
        guard reading.profile == .diffusers, tokens > limit else {
            return PromptLength(tokens: tokens, limit: limit, chunks: chunks.count)
        }
        return PromptLength(tokens: tokens, limit: limit, cutOff: Self.beyond(limit, of: prompt, tower.tokenizer))
    }

    /// The words of a prompt behind the token at which it is cut.
    private static func beyond(_ limit: Int, of prompt: String, _ tokenizer: CLIPTokenizer) -> String {
        let words = prompt.split(separator: " ", omittingEmptySubsequences: false)
        var count = 0
        for (index, word) in words.enumerated() {
            count += tokenizer.numbers(of: String(word)).count
            if count > limit { return words[index...].joined(separator: " ") }
        }
        return ""
    }

    package func conditioning(for prompt: String, _ reading: PromptReading) throws -> Conditioning {
        var parts: [Tensor] = []
        var pooled: Tensor?
        for tower in towers {
            let made = try encode(prompt, reading, tower)
            parts.append(made.states)
            pooled = made.pooled ?? pooled
        }
        // One encoder may cut a prompt into more pieces than the other where trained embeddings differ in length.
        let longest = parts.map { $0.shape[1] }.max() ?? 0
        guard parts.allSatisfy({ $0.shape[1] == longest }) else { throw DiffusionError.unevenPrompt }
        return Conditioning(states: parts.count == 1 ? parts[0] : Tensor.concatenated(parts, axis: -1), pooled: pooled)
    }

    package func nothing(insteadOf empty: Conditioning) -> Conditioning {
        guard zerosForEmptyNegative else { return empty }
        return Conditioning(states: .zeros(empty.states.shape), pooled: empty.pooled.map { .zeros($0.shape) })
    }

    /// How many of a tower's last layers are not read. SD 2 and XL leave one out by themselves: diffusers counts from there; AUTOMATIC1111
    /// has no choice for them, so that the 2 which it writes for XL means no other layer than XL's own; and 1 asks for that one too.
    private static func skippedLayers(_ reading: PromptReading, _ tower: Tower) -> Int {
        let asked = (reading.clipSkip ?? 1) - 1
        return switch reading.profile {
        case .diffusers: tower.skippedLayers + asked
        case .a1111: tower.skippedLayers > 0 ? tower.skippedLayers : asked
        case .redraw: max(tower.skippedLayers, asked)
        }
    }

    private func encode(_ prompt: String, _ reading: PromptReading, _ tower: Tower) throws -> Conditioning {
        let positions = tower.tower.configuration.positions
        var chunks = chunks(prompt, reading, tower)
        if reading.profile == .diffusers {
            chunks = [.init(tokens: Array(chunks[0].tokens.prefix(positions - 2)), weights: [])]
        }
        let layers = tower.tower.configuration.layers
        let skipped = Self.skippedLayers(reading, tower)
        guard (0..<layers).contains(skipped) else {
            let ownSkipped = reading.profile == .diffusers ? tower.skippedLayers : 0
            throw DiffusionError.clipSkip(requested: reading.clipSkip ?? 1, maximum: layers - ownSkipped)
        }
        // The filling is no matter to what comes before it, but the UNet looks at it too: it is the one the model was trained with.
        func filled(_ tokens: [Int]) -> [Int] {
            let row = [tower.tokenizer.startToken] + tokens + [tower.tokenizer.endToken]
            return row + [Int](repeating: tower.tokenizer.paddingToken, count: positions - row.count)
        }
        let seen = try tower.tower(chunks.map { filled($0.tokens) }, skippedLayers: skipped)
        let states = !tower.isNormalised ? seen.hidden : skipped == 0 ? seen.last : tower.tower.finalNormalised(seen.hidden)
        var empty: Tensor?
        var pieces: [Tensor] = []
        for (index, chunk) in chunks.enumerated() {
            let piece = states.sliced(index..<index + 1)
            guard chunk.weights.contains(where: { $0 != 1 }) else {
                pieces.append(piece)
                continue
            }
            let weights = [1] + chunk.weights + [Float](repeating: 1, count: positions - 1 - chunk.weights.count)
            if reading.profile == .a1111 {
                pieces.append(piece.emphasised(weights))
            } else {
                if empty == nil {
                    let nothing = try tower.tower([filled([])], skippedLayers: skipped)
                    empty = !tower.isNormalised ? nothing.hidden : tower.tower.finalNormalised(nothing.hidden)
                }
                pieces.append(empty.map { piece.emphasised(weights, from: $0) } ?? piece)
            }
        }
        return Conditioning(
            states: pieces.count == 1 ? pieces[0] : Tensor.concatenated(pieces, axis: 1), pooled: seen.projected?.sliced(0..<1))
    }

    private func chunks(_ prompt: String, _ reading: PromptReading, _ tower: Tower) -> [PromptChunks.Chunk] {
        let count = tower.tower.configuration.vocabularySize
        // Where each embedding's tokens begin behind those of the vocabulary.
        let starts = embeddings.indices.map { index in embeddings[..<index].reduce(count) { $0 + $1.count } }
        func units(_ text: String) -> [PromptChunks.Unit] {
            CalledEmbeddings.pieces(of: text, names: embeddings.map(\.name)).flatMap { piece -> [PromptChunks.Unit] in
                switch piece {
                case .words(let words): return tower.tokenizer.numbers(of: words).map { .token($0) }
                case .embedding(let found):
                    guard tower.knows[found] else { return [] }
                    return [.together(Array(starts[found]..<starts[found] + embeddings[found].count))]
                }
            }
        }
        guard reading.profile != .diffusers else {
            let tokens = units(prompt).flatMap { unit -> [Int] in
                switch unit {
                case .token(let token): [token]
                case .together(let tokens): tokens
                }
            }
            return [.init(tokens: tokens, weights: [])]
        }
        return PromptChunks(
            PromptWeights.parts(prompt), limit: tower.tower.configuration.positions - 2, comma: tower.tokenizer.numbers(of: ",").first,
            units: units
        ).chunks
    }
}

extension Tensor {
    /// The web UI's emphasis: each token's state times its weight, then everything so that the mean is what it was.
    func emphasised(_ weights: [Float]) -> Tensor {
        let width = shape[2]
        let weighted = Tensor(shape: shape) { target in
            withUnsafeValues { from in for index in target.indices { target[index] = from[index] * weights[index / width] } }
        }
        let (before, after) = (mean(), weighted.mean())
        return after == 0 ? weighted : weighted * (before / after)
    }

    /// ComfyUI's emphasis: each token's state goes further from what an empty prompt has in its place, or nearer to it.
    func emphasised(_ weights: [Float], from empty: Tensor) -> Tensor {
        let width = shape[2]
        return Tensor(shape: shape) { target in
            withUnsafeValues { from in
                empty.withUnsafeValues { empty in
                    for index in target.indices {
                        let weight = weights[index / width]
                        target[index] = weight == 1 ? from[index] : empty[index] + (from[index] - empty[index]) * weight
                    }
                }
            }
        }
    }
}

import Checkpoints
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// timm's `SwinTransformerV2` (Liu 2022): attention within windows, by cosines and with a continuous position bias; windows are shifted in
/// every second block; norms stand behind attention and perceptron.
struct SwinTagger: TaggerTower {
    private struct Stage: Sendable {
        /// What joins four tokens to one, and its norm; nil in the first stage.
        var merge: (join: PatchEmbedding, norm: LayerNorm)?
        var blocks: [SwinBlock]
        /// Tokens of a side.
        var side: Int
    }

    private let patches: PatchEmbedding
    private let patchNorm: LayerNorm
    private let stages: [Stage]
    private let norm: LayerNorm
    private let head: Linear

    init(_ weights: Weights, _ configuration: TaggerConfiguration) throws {
        let entry = try configuration.patches(weights)
        patches = entry.embedding
        var (width, side) = (entry.width, entry.side)
        let window = try configuration.window()
        patchNorm = try LayerNorm(weights["patch_embed"]["norm"], width: width)
        var stages: [Stage] = []
        for index in 0..<configuration.count(weights["layers"]) {
            let scope = weights["layers"][index]
            var stage = Stage(merge: nil, blocks: [], side: side)
            if index > 0 {
                guard side % 2 == 0 else { throw configuration.foreign("a map of \(side) by \(side) tokens that is to be halved") }
                side /= 2
                stage.side = side
                let wider = try scope["downsample"]["reduction"].shape(of: "weight")[0]
                // Its rows read a square column by column, and ours line by line.
                let weight = try scope["downsample"]["reduction"].tensor("weight", [wider, 4 * width])
                    .reshaped([wider, 2, 2, width]).permuted([0, 2, 1, 3]).reshaped([wider, 4 * width])
                stage.merge = (
                    PatchEmbedding(Linear(weight: weight, bias: nil, holding: weights.holding), patch: 2, channels: width),
                    try LayerNorm(scope["downsample"]["norm"], width: wider)
                )
                width = wider
            }
            let (still, shifted) = (Windows(side: side, window: window, shifts: false), Windows(side: side, window: window, shifts: true))
            stage.blocks = try (0..<configuration.count(scope["blocks"])).map {
                try SwinBlock(
                    scope["blocks"][$0], width: width, windows: $0 % 2 == 0 ? still : shifted, activation: configuration.activation)
            }
            stages.append(stage)
        }
        self.stages = stages
        norm = try LayerNorm(weights["norm"], width: width)
        head = try Linear(weights["head"]["fc"], input: width, output: configuration.labels)
    }

    func callAsFunction(_ pictures: Tensor) -> Tensor {
        var x = patchNorm(patches(pictures))
        for stage in stages {
            if let (join, norm) = stage.merge {
                let before = 2 * stage.side
                x = norm(join(x.reshaped([x.shape[0], before, before, x.shape[2]])))
            }
            x = stage.blocks.reduce(x) { x, block in block(x) }
        }
        return head(norm(x).mean(axis: 1))
    }
}

/// A block: attention within windows, perceptron, each with its norm behind it.
private struct SwinBlock: Sendable {
    private let windows: Windows
    private let query, key, value, output: Linear
    private let heads: Int
    /// `[heads, width of a head]`: what a head's cosines are multiplied by.
    private let scales: Tensor
    private let mask: AttentionMask
    private let attentionNorm, perceptronNorm: LayerNorm
    private let enter, leave: Linear
    private let activation: Activation

    init(_ weights: Weights, width: Int, windows: Windows, activation: Activation) throws {
        let scope = weights["attn"]
        let heads = try scope.shape(of: "logit_scale")[0]
        guard heads > 0, width % heads == 0 else { throw EncoderError.unevenHeads(width: width, heads: heads) }
        let parts = try FusedProjection(scope, queryBias: "q_bias", valueBias: "v_bias", width: width)
        (query, key, value) = (parts.query, parts.key, parts.value)
        output = try Linear(scope["proj"], input: width, output: width)
        let logarithms = try scope.tensor("logit_scale", [heads, 1, 1]).values
        scales = Tensor(
            logarithms.flatMap { [Float](repeating: exp(min($0, Self.largestScale)), count: width / heads) },
            shape: [heads, width / heads])
        mask = .biased(
            AttentionBias(
                heads: try Self.positionBias(scope["cpb_mlp"], window: windows.window, heads: heads), maps: windows.masks,
                mapOfSequence: windows.maskOfWindow))
        attentionNorm = try LayerNorm(weights["norm1"], width: width)
        perceptronNorm = try LayerNorm(weights["norm2"], width: width)
        let inner = try weights["mlp"]["fc1"].shape(of: "weight")[0]
        enter = try Linear(weights["mlp"]["fc1"], input: width, output: inner)
        leave = try Linear(weights["mlp"]["fc2"], input: inner, output: width)
        (self.windows, self.heads, self.activation) = (windows, heads, activation)
    }

    /// The logarithm of 100.
    private static let largestScale = log(1 / Float(0.01))

    /// - Parameter x: `[batch, side * side, width]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let cut = windows.cut(x)
        let seen = attention(
            cosine(query(cut)) { $0 * scales }, cosine(key(cut)), value(cut), heads: heads, mask: mask, scale: 1,
            arithmetic: query.arithmetic)
        let attended = x + attentionNorm(windows.joined(output(seen)))
        return attended + perceptronNorm(leave(enter(attended, activation: activation)))
    }

    /// Each head's part of each row brought to length 1.
    private func cosine(_ x: Tensor, then finish: (Tensor) -> Tensor = { $0 }) -> Tensor {
        finish(x.reshaped([x.rowCount, heads, x.shape[-1] / heads]).l2Normalised()).reshaped(x.shape)
    }

    /// The bias of every pair of a window's places: a small perceptron over the logarithm of their distance.
    ///
    /// - Returns: `[heads, places, places]`
    private static func positionBias(_ weights: Weights, window: Int, heads: Int) throws -> Tensor {
        let inner = try weights[0].shape(of: "weight")[0]
        let enter = try Linear(weights[0], input: 2, output: inner)
        let leave = try Linear(weights[2], input: inner, output: heads, bias: false)
        let distances = (1 - window)..<window
        func bent(_ distance: Int) -> Float {
            let scaled = Float(distance) / Float(max(window - 1, 1)) * 8
            return (scaled < 0 ? -1 : 1) * log2(abs(scaled) + 1) / 3
        }
        let coordinates = Tensor(
            distances.flatMap { y in distances.flatMap { x in [bent(y), bent(x)] } }, shape: [distances.count * distances.count, 2])
        let table = (leave(enter(coordinates, activation: .relu)).sigmoid() * 16).values
        let places = window * window
        return Tensor(shape: [heads, places, places]) { target in
            for first in 0..<places {
                for second in 0..<places {
                    let (y, x) = (first / window - second / window + window - 1, first % window - second % window + window - 1)
                    for head in 0..<heads {
                        target[(head * places + first) * places + second] = table[(y * distances.count + x) * heads + head]
                    }
                }
            }
        }
    }
}

/// How a square map of tokens is cut into square windows, and joined again.
private struct Windows: Sendable {
    let window: Int
    /// `[maps, places, places]`: what keeps parts of a shifted window apart that do not lie side by side in the picture.
    let masks: Tensor?
    /// Which of the masks a window has.
    let maskOfWindow: [Int?]
    /// The token in each place of each window; nil where a window reaches beyond the map.
    private let tokens: [Int?]
    private let side: Int

    /// A window that is as large as the map is not shifted.
    init(side: Int, window wanted: Int, shifts: Bool) {
        let window = min(wanted, side)
        let shift = shifts && side > window ? wanted / 2 : 0
        let count = (side + window - 1) / window
        (self.window, self.side) = (window, side)
        var tokens: [Int?] = []
        for index in 0..<count * count {
            for place in 0..<window * window {
                let (y, x) = (index / count * window + place / window, index % count * window + place % window)
                tokens.append(y < side && x < side ? (y + shift) % side * side + (x + shift) % side : nil)
            }
        }
        self.tokens = tokens
        guard shift > 0 else {
            (masks, maskOfWindow) = (nil, [nil])
            return
        }
        // Windows at the lower edge are of two parts, those at the right edge too, and the last of four.
        maskOfWindow = (0..<count * count).map { index in
            switch (index / count == count - 1, index % count == count - 1) {
            case (false, false): nil
            case (true, false): 0
            case (false, true): 1
            case (true, true): 2
            }
        }
        let places = window * window
        masks = Tensor(shape: [3, places, places]) { target in
            func part(_ place: Int, map: Int) -> Int {
                let (below, right) = (place / window >= window - shift, place % window >= window - shift)
                return (map != 1 && below ? 2 : 0) + (map != 0 && right ? 1 : 0)
            }
            for map in 0..<3 {
                for first in 0..<places {
                    for second in 0..<places {
                        target[(map * places + first) * places + second] = part(first, map: map) == part(second, map: map) ? 0 : Self.apart
                    }
                }
            }
        }
    }

    /// The reference does not forbid such pairs but gives them this.
    private static let apart: Float = -100

    /// - Parameter x: `[batch, side * side, width]`
    /// - Returns: `[batch * windows, places, width]`, zeros beyond the map.
    func cut(_ x: Tensor) -> Tensor {
        let (batch, width) = (x.shape[0], x.shape[2])
        let places = window * window
        return Tensor(shape: [batch * (tokens.count / places), places, width]) { target in
            guard let to = target.baseAddress else { return }
            each(batch, x) { from, picture, slot, token in
                let out = to + (picture * tokens.count + slot) * width
                if let token {
                    out.update(from: from + (picture * side * side + token) * width, count: width)
                } else {
                    out.update(repeating: 0, count: width)
                }
            }
        }
    }

    /// - Parameter x: as `cut` gives it.
    /// - Returns: `[batch, side * side, width]`
    func joined(_ x: Tensor) -> Tensor {
        let width = x.shape[2]
        let batch = x.rowCount / tokens.count
        return Tensor(shape: [batch, side * side, width]) { target in
            guard let to = target.baseAddress else { return }
            each(batch, x) { from, picture, slot, token in
                guard let token else { return }
                (to + (picture * side * side + token) * width).update(
                    from: from + (picture * tokens.count + slot) * width, count: width)
            }
        }
    }

    /// Calls `body` for each place of each window of each picture, on several threads.
    private func each(_ batch: Int, _ x: Tensor, _ body: (UnsafePointer<Float>, Int, Int, Int?) -> Void) {
        x.withUnsafeValues { from in
            guard let from = from.baseAddress else { return }
            Parallel.forEachRange(count: batch * tokens.count, minimum: 512) { range in
                for row in range { body(from, row / tokens.count, row % tokens.count, tokens[row % tokens.count]) }
            }
        }
    }
}

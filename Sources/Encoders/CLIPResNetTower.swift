import Checkpoints
import Layers
import Tensors

/// CLIP's ResNet (Radford 2021), open_clip's `ModifiedResNet`: three convolutions at the start, averages before every stride, and at the end
/// attention in which the mean of all places asks.
struct CLIPResNetTower: Sendable {
    struct Configuration: Sendable, Equatable {
        /// The side of the square in pixels, a multiple of 32.
        var imageSize: Int
        /// Channels behind the first convolutions; the last layer has 32 times as many.
        var width: Int
        /// Blocks of each of the four layers.
        var layers: [Int]
        var heads: Int
        /// The width of the embeddings.
        var projection: Int

        func check() throws(EncoderError) {
            let numbers = ["width": width, "heads": heads, "embed_dim": projection, "layers": layers.max() ?? 0]
            try TowerLimits.check(numbers, width: 32 * width, heads: heads)
            guard (32...4096).contains(imageSize), imageSize % 32 == 0 else {
                throw .badNumber(name: "image_size", value: imageSize, allowed: 32...4096)
            }
            guard layers.count == 4, layers.allSatisfy({ (1...100).contains($0) }), width % 2 == 0 else {
                throw .badNumber(name: "layers", value: layers.count, allowed: 4...4)
            }
        }
    }

    private let stem: [Conv2D]
    private let blocks: [ResNetBlock]
    /// `[1 + places, width]`
    private let positions: Tensor
    private let query, key, value, output: Linear
    private let heads: Int

    /// - Parameter weights: the scope `visual`.
    init(openCLIP weights: Weights, _ configuration: Configuration) throws {
        try configuration.check()
        let width = configuration.width
        stem = try [(3, width / 2, 2), (width / 2, width / 2, 1), (width / 2, width, 1)].enumerated().map { index, layer in
            try Conv2D(
                weights["conv\(index + 1)"], input: layer.0, output: layer.1, kernel: 3, stride: layer.2, padding: 1,
                foldingBatchNorm: weights["bn\(index + 1)"], epsilon: ResNetBlock.epsilon)
        }
        var blocks: [ResNetBlock] = []
        var input = width
        for (layer, count) in configuration.layers.enumerated() {
            let planes = width << layer
            for index in 0..<count {
                blocks.append(
                    try ResNetBlock(
                        weights["layer\(layer + 1)"][index], input: input, planes: planes, halves: layer > 0 && index == 0))
                input = ResNetBlock.expansion * planes
            }
        }
        self.blocks = blocks
        let (pool, side) = (weights["attnpool"], configuration.imageSize / 32)
        positions = try pool.tensor("positional_embedding", [1 + side * side, input])
        query = try Linear(pool["q_proj"], input: input, output: input)
        key = try Linear(pool["k_proj"], input: input, output: input)
        value = try Linear(pool["v_proj"], input: input, output: input)
        output = try Linear(pool["c_proj"], input: input, output: configuration.projection)
        heads = configuration.heads
    }

    /// - Parameter pictures: `[batch, size, size, 3]`
    /// - Returns: `[batch, projection]`, of any length.
    func callAsFunction(_ pictures: Tensor) -> Tensor {
        let entered = stem.reduce(pictures) { x, convolution in convolution(x, activation: .relu) }.halved()
        let map = blocks.reduce(entered) { x, block in block(x) }
        let (batch, width) = (map.shape[0], map.shape[3])
        let places = map.reshaped([batch, map.shape[1] * map.shape[2], width])
        let tokens = Tensor.concatenated([places.mean(axis: 1).reshaped([batch, 1, width]), places], axis: 1) + positions
        let asking = tokens.firstTokens().reshaped([batch, 1, width])
        let looked = attention(query(asking), key(tokens), value(tokens), heads: heads, arithmetic: query.arithmetic)
        return output(looked.reshaped([batch, width]))
    }
}

extension CLIPResNetTower: ImageFeatures {
    /// The first layers' maps are large: they count as many.
    var tokensOfPicture: Int { 256 }
    func features(_ pictures: Tensor) -> Tensor { self(pictures) }
}

/// A bottleneck: fewer channels, a 3x3 convolution, four times as many, beside the way past them.
private struct ResNetBlock: Sendable {
    static let expansion = 4
    static let epsilon: Float = 1e-5

    private let narrow, look, widen: Conv2D
    private let past: Conv2D?
    private let halves: Bool

    init(_ weights: Weights, input: Int, planes: Int, halves: Bool) throws(CheckpointError) {
        func layer(_ convolution: Weights, _ norm: Weights, _ input: Int, _ output: Int, kernel: Int = 1) throws(CheckpointError) -> Conv2D
        {
            try Conv2D(
                convolution, input: input, output: output, kernel: kernel, padding: Padding(kernel / 2), foldingBatchNorm: norm,
                epsilon: Self.epsilon)
        }
        let wide = Self.expansion * planes
        narrow = try layer(weights["conv1"], weights["bn1"], input, planes)
        look = try layer(weights["conv2"], weights["bn2"], planes, planes, kernel: 3)
        widen = try layer(weights["conv3"], weights["bn3"], planes, wide)
        let scope = weights["downsample"]
        past = halves || input != wide ? try layer(scope["0"], scope["1"], input, wide) : nil
        self.halves = halves
    }

    /// - Parameter x: `[batch, height, width, channels]`
    func callAsFunction(_ x: Tensor) -> Tensor {
        let seen = look(narrow(x, activation: .relu), activation: .relu)
        let beside = halves ? x.halved() : x
        return widen(halves ? seen.halved() : seen, adding: past.map { $0(beside) } ?? beside).relu()
    }
}

extension Tensor {
    /// The mean of each square of two by two pixels of `[batch, height, width, channels]`; both sides are even.
    fileprivate func halved() -> Tensor {
        let (batch, height, width, channels) = (shape[0], shape[1] / 2, shape[2] / 2, shape[3])
        return Tensor(shape: [batch, height, width, channels]) { target in
            guard let to = target.baseAddress else { return }
            withUnsafeValues { from in
                guard let from = from.baseAddress else { return }
                Parallel.forEachRange(count: batch * height, minimum: max(1, (1 << 13) / (width * channels))) { rows in
                    for row in rows {
                        for column in 0..<width {
                            let (first, out) = (from + (row * 4 * width + 2 * column) * channels, to + (row * width + column) * channels)
                            let below = first + 2 * width * channels
                            for channel in 0..<channels {
                                out[channel] =
                                    (first[channel] + first[channel + channels] + below[channel] + below[channel + channels]) * 0.25
                            }
                        }
                    }
                }
            }
        }
    }
}

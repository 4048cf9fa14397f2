import Checkpoints
import FoundationEssentials
import Layers
import Tensors

#if canImport(Glibc)
    import Glibc
#endif

/// JoyTag's `config.json`: a vision transformer of its own making.
struct JoyTagConfiguration: Sendable {
    private struct File: Decodable {
        var `class`: String
        var nTags: Int
        var imageSize: Int
        var numBlocks: Int
        var patchSize: Int
        var dModel: Int
        var numHeads: Int
        var useSine: Bool?
        var cnnStem: String?
    }

    /// Convolutions before the transformer, in the place of patches.
    enum StemLayer: Sendable, Equatable {
        case convolution(channels: Int, kernel: Int, stride: Int, padding: Int)
        case norm, batchNorm
        case activation(Activation)
    }

    let path: String
    let side: Int
    let labels: Int
    let blocks: Int
    let patch: Int
    let width: Int
    let heads: Int
    /// Whether places are told by sines instead of trained numbers.
    let usesSines: Bool
    /// Nil: patches.
    let stem: [StemLayer]?

    /// - Parameter labels: how many there are in `top_tags.txt`.
    init(file url: URL, labels: Int) throws(EncoderError) {
        let file = try ConfigurationFile(url).decoded(as: File.self) { "it is none of JoyTag's: \($0)" }
        guard file.class == "ViT" else {
            throw .badConfiguration(path: url.path, reason: "its class is \(file.class), and only ViT is known here")
        }
        guard file.nTags == labels else {
            throw .badConfiguration(path: url.path, reason: "it has \(file.nTags) labels, and top_tags.txt \(labels)")
        }
        for (name, value, allowed) in [
            ("image_size", file.imageSize, 16...2048), ("patch_size", file.patchSize, 1...64), ("num_blocks", file.numBlocks, 1...200),
            ("d_model", file.dModel, 8...8192),
        ] where !allowed.contains(value) {
            throw .badNumber(name: name, value: value, allowed: allowed)
        }
        guard file.numHeads > 0, file.dModel % file.numHeads == 0, file.dModel % 4 == 0 else {
            throw .unevenHeads(width: file.dModel, heads: file.numHeads)
        }
        guard file.imageSize % file.patchSize == 0 else {
            throw .badConfiguration(
                path: url.path, reason: "pictures of \(file.imageSize) pixels are not cut into patches of \(file.patchSize)")
        }
        (path, side, self.labels, blocks) = (url.path, file.imageSize, labels, file.numBlocks)
        (patch, width, heads, usesSines) = (file.patchSize, file.dModel, file.numHeads, file.useSine ?? false)
        stem = try file.cnnStem.map { text throws(EncoderError) in try Self.stem(text, path: url.path) }
        guard stem.map({ Self.size(behind: $0, of: side) }) ?? (width, side / patch) == (width, side / patch) else {
            throw .badConfiguration(path: url.path, reason: "its cnn_stem does not come to \(side / patch) places a side, \(width) wide")
        }
    }

    /// `conv:c=128,k=3,s=2,p=1;ln;relu;…`
    private static func stem(_ text: String, path: String) throws(EncoderError) -> [StemLayer] {
        var layers: [StemLayer] = []
        for part in text.split(separator: ";") {
            let (kind, options) = (part.prefix { $0 != ":" }, part.drop { $0 != ":" }.dropFirst())
            switch kind {
            case "ln": layers.append(.norm)
            case "bn": layers.append(.batchNorm)
            case "relu": layers.append(.activation(.relu))
            case "gelu": layers.append(.activation(.gelu))
            case "conv":
                var numbers: [Substring: Int] = ["k": 3, "s": 2, "p": 1]
                for option in options.split(separator: ",") {
                    let sides = option.split(separator: "=")
                    if sides.count == 2 { numbers[sides[0]] = Int(sides[1]) }
                }
                guard let channels = numbers["c"], let kernel = numbers["k"], let stride = numbers["s"], let padding = numbers["p"],
                    (1...8192).contains(channels), (1...64).contains(kernel), (1...64).contains(stride), (0..<kernel).contains(padding)
                else { fallthrough }
                layers.append(.convolution(channels: channels, kernel: kernel, stride: stride, padding: padding))
            default: throw .badConfiguration(path: path, reason: "its cnn_stem has \"\(part)\", which is not known here")
            }
        }
        return layers
    }

    /// Channels and places a side.
    private static func size(behind layers: [StemLayer], of side: Int) -> (Int, Int) {
        layers.reduce((3, side)) { size, layer in
            guard case .convolution(let channels, let kernel, let stride, let padding) = layer else { return size }
            return (channels, max(0, size.1 + 2 * padding - kernel) / stride + 1)
        }
    }
}

/// JoyTag's `ViT`: without a class token, every place's numbers their mean at the end.
struct JoyTagTower: TaggerTower {
    private enum Layer: Sendable {
        case patches(PatchEmbedding)
        case convolution(Conv2D)
        case norm(LayerNorm)
        case activation(Activation)
    }

    private let stem: [Layer]
    /// `[places, width]`
    private let positions: Tensor
    private let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: Linear

    private static let epsilon: Float = 1e-5

    init(_ weights: Weights, _ configuration: JoyTagConfiguration) throws {
        let (width, side) = (configuration.width, configuration.side / configuration.patch)
        stem = try Self.stem(weights["patch_embeddings"], configuration)
        let places = weights["pos_embedding"]
        positions =
            configuration.usesSines
            ? Self.sines(side: side, width: width) : try places["embedding"].tensor("weight", [side * side, width])
        if places.has("position_ids") { places.ignore("position_ids") }
        let inner = try weights["blocks"][0]["mlp"]["linear1"].shape(of: "weight")[0]
        let dimensions = TransformerBlock.Dimensions(
            width: width, innerWidth: inner, heads: configuration.heads, activation: .gelu, epsilon: Self.epsilon)
        blocks = try (0..<configuration.blocks).map { try TransformerBlock(joyTag: weights["blocks"][$0], dimensions) }
        norm = try LayerNorm(weights["norm"], width: width, epsilon: Self.epsilon)
        head = try Self.head(weights["head"], width: width, labels: configuration.labels)
        try weights.requireAllRead()
    }

    private static func stem(_ weights: Weights, _ configuration: JoyTagConfiguration) throws -> [Layer] {
        guard let layers = configuration.stem else {
            return [.patches(try PatchEmbedding(weights, patch: configuration.patch, width: configuration.width, bias: true))]
        }
        var (made, channels) = ([Layer](), 3)
        for (index, layer) in layers.enumerated() {
            let scope = weights["conv"][index]
            switch layer {
            case .convolution(let output, let kernel, let stride, let padding):
                made.append(
                    .convolution(
                        try Conv2D(scope, input: channels, output: output, kernel: kernel, stride: stride, padding: Padding(padding))))
                channels = output
            case .norm: made.append(.norm(try LayerNorm(scope["norm"], width: channels, epsilon: epsilon)))
            case .batchNorm: made.append(.convolution(try Self.batchNorm(scope, channels: channels)))
            case .activation(let activation): made.append(.activation(activation))
            }
        }
        return made
    }

    /// A norm by numbers that were kept in training is a factor and a term for each channel: a convolution of one place and one channel.
    private static func batchNorm(_ weights: Weights, channels: Int) throws -> Conv2D {
        func values(_ name: String) throws -> [Float] { try weights.tensor(name, [channels]).values }
        let factors = zip(try values("weight"), try values("running_var")).map { $0 / ($1 + epsilon).squareRoot() }
        let terms = zip(zip(try values("bias"), try values("running_mean")), factors).map { $0.0 - $0.1 * $1 }
        weights.ignore("num_batches_tracked")
        return Conv2D(weight: Tensor(factors, shape: [channels, 1, 1, 1]), bias: Tensor(terms, shape: [channels]), groups: channels)
    }

    /// The first models had nine more rows, for ratings and scores.
    private static func head(_ weights: Weights, width: Int, labels: Int) throws -> Linear {
        let rows = try weights.shape(of: "weight").dimensions.first ?? 0
        guard rows == labels + 9 else { return try Linear(weights, input: width, output: labels) }
        return Linear(
            weight: try weights.tensor("weight", [rows, width]).sliced(0..<labels),
            bias: try weights.tensor("bias", [rows]).sliced(0..<labels), holding: weights.holding)
    }

    /// A place's column and row, each as sines and cosines of falling frequencies: [sin x, cos x, sin y, cos y].
    private static func sines(side: Int, width: Int) -> Tensor {
        let bands = width / 4
        let frequencies = (0..<bands).map { 1 / pow(Float(10_000), Float($0) / Float(max(bands - 1, 1))) }
        var values: [Float] = []
        values.reserveCapacity(side * side * width)
        for y in 0..<side {
            for x in 0..<side {
                values += frequencies.map { sin(Float(x) * $0) } + frequencies.map { cos(Float(x) * $0) }
                values += frequencies.map { sin(Float(y) * $0) } + frequencies.map { cos(Float(y) * $0) }
            }
        }
        return Tensor(values, shape: [side * side, width])
    }

    func callAsFunction(_ pictures: Tensor) -> Tensor {
        let map = stem.reduce(pictures) { x, layer in
            switch layer {
            case .patches(let patches): patches(x)
            case .convolution(let convolution): convolution(x)
            case .norm(let norm): norm(x)
            case .activation(let activation): x.applying(activation)
            }
        }
        let tokens = map.reshaped([pictures.shape[0], positions.shape[0], positions.shape[1]]) + positions
        return head(norm(blocks.reduce(tokens) { x, block in block(x) }).mean(axis: 1))
    }
}

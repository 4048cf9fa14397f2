import Checkpoints
import FoundationEssentials
import Tensors

/// timm's `config.json` of a tagger.
struct TaggerConfiguration: Sendable {
    private struct File: Decodable {
        struct Arguments: Decodable {
            var actLayer: String?
            var classToken: Bool?
            var numHeads: NumberOrList?
            var windowSize: NumberOrList?
            var refFeatShape: NumberOrList?
        }

        struct Pretrained: Decodable {
            var inputSize: [Int]?
            var mean: [Float]?
            var std: [Float]?
            var interpolation: String?
            var cropPct: Double?
        }

        var architecture: String
        var numClasses: Int?
        var modelArgs: Arguments?
        var pretrainedCfg: Pretrained?
    }

    let path: String
    let architecture: String
    /// The side of the square in pixels.
    let side: Int
    let labels: Int
    let activation: Activation
    let mean: [Float]
    let deviation: [Float]
    private let kind: Kind
    private let arguments: File.Arguments?

    private enum Kind {
        case vit, convNeXt, swin, eva

        init?(_ architecture: String, _ arguments: File.Arguments?) {
            if architecture.hasPrefix("vit_"), arguments?.classToken == false {
                self = .vit
            } else if architecture.hasPrefix("convnext_") {
                self = .convNeXt
            } else if architecture.hasPrefix("swinv2_"), !architecture.hasPrefix("swinv2_cr_") {
                self = .swin
            } else if architecture.hasPrefix("eva02_"), !architecture.contains("_clip_") {
                self = .eva
            } else {
                return nil
            }
        }
    }

    /// - Parameter labels: how many there are in `selected_tags.csv`.
    init(file url: URL, labels: Int) throws(EncoderError) {
        let file = try ConfigurationFile(url).decoded(as: File.self) { "it is none of timm's: \($0)" }
        let cfg = file.pretrainedCfg
        let size = cfg?.inputSize ?? [3, 448, 448]
        guard size.count == 3, size[0] == 3, size[1] == size[2], (16...2048).contains(size[1]) else {
            throw .badConfiguration(
                path: url.path, reason: "input_size is \(size); a square of 16 to 2048 pixels in three colours is expected")
        }
        guard file.numClasses ?? labels == labels else {
            throw .badConfiguration(path: url.path, reason: "it has \(file.numClasses ?? 0) labels, and selected_tags.csv \(labels)")
        }
        guard cfg?.interpolation ?? "bicubic" == "bicubic", cfg?.cropPct ?? 1 == 1 else {
            throw .badConfiguration(
                path: url.path, reason: "pictures are not resized bicubically to the whole square, which alone is known here")
        }
        switch file.modelArgs?.actLayer ?? "gelu" {
        case "gelu": activation = .gelu
        case "gelu_tanh": activation = .geluTanh
        case "silu", "swish": activation = .silu
        case let name: throw .badConfiguration(path: url.path, reason: "act_layer is \(name), which is not known here")
        }
        path = url.path
        architecture = file.architecture
        side = size[1]
        self.labels = labels
        mean = cfg?.mean ?? [0.5, 0.5, 0.5]
        deviation = cfg?.std ?? [0.5, 0.5, 0.5]
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 != 0 }) else {
            throw .badConfiguration(path: url.path, reason: "mean and std need three numbers, none of the latter 0")
        }
        arguments = file.modelArgs
        guard let kind = Kind(file.architecture, file.modelArgs) else {
            throw Self.foreign("the architecture \(file.architecture)", path: url.path)
        }
        self.kind = kind
    }

    /// The encoder of PixAI's tagger, `eva02_large_patch14_448` as timm makes it where nothing is said, in any size.
    ///
    /// - Parameters:
    ///   - weights: of the encoder; only shapes are looked at.
    ///   - path: of the file, for messages.
    init(pixAI weights: Weights, path: String, labels: Int) throws {
        let (patches, positions) = (try weights["patch_embed"]["proj"].shape(of: "weight"), try weights.shape(of: "pos_embed"))
        let places = (positions.rank == 3 ? positions[1] : 0) - (weights.has("cls_token") ? 1 : 0)
        let side = Int(Double(max(places, 0)).squareRoot().rounded())
        guard patches.rank == 4, (1...64).contains(patches[3]), side * side == places, (16...2048).contains(side * patches[3]) else {
            throw Self.foreign("patches of shape \(patches) and positions of shape \(positions)", path: path)
        }
        (self.path, architecture, self.labels, activation) = (path, "eva02_large_patch14_448", labels, .gelu)
        self.side = side * patches[3]
        (mean, deviation) = ([0.5, 0.5, 0.5], [0.5, 0.5, 0.5])
        (kind, arguments) = (.eva, nil)
    }

    func foreign(_ part: String) -> EncoderError { Self.foreign(part, path: path) }

    private static func foreign(_ part: String, path: String) -> EncoderError {
        .badConfiguration(
            path: path,
            reason: "it has \(part); supported are vit_… without class token, convnext_…, swinv2_… and eva02_… other than CLIP's")
    }

    func tower(_ weights: Weights) throws -> any TaggerTower {
        let tower: any TaggerTower =
            switch kind {
            case .vit: try ViTTagger(weights, self)
            case .convNeXt: try ConvNeXtTagger(weights, self)
            case .swin: try SwinTagger(weights, self)
            case .eva: try EVATagger(weights, self)
            }
        try weights.requireAllRead()
        return tower
    }

    /// The width and the patch's side of a first convolution `[width, 3, patch, patch]`.
    func patchShape(_ weights: Weights, _ name: String) throws -> (width: Int, patch: Int) {
        let shape = try weights.shape(of: name)
        guard shape.rank == 4, shape[1] == 3, shape[2] == shape[3], (1...64).contains(shape[2]), shape[0] > 0 else {
            throw foreign("a first layer of shape \(shape)")
        }
        return (shape[0], shape[2])
    }

    /// timm's `patch_embed`, its width, and how many patches a side of the picture has.
    func patches(_ weights: Weights) throws -> (embedding: PatchEmbedding, width: Int, side: Int) {
        let (width, patch) = try patchShape(weights, "patch_embed.proj.weight")
        return (try PatchEmbedding(weights["patch_embed"]["proj"], patch: patch, width: width, bias: true), width, self.side / patch)
    }

    /// 64 a head, unless the file says otherwise.
    func heads(width: Int) throws -> Int {
        let heads = arguments?.numHeads?.one ?? width / 64
        guard heads > 0, width % heads == 0 else { throw EncoderError.unevenHeads(width: width, heads: heads) }
        return heads
    }

    /// The side of a window in tokens: what the file says, or the architecture's name.
    func window() throws -> Int {
        let behind = architecture.components(separatedBy: "window").dropFirst().first ?? ""
        let digits = behind.prefix { $0.isNumber }
        guard !behind.dropFirst(digits.count).hasPrefix("to") else {
            throw foreign("windows of another size than it was first trained with")
        }
        guard let window = arguments?.windowSize.map(\.one) ?? Int(digits) else {
            throw foreign("no window_size that is one number")
        }
        guard (2...32).contains(window) else { throw EncoderError.badNumber(name: "window_size", value: window, allowed: 2...32) }
        return window
    }

    /// How many patches a side of the map had for which the rotations' frequencies were chosen.
    var referenceSide: Int { arguments?.refFeatShape?.one ?? 16 }

    /// How many elements a list of modules has.
    func count(_ weights: Weights) -> Int {
        (0..<1000).first { !weights.has(String($0)) } ?? 1000
    }
}

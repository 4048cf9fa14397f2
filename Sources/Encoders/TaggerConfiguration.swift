import Checkpoints
import FoundationEssentials
import Tensors

/// timm's `config.json` of a tagger.
struct TaggerConfiguration: Sendable {
    private struct File: Decodable {
        struct Arguments: Decodable {
            var actLayer: String?
            var classToken: Bool?
            var numHeads: Int?
            var windowSize: Int?
            var fcNorm: Bool?
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
    let windowSize: Int?
    private let givenHeads: Int?

    static let architectures = ["vit_", "convnext_"]

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
        windowSize = file.modelArgs?.windowSize
        givenHeads = file.modelArgs?.numHeads
        guard Self.architectures.contains(where: architecture.hasPrefix),
            !(architecture.hasPrefix("vit_") && file.modelArgs?.classToken != false)
        else {
            throw foreign("the architecture \(architecture)")
        }
    }

    func foreign(_ part: String) -> EncoderError {
        .badConfiguration(
            path: path, reason: "it has \(part); supported are vit_… without class token and convnext_…")
    }

    func tower(_ weights: Weights) throws -> any TaggerTower {
        let tower: any TaggerTower = architecture.hasPrefix("vit_") ? try ViTTagger(weights, self) : try ConvNeXtTagger(weights, self)
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

    /// 64 a head, unless the file says otherwise.
    func heads(width: Int) throws -> Int {
        let heads = givenHeads ?? width / 64
        guard heads > 0, width % heads == 0 else { throw EncoderError.unevenHeads(width: width, heads: heads) }
        return heads
    }

    /// How many elements a list of modules has.
    func count(_ weights: Weights) -> Int {
        (0..<1000).first { !weights.has(String($0)) } ?? 1000
    }
}

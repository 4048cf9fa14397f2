import FoundationEssentials
import Tensors

/// transformers' `config.json` of the CLIP and SigLIP families; what it leaves out is the library's default.
struct CLIPFileConfiguration: Decodable {
    /// A tower's part, or all of the file where it describes one tower.
    struct Tower: Decodable {
        var hiddenSize: Int?
        var intermediateSize: Int?
        var numHiddenLayers: Int?
        var numAttentionHeads: Int?
        var maxPositionEmbeddings: Int?
        var vocabSize: Int?
        var imageSize: Int?
        var patchSize: Int?
        var hiddenAct: String?
        var layerNormEps: Float?
        var eosTokenId: Int?
        var projectionDim: Int?
        var projectionSize: Int?

        /// This one, with what another says instead.
        func overridden(by other: Tower?) -> Tower {
            guard let other else { return self }
            var result = self
            result.hiddenSize = other.hiddenSize ?? hiddenSize
            result.intermediateSize = other.intermediateSize ?? intermediateSize
            result.numHiddenLayers = other.numHiddenLayers ?? numHiddenLayers
            result.numAttentionHeads = other.numAttentionHeads ?? numAttentionHeads
            result.maxPositionEmbeddings = other.maxPositionEmbeddings ?? maxPositionEmbeddings
            result.vocabSize = other.vocabSize ?? vocabSize
            result.imageSize = other.imageSize ?? imageSize
            result.patchSize = other.patchSize ?? patchSize
            result.hiddenAct = other.hiddenAct ?? hiddenAct
            result.layerNormEps = other.layerNormEps ?? layerNormEps
            result.eosTokenId = other.eosTokenId ?? eosTokenId
            return result
        }
    }

    var modelType: String?
    var architectures: [String]?
    var projectionDim: Int?
    var textConfig: Tower?
    var visionConfig: Tower?
    /// What the first versions of the library wrote beside the towers; it counts.
    var textConfigDict: Tower?
    var visionConfigDict: Tower?
    /// The file read as that of one tower.
    private(set) var flat = Tower()
    private(set) var path = ""

    private enum CodingKeys: String, CodingKey {
        case modelType, architectures, projectionDim, textConfig, visionConfig, textConfigDict, visionConfigDict
    }

    init(file: URL) throws(EncoderError) {
        let configuration = try ConfigurationFile(file)
        self = try configuration.decoded(as: CLIPFileConfiguration.self)
        flat = try configuration.decoded(as: Tower.self)
        path = configuration.path
    }

    func activation(_ name: String) throws(EncoderError) -> Activation {
        switch name {
        case "quick_gelu": return .quickGELU
        case "gelu": return .gelu
        case "gelu_pytorch_tanh", "gelu_new", "gelu_fast": return .geluTanh
        case "relu": return .relu
        case "silu", "swish": return .silu
        default: throw .badConfiguration(path: path, reason: "hidden_act is \(name), which no known encoder has")
        }
    }

    /// - Parameter standalone: the file is a text encoder's, whose projection is told by the architecture.
    func text(standalone: Bool) throws(EncoderError) -> CLIPTextTower.Configuration {
        let whole = textConfig != nil || textConfigDict != nil
        let tower = whole ? (textConfig ?? Tower()).overridden(by: textConfigDict) : flat
        let projected = !standalone || whole || architectures?.contains { $0.hasSuffix("WithProjection") } == true
        return CLIPTextTower.Configuration(
            vocabularySize: tower.vocabSize ?? 49408, width: tower.hiddenSize ?? 512, innerWidth: tower.intermediateSize ?? 2048,
            layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? 8, positions: tower.maxPositionEmbeddings ?? 77,
            activation: try activation(tower.hiddenAct ?? "quick_gelu"), layerNormEpsilon: tower.layerNormEps ?? 1e-5,
            endToken: tower.eosTokenId ?? 49407,
            projection: projected ? (whole ? projectionDim : tower.projectionDim) ?? 512 : nil)
    }
}

/// What no tower goes beyond.
enum TowerLimits {
    private static let highest = 10_000_000

    /// Every number has to be at least 1, and the heads have to share the width.
    static func check(_ numbers: [String: Int], width: Int, heads: Int) throws(EncoderError) {
        for (name, value) in numbers.sorted(by: { $0.key < $1.key }) where !(1...highest).contains(value) {
            throw .badNumber(name: name, value: value, allowed: 1...highest)
        }
        guard numbers["num_hidden_layers"] ?? 1 <= 1000 else {
            throw .badNumber(name: "num_hidden_layers", value: numbers["num_hidden_layers"] ?? 0, allowed: 1...1000)
        }
        guard width % heads == 0 else { throw .unevenHeads(width: width, heads: heads) }
    }
}

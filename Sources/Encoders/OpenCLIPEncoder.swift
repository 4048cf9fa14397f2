import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

/// open_clip's `open_clip_config.json`; what it leaves out is the library's default.
struct OpenCLIPConfiguration: Decodable {
    struct Options: Decodable {
        var approximate: String?
        var eps: Float?
    }

    struct Vision: Decodable {
        /// Of a transformer; of each part of a ResNet where there are several.
        var layers: NumberOrList?
        var width: Int?
        var headWidth: Int?
        var mlpRatio: Double?
        var patchSize: Int?
        var imageSize: Int?
        var poolType: String?
        var posEmbedType: String?
        var timmModelName: String?
        var attentionalPool: Bool?
        var noLnPre: Bool?
        var finalLnAfterPool: Bool?
        var lsInitValue: Double?
        var actKwargs: Options?
        var normKwargs: Options?
    }

    struct Text: Decodable {
        struct Tokenizer: Decodable {
            var clean: String?
            var reductionMask: String?
        }

        var tokenizerKwargs: Tokenizer?
        var contextLength: Int?
        var vocabSize: Int?
        var width: Int?
        var heads: Int?
        var layers: Int?
        var mlpRatio: Double?
        var hfModelName: String?
        var hfTokenizerName: String?
        var embedCls: Bool?
        var noCausalMask: Bool?
        var projBias: Bool?
        var poolType: String?
        var lsInitValue: Double?
        var actKwargs: Options?
        var normKwargs: Options?
    }

    struct Model: Decodable {
        var embedDim: Int
        var quickGelu: Bool?
        var visionCfg: Vision
        var textCfg: Text
    }

    struct Preprocessing: Decodable {
        var size: PreprocessorFile.Size?
        var mean: [Float]?
        var std: [Float]?
        var interpolation: String?
        var resizeMode: String?
    }

    var modelCfg: Model
    var preprocessCfg: Preprocessing?
    private(set) var path = ""

    private enum CodingKeys: String, CodingKey {
        case modelCfg, preprocessCfg
    }

    init(file: URL) throws(EncoderError) {
        self = try ConfigurationFile(file).decoded(as: OpenCLIPConfiguration.self) { "it is none that is known here: \($0)" }
        path = file.path
        let side = modelCfg.visionCfg.imageSize ?? 224
        guard (1...4096).contains(side) else { throw .badNumber(name: "image_size", value: side, allowed: 1...4096) }
        for (name, width) in [("vision_cfg.width", modelCfg.visionCfg.width), ("text_cfg.width", modelCfg.textCfg.width)] {
            if let width, !(1...65_536).contains(width) { throw .badNumber(name: name, value: width, allowed: 1...65_536) }
        }
        for ratio in [modelCfg.visionCfg.mlpRatio, modelCfg.textCfg.mlpRatio].compactMap({ $0 }) where !(0.01...100).contains(ratio) {
            throw .badConfiguration(path: path, reason: "mlp_ratio is \(ratio); 0.01 to 100 are supported")
        }
        if let foreign = foreignParts.first {
            throw .badConfiguration(
                path: path, reason: "it has \(foreign), which is not supported; CLIP's own transformers and ResNets are")
        }
    }

    /// What would make other towers of it than CLIP's.
    private var foreignParts: [String] {
        let (vision, text) = (modelCfg.visionCfg, modelCfg.textCfg)
        var parts: [String] = []
        if let name = vision.timmModelName { parts.append("the image tower \(name)") }
        if let name = text.hfModelName { parts.append("the text tower \(name)") }
        if let name = text.hfTokenizerName { parts.append("the tokenizer \(name)") }
        if let cleaning = text.tokenizerKwargs?.clean, cleaning != "lower" { parts.append("the text cleaning \(cleaning)") }
        if let mask = text.tokenizerKwargs?.reductionMask, !mask.isEmpty { parts.append("the reduction_mask \(mask)") }
        if vision.attentionalPool == true { parts.append("attentional_pool") }
        if vision.noLnPre == true { parts.append("no_ln_pre") }
        if vision.finalLnAfterPool == true { parts.append("final_ln_after_pool") }
        if vision.lsInitValue != nil || text.lsInitValue != nil { parts.append("ls_init_value") }
        if let pool = vision.poolType, pool != "tok" { parts.append("vision pool_type \(pool)") }
        if let kind = vision.posEmbedType, kind != "learnable" { parts.append("pos_embed_type \(kind)") }
        if text.embedCls == true { parts.append("embed_cls") }
        if text.noCausalMask == true { parts.append("no_causal_mask") }
        if text.projBias == true { parts.append("proj_bias") }
        if let pool = text.poolType, pool != "argmax" { parts.append("text pool_type \(pool)") }
        return parts
    }

    private func activation(_ options: Options?) -> Activation {
        if modelCfg.quickGelu == true { return .quickGELU }
        return options?.approximate == "tanh" ? .geluTanh : .gelu
    }

    var text: CLIPTextTower.Configuration {
        let text = modelCfg.textCfg
        let width = text.width ?? 512
        return CLIPTextTower.Configuration(
            vocabularySize: text.vocabSize ?? 49408, width: width, innerWidth: Int(Double(width) * (text.mlpRatio ?? 4)),
            layers: text.layers ?? 12, heads: text.heads ?? 8, positions: text.contextLength ?? 77, activation: activation(text.actKwargs),
            layerNormEpsilon: text.normKwargs?.eps ?? 1e-5,
            // open_clip takes the state of the highest number, whatever the end mark is.
            endToken: 2, projection: modelCfg.embedDim)
    }

    var vision: CLIPImageTower.Configuration {
        let vision = modelCfg.visionCfg
        let width = vision.width ?? 768
        return CLIPImageTower.Configuration(
            imageSize: vision.imageSize ?? 224, patchSize: vision.patchSize ?? 16, width: width,
            innerWidth: Int(Double(width) * (vision.mlpRatio ?? 4)), layers: vision.layers?.one ?? 12,
            heads: width / max(vision.headWidth ?? 64, 1),
            activation: activation(vision.actKwargs), layerNormEpsilon: vision.normKwargs?.eps ?? 1e-5, projection: modelCfg.embedDim)
    }

    /// nil where the image tower is a transformer.
    var resNet: CLIPResNetTower.Configuration? {
        let vision = modelCfg.visionCfg
        guard let layers = vision.layers, layers.isList else { return nil }
        let width = vision.width ?? 64
        return CLIPResNetTower.Configuration(
            imageSize: vision.imageSize ?? 224, width: width, layers: layers.values, heads: width * 32 / max(vision.headWidth ?? 64, 1),
            projection: modelCfg.embedDim)
    }

    /// What `image_transform` does to a picture that is only looked at.
    func preparation() throws(EncoderError) -> PicturePreparation {
        let side = modelCfg.visionCfg.imageSize ?? 224
        let given = preprocessCfg?.size
        let size = PixelSize(width: given?.width ?? given?.shortestEdge ?? side, height: given?.height ?? given?.shortestEdge ?? side)
        guard size == PixelSize(width: side, height: side) else {
            throw .badConfiguration(path: path, reason: "pictures come out as \(size), and the tower takes \(side)x\(side)")
        }
        let mode = preprocessCfg?.resizeMode ?? "shortest"
        guard mode == "shortest" || mode == "squash" else {
            throw .badConfiguration(path: path, reason: "resize_mode is \(mode); supported are shortest and squash")
        }
        let (mean, deviation) = (
            preprocessCfg?.mean ?? PicturePreparation.openAIMean, preprocessCfg?.std ?? PicturePreparation.openAIDeviation
        )
        guard mean.count == 3, deviation.count == 3, deviation.allSatisfy({ $0 != 0 }) else {
            throw .badConfiguration(path: path, reason: "mean and std need three numbers, none of the latter 0")
        }
        return PicturePreparation(
            fitting: mode == "shortest" ? .shortSide(side) : .squashed(width: side, height: side),
            filter: preprocessCfg?.interpolation == "bilinear" ? .bilinear : .bicubic, crop: mode == "shortest" ? size : nil, centre: .even,
            transparency: .droppedAtLast,
            mean: mean, deviation: deviation)
    }
}

extension CheckpointEncoder {
    /// CLIP as open_clip saves it.
    ///
    /// - Parameter merges: OpenAI's list, for folders without a tokenizer.
    static func openCLIP(directory: URL, merges: URL?, _ arithmetic: Arithmetic = .f32) throws -> CheckpointEncoder {
        let file = try OpenCLIPConfiguration(file: directory.appendingPathComponent("open_clip_config.json"))
        let (text, image, resNet) = (file.text, file.vision, file.resNet)
        // The old layout has the text tower at the root, the newer one below `text`.
        let weights = try ModelFiles.weights(in: directory, preferring: "open_clip_model.safetensors", arithmetic: arithmetic)
        let textScope = weights.has("text.token_embedding") ? weights["text"] : weights
        let scale = exponential(try weights.tensor("logit_scale", []).scalar)
        let hasTokenizer = ["tokenizer.json", "vocab.json"].contains {
            FileManager.default.fileExists(atPath: directory.appendingPathComponent($0).path)
        }
        guard hasTokenizer || merges != nil else {
            throw EncoderError.unreadableFile(
                path: directory.appendingPathComponent("tokenizer.json").path,
                reason: "there is no such file, nor vocab.json with merges.txt")
        }
        let parts = Parts(
            dimension: image.projection, scale: SimilarityScale(kind: .softmax, scale: scale), maximumTokens: text.positions,
            preparation: try file.preparation(), phrase: "a photo of {}",
            images: {
                let tower: any ImageFeatures =
                    if let resNet {
                        try CLIPResNetTower(openCLIP: weights["visual"], resNet)
                    } else {
                        try CLIPImageTower(openCLIP: weights, image)
                    }
                try weights["visual"].requireAllRead()
                return tower
            },
            texts: {
                let tower = try CLIPTextTower(textScope, configuration: text, layout: .openCLIP)
                try textScope["transformer"].requireAllRead()
                return tower
            },
            tokens: {
                let tokenizer =
                    if hasTokenizer {
                        try CLIPTokenizer(directory: directory, cleaning: .openCLIP)
                    } else {
                        try CLIPTokenizer(merges: merges ?? directory, cleaning: .openCLIP)
                    }
                return CLIPRows(tokenizer: tokenizer, maximum: text.positions)
            },
            files: try files(directory, preferring: "open_clip_model.safetensors"), arithmetic: arithmetic)
        return try CheckpointEncoder(directory: directory, family: .openCLIP, parts: parts)
    }
}

import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

extension CheckpointEncoder {
    /// SigLIP, and SigLIP 2 of fixed resolution, as transformers saves them.
    static func sigLIP(directory: URL, _ arithmetic: Arithmetic = .f32) throws -> CheckpointEncoder {
        let file = try CLIPFileConfiguration(file: directory.appendingPathComponent("config.json"))
        let (text, image) = (try file.sigLIPText(), try file.sigLIPVision())
        guard text.projection == image.projection else {
            throw EncoderError.badConfiguration(
                path: file.path, reason: "texts become \(text.projection ?? 0) numbers, and pictures \(image.projection)")
        }
        let weights = try ModelFiles.weights(in: directory, arithmetic: arithmetic)
        let (scale, bias) = (try weights.tensor("logit_scale", [1]).scalar, try weights.tensor("logit_bias", [1]).scalar)
        let standard = PicturePreparation(
            fitting: .squashed(width: 224, height: 224), filter: .bicubic, crop: nil, mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])
        let parts = Parts(
            dimension: image.projection, scale: SimilarityScale(kind: .sigmoid, scale: exponential(scale), bias: bias),
            maximumTokens: text.positions,
            preparation: try preparation(directory: directory, standard: standard, squashes: true, side: image.imageSize),
            phrase: "This is a photo of {}.",
            images: {
                let tower = try SigLIPImageTower(weights["vision_model"], image)
                try weights["vision_model"].requireAllRead()
                return tower
            },
            texts: {
                let tower = try SigLIPTextTower(weights["text_model"], text)
                try weights["text_model"].requireAllRead()
                return tower
            },
            tokens: { try SigLIPRows(directory: directory, length: text.positions) },
            files: try files(directory), arithmetic: arithmetic)
        return try CheckpointEncoder(directory: directory, family: .sigLIP, parts: parts)
    }
}

/// SigLIP's tokenizer by the folder's files, and rows filled up to the tower's length.
struct SigLIPRows: TextTokens {
    private enum Kind {
        /// SigLIP: `spiece.model`.
        case pieces(UnigramTokenizer)
        /// SigLIP 2: `tokenizer.json`.
        case gemma(GemmaTokenizer)
    }

    private let kind: Kind
    private let length: Int

    init(directory: URL, length: Int) throws(EncoderError) {
        let pieces = directory.appendingPathComponent("spiece.model")
        if FileManager.default.fileExists(atPath: pieces.path) {
            kind = .pieces(try UnigramTokenizer(model: pieces))
        } else {
            kind = .gemma(try GemmaTokenizer(directory: directory))
        }
        self.length = length
    }

    private func tokens(_ text: String) -> (numbers: [Int], padding: Int) {
        switch kind {
        case .pieces(let tokenizer): (tokenizer.tokens(text, maximum: length), tokenizer.endToken)
        case .gemma(let tokenizer): (tokenizer.tokens(text, maximum: length), tokenizer.paddingToken)
        }
    }

    func rows(_ text: String) -> [Int] {
        let (numbers, padding) = tokens(text)
        return numbers + [Int](repeating: padding, count: max(length - numbers.count, 0))
    }

    func count(_ text: String) -> Int { tokens(text).numbers.count }
}

extension CLIPFileConfiguration {
    func sigLIPText() throws(EncoderError) -> CLIPTextTower.Configuration {
        let tower = textConfig ?? Tower()
        let width = tower.hiddenSize ?? 768
        return CLIPTextTower.Configuration(
            vocabularySize: tower.vocabSize ?? 32000, width: width, innerWidth: tower.intermediateSize ?? 3072,
            layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? 12, positions: tower.maxPositionEmbeddings ?? 64,
            activation: try activation(tower.hiddenAct ?? "gelu_pytorch_tanh"), layerNormEpsilon: tower.layerNormEps ?? 1e-6,
            projection: tower.projectionSize ?? width)
    }

    func sigLIPVision() throws(EncoderError) -> CLIPImageTower.Configuration {
        let tower = visionConfig ?? Tower()
        let width = tower.hiddenSize ?? 768
        return CLIPImageTower.Configuration(
            imageSize: tower.imageSize ?? 224, patchSize: tower.patchSize ?? 16, width: width, innerWidth: tower.intermediateSize ?? 3072,
            layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? 12,
            activation: try activation(tower.hiddenAct ?? "gelu_pytorch_tanh"), layerNormEpsilon: tower.layerNormEps ?? 1e-6,
            projection: width)
    }
}

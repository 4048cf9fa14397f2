import Checkpoints
import FoundationEssentials
import Glibc
import Pixels
import Tensors

/// A logit scale is stored as its logarithm.
func exponential(_ value: Float) -> Float { exp(value) }

extension CheckpointEncoder {
    /// CLIP as transformers saves it.
    static func clip(directory: URL, _ arithmetic: Arithmetic = .f32) throws -> CheckpointEncoder {
        let file = try CLIPFileConfiguration(file: directory.appendingPathComponent("config.json"))
        let (text, image) = (try file.text(standalone: false), try file.vision())
        let weights = try ModelFiles.weights(in: directory, arithmetic: arithmetic)
        let scale = try weights.tensor("logit_scale", []).scalar
        let preparation = try clipPreparation(directory: directory, side: image.imageSize)
        let parts = Parts(
            dimension: image.projection, scale: SimilarityScale(kind: .softmax, scale: exponential(scale)), maximumTokens: text.positions,
            preparation: preparation, phrase: "a photo of {}",
            images: {
                let tower = try CLIPImageTower(transformers: weights, image)
                try weights["vision_model"].requireAllRead()
                return tower
            },
            texts: {
                let tower = try CLIPTextTower(weights, configuration: text)
                try weights["text_model"].requireAllRead()
                return tower
            },
            tokens: { CLIPRows(tokenizer: try CLIPTokenizer(directory: directory), maximum: text.positions) },
            files: try files(directory), arithmetic: arithmetic)
        return try CheckpointEncoder(directory: directory, family: .clip, parts: parts)
    }

    /// What `CLIPImageProcessor` does with the folder's `preprocessor_config.json`, in its form that works with Pillow.
    private static func clipPreparation(directory: URL, side: Int) throws(EncoderError) -> PicturePreparation {
        let standard = PicturePreparation(
            fitting: .shortSide(224), filter: .bicubic, crop: PixelSize(width: 224, height: 224), mean: PicturePreparation.openAIMean,
            deviation: PicturePreparation.openAIDeviation)
        return try preparation(directory: directory, standard: standard, squashes: false, side: side)
    }

    static func preparation(
        directory: URL, standard: PicturePreparation, squashes: Bool, side: Int
    ) throws(EncoderError) -> PicturePreparation {
        let url = directory.appendingPathComponent("preprocessor_config.json")
        let preparation = try PreprocessorFile(file: url).preparation(standard, squashes: squashes, path: url.path)
        // Another size than the tower's would need interpolated positions, which the reference does not do by itself either.
        let sides: [Int] =
            if let crop = preparation.crop { [crop.width, crop.height] } else {
                switch preparation.fitting {
                case .squashed(let width, let height): [width, height]
                case .shortSide, .none: []
                }
            }
        guard !sides.isEmpty, sides.allSatisfy({ $0 == side }) else {
            throw .badConfiguration(
                path: url.path,
                reason: "pictures come out as \(sides.map(String.init).joined(separator: "x")), and the tower takes \(side)x\(side)")
        }
        return preparation
    }

    /// The files of a folder that decide its embeddings.
    static func files(_ directory: URL, preferring preferred: String? = nil) throws(EncoderError) -> [URL] {
        let small = [
            "config.json", "preprocessor_config.json", "open_clip_config.json", "vocab.json", "merges.txt", "tokenizer.json",
            "spiece.model",
            "tokenizer_config.json", "special_tokens_map.json",
        ].map { directory.appendingPathComponent($0) }.filter { FileManager.default.fileExists(atPath: $0.path) }
        return try ModelFiles.files(in: directory, preferring: preferred) + small
    }
}

extension CLIPFileConfiguration {
    func vision() throws(EncoderError) -> CLIPImageTower.Configuration {
        let tower = (visionConfig ?? Tower()).overridden(by: visionConfigDict)
        return CLIPImageTower.Configuration(
            imageSize: tower.imageSize ?? 224, patchSize: tower.patchSize ?? 32, width: tower.hiddenSize ?? 768,
            innerWidth: tower.intermediateSize ?? 3072, layers: tower.numHiddenLayers ?? 12, heads: tower.numAttentionHeads ?? 12,
            activation: try activation(tower.hiddenAct ?? "quick_gelu"), layerNormEpsilon: tower.layerNormEps ?? 1e-5,
            projection: projectionDim ?? 512)
    }
}

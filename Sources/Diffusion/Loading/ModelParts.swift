import Checkpoints
import Encoders
import Foundation
import Tensors

/// A model's weights and configurations, from wherever they came, under diffusers' names.
struct ModelParts {
    let family: any LatentUNetFamily.Type
    /// A text encoder that the model brings along.
    struct TextEncoder {
        /// `text_encoder` or `text_encoder_2`.
        let name: String
        var weights: Weights
        let configuration: CLIPTextTower.Configuration
        /// Where the tokenizer's files lie; nil: OpenAI's list of merges.
        let tokenizer: URL?
        /// What a text is filled up with; nil: what the tokenizer's files say, else the end mark.
        let padding: String?
    }

    var unet: Weights
    let unetConfiguration: UNetConfiguration
    var autoencoder: Weights
    var autoencoderConfiguration: AutoencoderConfiguration
    /// Empty where the model reads prompts with the default encoder.
    var textEncoders: [TextEncoder]
    var scheduler: SchedulerConfiguration
    let zerosForEmptyNegative: Bool

    /// Says how the layers are to hold their weights, and in which numbers they multiply.
    ///
    /// `auto` takes the quickest of those whose pictures stay near to those in single precision, by tables of what was measured.
    mutating func hold(_ precision: GenerationRequest.Precision) throws {
        var bytes = 0
        for name in unet.names() { bytes += try 2 * unet.shape(of: name).count }
        let isLarge = bytes > Self.largest
        let arithmetic: Arithmetic =
            switch precision {
            case .auto: PictureNearness.automatic()
            case .bf16: .bf16
            case .int8: .int8
            case .f32: .f32
            }
        // Held as the file has them, numbers of two bytes stay what they are.
        let isHalf = try unet["conv_in"].elementType(of: "weight").size <= 2
        let holding = WeightHolding(inHalves: arithmetic != .f32 || isLarge && isHalf, arithmetic: arithmetic)
        var network = holding
        network.convolutionsInBytes = arithmetic == .int8
        unet = unet.held(network)
        // The autoencoder works once on large maps, where making a transform anew costs little beside using it.
        var passing = holding
        passing.keepsTransforms = false
        autoencoder = autoencoder.held(passing)
        for index in textEncoders.indices { textEncoders[index].weights = textEncoders[index].weights.held(holding) }
    }

    /// Bytes of a UNet, two a number, from which on it is large: memory counts more than the few per cent of time that spreading halves takes.
    private static let largest = 256 << 20

    /// Adds LoRA files to the weights, several one after the other.
    ///
    /// - Returns: what was left out of them, in words.
    mutating func add(_ adaptations: [Adaptation]) throws -> [String] {
        let names = LatentDiffusionNames(
            unetLayers: unetConfiguration.layers, downAttention: unetConfiguration.downAttention, upAttention: unetConfiguration.upAttention
        )
        var notes: [String] = []
        for adaptation in adaptations {
            let blocks = adaptation.blocks
            var components = [
                LowRankAdaptation.Component(
                    name: "unet", weights: unet, oldNames: names, multiplier: adaptation.unetMultiplier,
                    factor: { blocks?.factor(ofOldName: $0) ?? 1 })
            ]
            for encoder in textEncoders {
                components.append(.init(name: encoder.name, weights: encoder.weights, multiplier: adaptation.textMultiplier))
            }
            let outcome = try LowRankAdaptation(adaptation.file).outcome(for: components, ranks: adaptation.ranks)
            notes += outcome.notes.map { "the LoRA \(adaptation.name): \($0)" }
            unet = try unet.adding(outcome.additions[0])
            for index in textEncoders.indices {
                textEncoders[index].weights = try textEncoders[index].weights.adding(outcome.additions[index + 1])
            }
        }
        return notes
    }

    /// The text encoders, loaded.
    ///
    /// - Parameters:
    ///   - merges: OpenAI's list, for models that bring no tokenizer.
    ///   - embeddings: those that fit this model.
    func prompts(merges: URL?, embeddings: [TrainedEmbedding]) throws -> CLIPPrompts {
        var towers: [CLIPPrompts.Tower] = []
        for encoder in textEncoders {
            let tower = try CLIPTextTower(encoder.weights, configuration: encoder.configuration)
            try encoder.weights.requireAllRead()
            let tokenizer: CLIPTokenizer
            if let folder = encoder.tokenizer {
                tokenizer = try CLIPTokenizer(directory: folder)
            } else if let merges {
                tokenizer = try CLIPTokenizer(merges: merges, padding: encoder.padding)
            } else {
                throw DiffusionError.unreadable(file: "tokenizer", reason: "the model brings none and no list of merges was given")
            }
            towers.append(
                .init(tower, tokenizer: tokenizer, skippedLayers: family.skippedLayers, isNormalised: family.isTextNormalised))
        }
        return try CLIPPrompts(towers, embeddings: embeddings, zerosForEmptyNegative: zerosForEmptyNegative)
    }
}

/// A LoRA file and how much of it is added.
package struct Adaptation: Sendable, Equatable {
    /// What prompts call it.
    package let name: String
    package let file: URL
    package let unetMultiplier: Float
    package let textMultiplier: Float
    /// Only so many of its ranks count; nil: all.
    package let ranks: Int?
    /// A factor for each block of the UNet.
    package let blocks: BlockWeights?

    init(_ tag: PromptTags.Tag, file: URL) {
        (name, self.file, unetMultiplier, ranks, blocks) = (tag.name, file, tag.unet, tag.ranks, tag.blocks)
        textMultiplier = tag.text * (tag.blocks?.base ?? 1)
    }

    /// - Parameter textMultiplier: as for the UNet unless given.
    package init(name: String? = nil, file: URL, multiplier: Float = 1, textMultiplier: Float? = nil) {
        self.name = name ?? file.deletingPathExtension().lastPathComponent
        self.file = file
        unetMultiplier = multiplier
        self.textMultiplier = textMultiplier ?? multiplier
        (ranks, blocks) = (nil, nil)
    }
}

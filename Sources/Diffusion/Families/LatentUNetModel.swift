import Checkpoints
import Encoders
import Foundation

/// A latent diffusion model with a UNet, of whichever family: a folder in diffusers' layout, or a file with the names of the first releases or
/// diffusers'.
struct LatentUNetModel: OpenedModel {
    let family: any ModelFamily
    let weightMemory: WeightMemory
    let notes: [String]
    private let parts: ModelParts
    private let options: PipelineOptions
    private let embeddings: [TrainedEmbedding]

    static let parts = ["unet", "vae", "text_encoder", "text_encoder_2"]
    static var title: String? { nil }

    static func isHere(_ place: ModelPlace) -> Bool {
        place.file.map { ModelParts.unetPrefix(in: $0.names) != nil } ?? place.hasPart("unet")
    }

    init(_ place: ModelPlace, options: PipelineOptions) throws {
        // Some single files are told apart by asking their UNet, which takes a while.
        var parts =
            try place.file.map { try ModelParts(file: $0, at: place.url, given: options.given, prediction: options.prediction?.configured) }
            ?? ModelParts(folder: place.url, given: options.given)
        if let prediction = options.prediction { parts.scheduler.prediction = prediction.configured }
        var notes = options.notes + options.given.notes
        if let continuous = parts.scheduler.continuous { notes.append(continuous.note) }
        notes += try parts.add(options.adaptations)
        if let autoencoder = options.autoencoder { notes.append(try parts.take(autoencoder)) }
        try parts.hold(options.precision)
        weightMemory = try parts.weightMemory()
        let outline = try PipelineOutline(
            unet: parts.unetConfiguration, autoencoder: parts.autoencoderConfiguration, scheduler: parts.scheduler,
            isHeldInHalves: parts.unet.holding.inHalves, arithmetic: parts.unet.holding.arithmetic,
            transformMemory: parts.transformMemory())
        family = parts.family.model(outline)
        embeddings = Self.embeddings(options, widths: parts.textEncoders.map(\.configuration.width), notes: &notes)
        (self.parts, self.options, self.notes) = (parts, options, notes)
    }

    /// Those of the textual inversions that fit the model, the ones that LoRA files bring among them.
    ///
    /// - Parameter widths: of the text encoders.
    private static func embeddings(_ options: PipelineOptions, widths: [Int], notes: inout [String]) -> [TrainedEmbedding] {
        var embeddings: [TrainedEmbedding] = []
        for file in widths.isEmpty ? [] : options.embeddings {
            do {
                let embedding = try TrainedEmbedding(file)
                try embedding.check(widths)
                embeddings.append(embedding)
            } catch {
                // A common word may be some embedding's name: one that cannot be used is no reason to stop.
                notes.append("not used: \(error)")
            }
        }
        for adaptation in widths.isEmpty ? [] : options.adaptations {
            do {
                for embedding in try TrainedEmbedding.bundled(in: adaptation.file)
                where !embeddings.contains(where: { $0.name.lowercased() == embedding.name.lowercased() }) {
                    try embedding.check(widths)
                    embeddings.append(embedding)
                    notes.append("the LoRA \(adaptation.name) brings the embedding \(embedding.name), which prompts call by that name")
                }
            } catch {
                notes.append("not used: \(error)")
            }
        }
        return embeddings
    }

    /// All of CLIP's text encoders have OpenAI's tokens.
    func meter() throws -> (any PromptMeter)? {
        guard !parts.textEncoders.isEmpty else { return nil }
        guard let merges = options.merges else {
            throw DiffusionError.unreadable(file: "tokenizer", reason: "no list of merges was given to count tokens by")
        }
        return CLIPMeter(tokenizer: try CLIPTokenizer(merges: merges))
    }

    func fileParts() throws -> [FilePart] {
        // Of the words' table, a prompt needs a few rows.
        let texts = try parts.textEncoders.flatMap { try $0.weights.fileParts { $0.hasSuffix("token_embedding.weight") } }
        return try texts + parts.autoencoder.fileParts() + parts.unet.fileParts()
    }

    func load(sentences: () throws -> any PromptEncoder) throws -> Pipeline {
        let text: any PromptEncoder =
            if parts.textEncoders.isEmpty {
                try sentences()
            } else {
                try parts.prompts(merges: options.merges, embeddings: embeddings)
            }
        // One part's file is not to stand in memory beside the next one's.
        for encoder in parts.textEncoders { encoder.weights.letGoOfPages() }
        let (unet, configuration) = (parts.unet, parts.unetConfiguration)
        let network = ModelPart<any Denoiser> {
            defer { unet.letGoOfPages() }
            return try UNet(unet, configuration: configuration)
        }
        let codec = try Autoencoder(parts.autoencoder, configuration: parts.autoencoderConfiguration)
        parts.autoencoder.letGoOfPages()
        var pipeline = Pipeline(family: family, denoiser: network, codec: codec, text: text, adaptations: options.adaptations)
        pipeline.notes = notes
        return pipeline
    }
}

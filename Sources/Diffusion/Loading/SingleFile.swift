import Checkpoints
import Encoders
import Foundation
import Pixels
import Tensors

/// A checkpoint in one .safetensors file with the names of the first releases, or a UNet alone that is given the rest. What it is of is seen
/// from its tensors.
extension ModelParts {
    /// - Parameters:
    ///   - given: parts from elsewhere, which go before the file's own.
    ///   - prediction: what the UNet predicts; nil: what the file tells.
    init(
        file: SafetensorsFile, at url: URL, given: GivenParts = GivenParts(), prediction: SchedulerConfiguration.Prediction? = nil
    ) throws {
        let names = file.names.filter { !CheckpointSigns.isUnneeded($0) }
        if let kind = CheckpointSigns.foreignKind(file.names) { throw DiffusionError.notACheckpoint(file: url.path, reason: kind) }
        guard let prefix = Self.unetPrefix(in: names) else {
            throw DiffusionError.notACheckpoint(file: url.path, reason: Self.guess(names))
        }
        let unetNames = Set(names.compactMap { $0.rest(behind: prefix) })
        let map = unetNames.contains("conv_in.weight") ? nil : LatentDiffusionNames(unet: unetNames)
        // A network alone has no prefix, or one that autoencoder and text encoders do not share.
        let isAlone = prefix.isEmpty
        let autoencoderPrefix = isAlone ? nil : AutoencoderPart.prefix(in: names)
        let towers = isAlone ? [] : TextEncoderPlace.inWholeModel(names)
        try CheckpointSigns.requireParts(
            autoencoder: given.autoencoder != nil || autoencoderPrefix != nil, textEncoder: !given.textEncoders.isEmpty || !towers.isEmpty,
            of: url)

        var unfit = names.filter { name in
            !name.hasPrefix(prefix) && autoencoderPrefix.map { name.hasPrefix($0) } != true
                && !towers.contains { name.hasPrefix($0.prefix) }
        }
        let unneeded = Set(file.names).subtracting(names)
        let weights = try Weights(files: [file]) { name in
            guard !unneeded.contains(name), let rest = name.rest(behind: prefix) else { return [] }
            guard let known = map.map({ $0.diffusersName(of: rest) }) ?? rest else {
                unfit.append(name)
                return []
            }
            return [TensorPlace(known)]
        }
        let isOpen = try towers.first?.isOpen ?? given.textEncoders.first.map(Self.isOpenCLIP) ?? false
        let family = FamilySigns(addsWholeTexts: weights.has("add_embedding"), readsWithOpenCLIP: isOpen).family
        self.family = family
        let ownEncoders = try towers.map { try $0.encoder(file, of: family, unfit: &unfit) }
        let ownAutoencoder = try autoencoderPrefix.map { try AutoencoderPart(file, prefix: $0, of: family, unfit: &unfit) }
        guard unfit.isEmpty else { throw CheckpointError.unfit(unfit.sorted(), file: url.path) }
        unet = weights
        guard unet["down_blocks"].has("0") else {
            throw DiffusionError.notACheckpoint(file: url.path, reason: "its UNet has no blocks (\(prefix)input_blocks.1…)")
        }
        textEncoders = try given.textEncoders.isEmpty ? ownEncoders : Self.textEncoders(at: given.textEncoders, of: family)
        // How many heads there are, the family tells; how the projections are stored differs by the tool that saved them.
        var configuration = try UNetConfiguration(inferredFrom: weights, heads: { family.heads(ofChannels: $0) })
        try configuration.validate(in: url.path)
        if !given.textEncoders.isEmpty { try Self.check(textEncoders, at: given.textEncoders, for: configuration) }
        guard let part = try given.autoencoder.map({ try AutoencoderPart(at: $0, of: family) }) ?? ownAutoencoder else {
            throw DiffusionError.notACheckpoint(file: url.path, reason: "it holds no autoencoder")
        }
        (autoencoder, autoencoderConfiguration) = (part.weights, part.configuration)
        let marks = try ContinuousMarks(file)
        if let latents = marks?.latents {
            (autoencoderConfiguration.spread, autoencoderConfiguration.scalingFactor) = (latents.spread, latents.scale)
            try autoencoderConfiguration.validate(in: url.path)
        }
        var scheduler = SchedulerConfiguration.stableDiffusion
        scheduler.continuous = marks?.noise
        // Turbo models were distilled with steps that begin at noise alone; the first ones from models of the noise, at 512 pixels.
        let isTurbo = FewStepModel.isCalledTurbo(url)
        let isStabilitysTurbo = isTurbo && FewStepModel.isStabilitysTurbo(url)
        if isTurbo {
            scheduler.spacing = .trailing
        }
        if let prediction {
            scheduler.prediction = prediction
        } else if !isStabilitysTurbo || marks != nil, try Self.toldVelocity(url, file) ?? family.predictsVelocity(weights, configuration) {
            scheduler.prediction = .velocity
        }
        if FewStepModel.predictsSample(url) { scheduler.prediction = .sample }
        // What scheduler files say; the class alone would space the steps of some samplers otherwise.
        if !isTurbo, let spacing = configuration.inputChannels == 9 ? .leading : family.spacing { scheduler.spacing = spacing }
        if CheckpointSigns.endsInNoise(file) { (scheduler.rescalesToNoise, scheduler.spacing) = (true, .trailing) }
        configuration.sampleSize = isStabilitysTurbo ? 64 : family.trainedSide(predicting: scheduler.prediction)
        unetConfiguration = configuration
        self.scheduler = scheduler
        zerosForEmptyNegative = family.zerosForEmptyNegative
    }

    /// What stands before the names of a UNet, which are the first releases' or diffusers'; nil where there is none.
    static func unetPrefix(in names: [String]) -> String? {
        let all = Set(names)
        return ["model.diffusion_model.", "diffusion_model.", "unet.", ""].first { prefix in
            all.contains(prefix + "input_blocks.0.0.weight")
                || all.contains(prefix + "conv_in.weight") && all.contains(prefix + "time_embedding.linear_1.weight")
                || prefix == "model.diffusion_model." && names.contains { $0.hasPrefix(prefix) }
        }
    }

    /// What a file without a UNet of ours may be.
    private static func guess(_ names: [String]) -> String {
        if names.contains(where: { $0.contains("lora_") }) {
            return "it is a LoRA; put it into the folder loras beside a model and call it in the prompt: <lora:name:0.8>"
        }
        if names.contains("emb_params") || names.contains("clip_l") {
            return "it is a textual inversion; put it into the folder embeddings beside a model and call it by its name in the prompt"
        }
        return "it holds no UNet (model.diffusion_model.…), but \(names.prefix(3).joined(separator: ", "))"
    }

    /// Whether the UNet was trained to say the velocity: a tensor, the file's metadata, or a line `parameterization: "v"` of a .yaml file beside
    /// the checkpoint tells; nil where none of them does.
    private static func toldVelocity(_ url: URL, _ file: SafetensorsFile) -> Bool? {
        if let told = CheckpointSigns.predictsVelocity(file) { return told }
        let beside = url.deletingPathExtension().appendingPathExtension("yaml")
        if let text = (try? FileBytes.read(beside)).map({ String(decoding: $0, as: UTF8.self) }) {
            return text.split(separator: "\n").contains { line in
                line.contains("parameterization:") && line.split(separator: ":").last?.contains("v") == true
            }
        }
        return nil
    }
}

extension UNetConfiguration {
    /// The architecture as a UNet's tensors show it.
    ///
    /// - Parameter heads: how many an attention over so many channels has, which no tensor tells.
    init(inferredFrom weights: Weights, heads headsOfChannels: (Int) -> Int) throws(CheckpointError) {
        self.init()
        let entry = try weights["conv_in"].shape(of: "weight", ranks: 4)
        inputChannels = entry[1]
        outputChannels = try weights["conv_out"].shape(of: "weight", ranks: 4)[0]
        (channels, layers, downAttention, upAttention) = ([], [], [], [])
        (textWidths, heads, transformerLayers) = ([], [], [])
        while weights["down_blocks"].has("\(channels.count)") {
            let scope = weights["down_blocks"][channels.count]
            channels.append(try scope["resnets"][0]["conv1"].shape(of: "weight", ranks: 4)[0])
            layers.append(Self.count(scope["resnets"]))
            downAttention.append(scope.has("attentions"))
        }
        let levels = channels.count
        hasMiddle = weights.has("mid_block")
        middleLooks = weights["mid_block"].has("attentions")
        for block in 0..<levels { upAttention.append(weights["up_blocks"][block].has("attentions")) }
        let middle = hasMiddle && middleLooks ? weights["mid_block"]["attentions"][0] : nil
        var widths: [Int?] = []
        for level in 0..<levels {
            // The last level's values are the middle's too; a level that looks at the text nowhere has none that matter.
            let own: Weights? =
                downAttention[level]
                ? weights["down_blocks"][level]["attentions"][0]
                : upAttention[levels - 1 - level] ? weights["up_blocks"][levels - 1 - level]["attentions"][0] : nil
            heads.append(headsOfChannels(channels[level]))
            guard let scope = own ?? middle else {
                widths.append(nil)
                transformerLayers.append(1)
                continue
            }
            let looks = own != nil || level == levels - 1
            transformerLayers.append(looks ? Self.count(scope["transformer_blocks"]) : 1)
            widths.append(try scope["transformer_blocks"][0]["attn2"]["to_k"].shape(of: "weight", ranks: 2)[1])
            _ = try scope["proj_in"].shape(of: "weight", ranks: 2, 4)
        }
        let usual = widths.compactMap { $0 }.last ?? 1
        textWidths = widths.map { $0 ?? usual }
        readDepths(weights)
        if weights.has("add_embedding") {
            added = AddedConditioning(
                numberWidth: 256, inputWidth: try weights["add_embedding"]["linear_1"].shape(of: "weight", ranks: 2)[1])
        }
        if weights["time_embedding"].has("cond_proj") {
            guidanceEmbeddingWidth = try weights["time_embedding"]["cond_proj"].shape(of: "weight", ranks: 2)[1]
        }
    }

    /// Distilled models left out transformer blocks of some attentions of a level and not of others.
    private mutating func readDepths(_ weights: Weights) {
        func depths(_ scope: Weights, _ count: Int) -> [Int] {
            (0..<count).map { max(1, Self.count(scope["attentions"][$0]["transformer_blocks"])) }
        }
        let levels = channels.count
        let found = Depths(
            down: (0..<levels).map { depths(weights["down_blocks"][$0], layers[$0]) },
            up: (0..<levels).map { depths(weights["up_blocks"][$0], layers[levels - 1 - $0] + 1) })
        let isEven = (0..<levels).allSatisfy { level in
            let (down, up) = (
                downAttention[level] ? found.down[level] : [], upAttention[levels - 1 - level] ? found.up[levels - 1 - level] : []
            )
            return (down + up).allSatisfy { $0 == transformerLayers[level] }
        }
        self.depths = isEven ? nil : found
    }

    private static func count(_ weights: Weights) -> Int {
        var count = 0
        while weights.has("\(count)") { count += 1 }
        return count
    }
}

extension AutoencoderConfiguration {
    /// The architecture as an autoencoder's tensors show it.
    init(inferredFrom weights: Weights, levels: Int) throws(CheckpointError) {
        self.init()
        let encoder = weights["encoder"]
        channels = []
        for level in 0..<levels {
            channels.append(try encoder["down_blocks"][level]["resnets"][0]["conv1"].shape(of: "weight", ranks: 4)[0])
        }
        layers = 0
        while encoder["down_blocks"][0]["resnets"].has("\(layers)") { layers += 1 }
        latentChannels = try weights["decoder"]["conv_in"].shape(of: "weight", ranks: 4)[1]
        usesQuantization = weights.has("quant_conv")
        usesPostQuantization = weights.has("post_quant_conv")
        middleAttention = encoder["mid_block"].has("attentions")
    }
}

extension CLIPTextTower.Configuration {
    /// The architecture as a text encoder's tensors show it: heads of 64 channels, OpenAI's quick GELU or open_clip's GELU.
    init(inferredFrom weights: Weights, isOpen: Bool) throws(CheckpointError) {
        let model = weights.has("text_model") ? weights["text_model"] : weights
        let table = try model["embeddings"]["token_embedding"].shape(of: "weight", ranks: 2)
        var layers = 0
        while model["encoder"]["layers"].has("\(layers)") { layers += 1 }
        self.init(
            vocabularySize: table[0], width: table[1],
            innerWidth: try model["encoder"]["layers"][0]["mlp"]["fc1"].shape(of: "weight", ranks: 2)[0], layers: layers,
            heads: max(1, table[1] / 64),
            positions: try model["embeddings"]["position_embedding"].shape(of: "weight", ranks: 2)[0],
            activation: isOpen ? .gelu : .quickGELU,
            projection: weights.has("text_projection") ? try weights["text_projection"].shape(of: "weight", ranks: 2)[0] : nil)
    }
}

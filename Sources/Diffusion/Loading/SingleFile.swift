import Checkpoints
import Encoders
import Foundation
import Pixels
import Tensors

/// A checkpoint in one .safetensors file with the names of the first releases. What it is of is seen from its tensors.
extension ModelParts {
    init(file url: URL) throws {
        let file = try SafetensorsFile(url)
        let names = file.names.filter { !CheckpointSigns.isUnneeded($0) }
        if let kind = CheckpointSigns.foreignKind(file.names) { throw DiffusionError.notACheckpoint(file: url.path, reason: kind) }
        let unetNames = Set(names.compactMap { Self.rest($0, behind: "model.diffusion_model.") })
        guard !unetNames.isEmpty else { throw DiffusionError.notACheckpoint(file: url.path, reason: Self.guess(names)) }
        let map = LatentDiffusionNames(unet: unetNames)
        let autoencoderNames = Set(names.compactMap { Self.rest($0, behind: "first_stage_model.") })
        let levels = Self.count(autoencoderNames, "encoder.down.", ".block.0.conv1.weight")
        let autoencoderMap = LatentDiffusionNames(
            autoencoderLevels: levels, layers: Self.count(autoencoderNames, "encoder.down.0.block.", ".conv1.weight"))
        let towers = Self.towers(names)
        // SD 2 looks at the last layer but one of its text encoder; the layer behind it is never run.
        var dropped: String?
        if towers.count == 1, towers[0].isOpen {
            let layers = Self.count(Set(names), towers[0].prefix + "transformer.resblocks.", ".ln_1.weight")
            // A file of which that layer was cut off already has one less than open_clip's tower.
            if layers != Self.layersWithoutLast { dropped = "text_encoder.text_model.encoder.layers.\(layers - 1)." }
        }

        let isSecond = towers.count == 1 && towers[0].isOpen
        var unfit: [String] = []
        let weights = try Weights(files: [file]) { name in
            if let rest = Self.rest(name, behind: "model.diffusion_model.") {
                if let known = map.diffusersName(of: rest) { return [TensorPlace("unet." + known)] }
            } else if let rest = Self.rest(name, behind: "first_stage_model.") {
                if rest.hasPrefix("loss.") { return [] }
                if let known = autoencoderMap.diffusersName(of: rest) { return [TensorPlace("vae." + known)] }
            } else if CheckpointSigns.isUnneeded(name) {
                return []
            } else if let tower = towers.first(where: { name.hasPrefix($0.prefix) }) {
                let rest = String(name.dropFirst(tower.prefix.count))
                if let places = tower.isOpen ? LatentDiffusionNames.openCLIP(rest) : [TensorPlace(rest)] {
                    return places.compactMap { place in
                        var place = place
                        place.name = "\(tower.name).\(place.name)"
                        let isDropped =
                            dropped.map { place.name.hasPrefix($0) } == true
                            || (isSecond && place.name == "text_encoder.text_projection.weight")
                        return isDropped || place.name.hasSuffix("position_ids") ? nil : place
                    }
                }
            }
            unfit.append(name)
            return []
        }
        guard unfit.isEmpty else { throw CheckpointError.unfit(unfit.sorted(), file: url.path) }
        guard !autoencoderNames.isEmpty else {
            throw DiffusionError.notACheckpoint(file: url.path, reason: CheckpointSigns.missing("autoencoder (first_stage_model.…)"))
        }
        guard !towers.isEmpty else {
            throw DiffusionError.notACheckpoint(
                file: url.path, reason: CheckpointSigns.missing("text encoder (cond_stage_model.… or conditioner.…)"))
        }

        unet = weights["unet"]
        guard unet["down_blocks"].has("0") else {
            throw DiffusionError.notACheckpoint(file: url.path, reason: "its UNet has no blocks (model.diffusion_model.input_blocks.1…)")
        }
        // How many heads there are, the generation tells; how the projections are stored differs by the tool that saved them.
        var configuration = try UNetConfiguration(inferredFrom: weights["unet"], isFirst: !isSecond && towers.count == 1)
        try configuration.validate(in: url.path)
        autoencoder = weights["vae"]
        var latents = try AutoencoderConfiguration(inferredFrom: weights["vae"], levels: levels)
        try latents.validate(in: url.path)
        if configuration.added != nil { latents.scalingFactor = 0.13025 }
        autoencoderConfiguration = latents
        textEncoders = []
        for tower in towers {
            let scope = weights[tower.name]
            textEncoders.append(
                TextEncoder(
                    name: tower.name, weights: scope, configuration: try .init(inferredFrom: scope, isOpen: tower.isOpen), tokenizer: nil,
                    padding: tower.isOpen ? "!" : nil))
        }
        var scheduler = SchedulerConfiguration.stableDiffusion
        // Turbo models were distilled from models of the noise, at 512 pixels, with steps that begin at noise alone.
        let isTurbo = ModelHabits.isCalledTurbo(url)
        if isTurbo {
            scheduler.spacing = .trailing
        } else if try Self.predictsVelocity(url, file, configuration, weights["unet"], isSecond: isSecond) {
            scheduler.prediction = .velocity
        }
        if ModelHabits.predictsSample(url) { scheduler.prediction = .sample }
        // What the scheduler files of these families say; the class alone would space the steps of some samplers otherwise.
        if !isTurbo, configuration.added != nil || configuration.inputChannels == 9 { scheduler.spacing = .leading }
        if CheckpointSigns.endsInNoise(file) { (scheduler.rescalesToNoise, scheduler.spacing) = (true, .trailing) }
        // The squares of the training, which no tensor tells: 512 pixels, 768 for the second generation's v-models, 1024 for XL.
        configuration.sampleSize =
            isTurbo ? 64 : configuration.added != nil ? 128 : isSecond && scheduler.prediction == .velocity ? 96 : 64
        unetConfiguration = configuration
        self.scheduler = scheduler
        zerosForEmptyNegative = configuration.added != nil
    }

    private static func rest(_ name: String, behind prefix: String) -> String? {
        name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : nil
    }

    /// How many consecutive numbers from 0 stand between two parts of a name.
    private static func count(_ names: Set<String>, _ before: String, _ after: String) -> Int {
        var count = 0
        while names.contains("\(before)\(count)\(after)") { count += 1 }
        return count
    }

    private struct TowerPlace {
        let name: String
        let prefix: String
        /// open_clip's names, not transformers'.
        let isOpen: Bool
    }

    private static func towers(_ names: [String]) -> [TowerPlace] {
        let candidates = [
            TowerPlace(name: "text_encoder", prefix: "cond_stage_model.transformer.", isOpen: false),
            TowerPlace(name: "text_encoder", prefix: "cond_stage_model.model.", isOpen: true),
            TowerPlace(name: "text_encoder", prefix: "conditioner.embedders.0.transformer.", isOpen: false),
            TowerPlace(name: "text_encoder_2", prefix: "conditioner.embedders.1.model.", isOpen: true),
        ]
        return candidates.filter { candidate in names.contains { $0.hasPrefix(candidate.prefix) } }
    }

    /// Layers of the second generation's text encoder without the one that is never run.
    private static let layersWithoutLast = 23

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

    /// What the UNet was trained to say. A tensor, the file's metadata, or a line `parameterization: "v"` of a .yaml file beside the checkpoint
    /// tells. Of the second generation both kinds exist with the same tensors: there the UNet itself is asked, as AUTOMATIC1111 does. At the
    /// last timestep a latent is all noise; a model of the noise gives back about its input, a model of the velocity does not.
    private static func predictsVelocity(
        _ url: URL, _ file: SafetensorsFile, _ configuration: UNetConfiguration, _ weights: Weights, isSecond: Bool
    ) throws -> Bool {
        if let told = CheckpointSigns.predictsVelocity(file) { return told }
        let beside = url.deletingPathExtension().appendingPathExtension("yaml")
        if let text = (try? FileBytes.read(beside)).map({ String(decoding: $0, as: UTF8.self) }) {
            return text.split(separator: "\n").contains { line in
                line.contains("parameterization:") && line.split(separator: ":").last?.contains("v") == true
            }
        }
        guard isSecond, configuration.inputChannels == 4 else { return false }
        let unet = try UNet(weights, configuration: configuration)
        let latent = Tensor.filled(0.5, [1, 8, 8, 4])
        let context = TextContext(states: .zeros([1, 2, configuration.textWidths[0]]), mask: .none)
        return (try unet(latent, timestep: 999, context) {} - latent).mean() < -1
    }
}

extension UNetConfiguration {
    /// The architecture as a UNet's tensors show it.
    ///
    /// How many heads an attention has, no tensor tells: the first generation has 8 everywhere, the later ones have heads of 64 channels.
    ///
    /// - Parameter isFirst: whether it is one of the first generation.
    init(inferredFrom weights: Weights, isFirst: Bool) throws(CheckpointError) {
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
        for block in 0..<levels { upAttention.append(weights["up_blocks"][block].has("attentions")) }
        for level in 0..<levels {
            // The last level's values are the middle's too; a level that looks at the text nowhere has none that matter.
            let scope =
                downAttention[level]
                ? weights["down_blocks"][level]["attentions"][0]
                : upAttention[levels - 1 - level]
                    ? weights["up_blocks"][levels - 1 - level]["attentions"][0] : weights["mid_block"]["attentions"][0]
            let looks = downAttention[level] || upAttention[levels - 1 - level] || level == levels - 1
            transformerLayers.append(looks ? Self.count(scope["transformer_blocks"]) : 1)
            textWidths.append(try scope["transformer_blocks"][0]["attn2"]["to_k"].shape(of: "weight", ranks: 2)[1])
            _ = try scope["proj_in"].shape(of: "weight", ranks: 2, 4)
            heads.append(isFirst ? 8 : max(1, channels[level] / 64))
        }
        if weights.has("add_embedding") {
            added = AddedConditioning(
                numberWidth: 256, inputWidth: try weights["add_embedding"]["linear_1"].shape(of: "weight", ranks: 2)[1])
        }
        if weights["time_embedding"].has("cond_proj") {
            guidanceEmbeddingWidth = try weights["time_embedding"]["cond_proj"].shape(of: "weight", ranks: 2)[1]
        }
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

import Checkpoints
import Encoders
import Foundation

/// An autoencoder, wherever it lies: within a whole model or by itself, as a file or as a folder.
struct AutoencoderPart {
    let weights: Weights
    let configuration: AutoencoderConfiguration

    /// - Parameters:
    ///   - place: a folder in diffusers' layout, the autoencoder's own or a whole model's; or a file, likewise.
    ///   - family: tells the scale of the latents where a file stands alone; a folder says it itself.
    /// - Throws: `DiffusionError.unfitPart` where there is none.
    init(at place: URL, of family: any LatentUNetFamily.Type) throws {
        if place.isFolder {
            let whole = place.appendingPathComponent("vae")
            let folder = whole.isFolder ? whole : place
            try self.init(folder: folder)
            return
        }
        let file = try SafetensorsFile(place)
        guard let prefix = Self.prefix(in: file.names) else {
            throw DiffusionError.unfitPart(file: place.path, reason: "it holds no autoencoder (decoder.…), but \(Self.first(file.names))")
        }
        var unfit: [String] = []
        try self.init(file, prefix: prefix, of: family, unfit: &unfit)
        guard unfit.isEmpty else { throw CheckpointError.unfit(unfit.sorted(), file: place.path) }
    }

    /// A folder with a `config.json` and weights beside it.
    init(folder: URL) throws {
        configuration = try AutoencoderConfiguration(ConfigurationFile(contentsOf: folder.appendingPathComponent("config.json")))
        weights = try Weights(folder: folder, stem: "diffusion_pytorch_model")
    }

    private static func first(_ names: [String]) -> String { names.prefix(3).joined(separator: ", ") }

    /// What stands before an autoencoder's names in a file; nil where there is none in it.
    static func prefix(in names: [String]) -> String? {
        ["first_stage_model.", "vae.", ""].first { prefix in names.contains { $0.hasPrefix(prefix + "decoder.conv_in.") } }
    }

    /// - Parameters:
    ///   - prefix: before its names, which are those of the first releases or diffusers'.
    ///   - unfit: gets the names that have no place in it.
    init(_ file: SafetensorsFile, prefix: String, of family: any LatentUNetFamily.Type, unfit: inout [String]) throws {
        let names = Set(file.names.compactMap { $0.rest(behind: prefix) })
        let isNew = names.contains { $0.hasPrefix("encoder.down_blocks.") || $0.hasPrefix("decoder.up_blocks.") }
        let levels =
            isNew
            ? names.count("encoder.down_blocks.", ".resnets.0.conv1.weight") : names.count("encoder.down.", ".block.0.conv1.weight")
        let map = LatentDiffusionNames(autoencoderLevels: levels, layers: names.count("encoder.down.0.block.", ".conv1.weight"))
        weights = try Weights(files: [file]) { name in
            guard let rest = name.rest(behind: prefix), !rest.hasPrefix("loss."), !rest.hasPrefix("model_ema.") else { return [] }
            if isNew { return [TensorPlace(rest)] }
            guard let known = map.diffusersName(of: rest) else {
                unfit.append(name)
                return []
            }
            return [TensorPlace(known)]
        }
        var configuration = try AutoencoderConfiguration(inferredFrom: weights, levels: levels)
        try configuration.validate(in: file.path)
        configuration.scalingFactor = family.latentScale
        self.configuration = configuration
    }
}

/// A text encoder within a file of weights.
struct TextEncoderPlace {
    /// `text_encoder` or `text_encoder_2`.
    let name: String
    let prefix: String
    /// open_clip's names, not transformers'.
    let isOpen: Bool

    /// Those of a whole model.
    static func inWholeModel(_ names: [String]) -> [TextEncoderPlace] {
        let candidates = [
            TextEncoderPlace(name: "text_encoder", prefix: "cond_stage_model.transformer.", isOpen: false),
            TextEncoderPlace(name: "text_encoder", prefix: "cond_stage_model.model.", isOpen: true),
            TextEncoderPlace(name: "text_encoder", prefix: "conditioner.embedders.0.transformer.", isOpen: false),
            TextEncoderPlace(name: "text_encoder_2", prefix: "conditioner.embedders.1.model.", isOpen: true),
        ]
        return candidates.filter { candidate in names.contains { $0.hasPrefix(candidate.prefix) } }
    }

    /// Those of a file that may hold nothing else.
    static func all(_ names: [String]) -> [TextEncoderPlace] {
        let whole = inWholeModel(names)
        guard whole.isEmpty else { return whole }
        if names.contains(where: { $0.hasPrefix("transformer.resblocks.") }) {
            return [TextEncoderPlace(name: "text_encoder", prefix: "", isOpen: true)]
        }
        return names.contains { $0.hasPrefix("text_model.") || $0.hasPrefix("encoder.layers.") }
            ? [TextEncoderPlace(name: "text_encoder", prefix: "", isOpen: false)] : []
    }

    /// Layers of the second generation's text encoder without the one that is never run.
    private static let layersWithoutLast = 23

    /// - Parameters:
    ///   - family: knows how much of it counts.
    ///   - unfit: gets the names that have no place in it.
    func encoder(
        _ file: SafetensorsFile, of family: any LatentUNetFamily.Type, unfit: inout [String]
    ) throws -> ModelParts.TextEncoder {
        var dropped: [String] = []
        if isOpen, !family.wantsWholeTextEncoder {
            dropped.append("text_projection.")
            let layers = Set(file.names).count("\(prefix)transformer.resblocks.", ".ln_1.weight")
            // A file of which that layer was cut off already has one less than open_clip's tower.
            if layers != Self.layersWithoutLast { dropped.append("text_model.encoder.layers.\(layers - 1).") }
        }
        let weights = try Weights(files: [file]) { name in
            guard let rest = name.rest(behind: prefix), !Self.isUnneeded(rest) else { return [] }
            guard let places = isOpen ? LatentDiffusionNames.openCLIP(rest) : [TensorPlace(rest)] else {
                unfit.append(name)
                return []
            }
            return places.filter { place in !dropped.contains { place.name.hasPrefix($0) } }
        }
        return ModelParts.TextEncoder(
            name: name, weights: weights, configuration: try .init(inferredFrom: weights, isOpen: isOpen), tokenizer: nil,
            padding: isOpen ? "!" : nil)
    }

    /// What looks at pictures, and what says nothing.
    private static func isUnneeded(_ name: String) -> Bool {
        ["vision_model.", "visual.", "visual_projection."].contains { name.hasPrefix($0) }
            || ["logit_scale", "position_ids"].contains { name == $0 || name.hasSuffix("." + $0) }
    }
}

extension ModelParts {
    /// The text encoders that lie in folders and files, as the model wants them.
    ///
    /// - Throws: `DiffusionError.unfitPart` where they are too few, too many, or of other widths than the model's texts.
    static func textEncoders(at places: [URL], of family: any LatentUNetFamily.Type) throws -> [TextEncoder] {
        var found: [TextEncoder] = []
        for place in places {
            let here = try place.isFolder ? textEncoders(inFolder: place) : textEncoders(inFile: place, of: family)
            guard !here.isEmpty else {
                throw DiffusionError.unfitPart(file: place.path, reason: "it holds no text encoder (text_model.…, transformer.resblocks.…)")
            }
            found += here
        }
        let files = places.map(\.path).joined(separator: ", ")
        let names = family.textEncoders
        let wanted = names.count
        guard found.count == wanted else {
            throw DiffusionError.unfitPart(
                file: files,
                reason:
                    "the model wants \(wanted) text encoder\(wanted == 1 ? "" : "s"), and \(found.count) \(found.count == 1 ? "is" : "are") there"
                    + (wanted > 1 ? "; give \(names.joined(separator: " and ")), each with a --text-encoder of its own" : ""))
        }
        // Whatever came first.
        if wanted > 1 { found.sort { $0.configuration.width < $1.configuration.width } }
        return found.enumerated().map { $1.called($0 == 0 ? "text_encoder" : "text_encoder_2") }
    }

    /// - Throws: `DiffusionError.unfitPart` where the texts have other widths than the UNet looks at.
    static func check(_ encoders: [TextEncoder], at places: [URL], for configuration: UNetConfiguration) throws(DiffusionError) {
        let (found, wanted) = (encoders.reduce(0) { $0 + $1.configuration.width }, configuration.textWidths[0])
        guard found == wanted else {
            throw .unfitPart(
                file: places.map(\.path).joined(separator: ", "),
                reason: "the texts it gives have a width of \(found), and the model looks at \(wanted); take the text encoder of its family"
            )
        }
    }

    /// Whether a text encoder, the first of a whole model or one that lies by itself, is open_clip's.
    static func isOpenCLIP(_ place: URL) throws -> Bool {
        guard place.isFolder else { return try TextEncoderPlace.all(SafetensorsFile(place).names).first?.isOpen ?? false }
        let whole = place.appendingPathComponent("text_encoder")
        let folder = whole.isFolder ? whole : place
        return try CLIPTextTower.Configuration(file: folder.appendingPathComponent("config.json")).activation == .gelu
    }

    private static func textEncoders(inFile place: URL, of family: any LatentUNetFamily.Type) throws -> [TextEncoder] {
        let file = try SafetensorsFile(place)
        var unfit: [String] = []
        let found = try TextEncoderPlace.all(file.names).map { try $0.encoder(file, of: family, unfit: &unfit) }
        guard unfit.isEmpty else { throw CheckpointError.unfit(unfit.sorted(), file: place.path) }
        return found
    }

    /// Those of a whole model in diffusers' layout, or the one that a folder is.
    static func textEncoders(inFolder folder: URL) throws -> [TextEncoder] {
        let whole = try [("text_encoder", "tokenizer"), ("text_encoder_2", "tokenizer_2")].compactMap { name, tokenizer in
            try textEncoder(name, at: folder.appendingPathComponent(name), tokenizer: folder.appendingPathComponent(tokenizer))
        }
        guard whole.isEmpty else { return whole }
        let name = folder.lastPathComponent
        let beside = folder.deletingLastPathComponent().appendingPathComponent(name.hasSuffix("_2") ? "tokenizer_2" : "tokenizer")
        return try [textEncoder("text_encoder", at: folder, tokenizer: beside)].compactMap { $0 }
    }

    private static func textEncoder(_ name: String, at place: URL, tokenizer: URL) throws -> TextEncoder? {
        guard FileManager.default.fileExists(atPath: place.appendingPathComponent("config.json").path) else { return nil }
        let own = ["vocab.json", "tokenizer.json"].contains {
            FileManager.default.fileExists(atPath: tokenizer.appendingPathComponent($0).path)
        }
        let configuration = try CLIPTextTower.Configuration(file: place.appendingPathComponent("config.json"))
        // open_clip's towers, which have the exact GELU, were trained with `!` behind a text.
        return TextEncoder(
            name: name, weights: try Weights(folder: place, stem: "model"), configuration: configuration, tokenizer: own ? tokenizer : nil,
            padding: configuration.activation == .gelu ? "!" : nil)
    }
}

extension ModelParts.TextEncoder {
    fileprivate func called(_ name: String) -> Self {
        Self(name: name, weights: weights, configuration: configuration, tokenizer: tokenizer, padding: padding)
    }
}

extension Weights {
    /// The weights of a component's folder.
    init(folder: URL, stem: String) throws {
        var files: [SafetensorsFile] = []
        for url in try CheckpointFolder.files(in: folder, stem: stem) { files.append(try SafetensorsFile(url)) }
        try self.init(files: files)
    }
}

extension String {
    /// What follows a beginning; nil where it does not begin so.
    func rest(behind prefix: String) -> String? { hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil }
}

extension Set<String> {
    /// How many consecutive numbers from 0 stand between two parts of a name.
    func count(_ before: String, _ after: String) -> Int {
        var count = 0
        while contains("\(before)\(count)\(after)") { count += 1 }
        return count
    }
}

extension URL {
    fileprivate var isFolder: Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) && isFolder.boolValue
    }
}

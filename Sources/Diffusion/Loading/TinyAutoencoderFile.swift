import Checkpoints
import Foundation
import Tensors

/// Which tiny autoencoder is to stand in for a model's own.
package enum TinyAutoencoderChoice: Sendable, Equatable {
    /// What fits the model among the files in folders `vae_approx` (or `VAE-approx`) of these.
    case fitting(in: [URL])
    /// The one of this name there.
    case named(String, in: [URL])
    /// A file or folder of the person's.
    case at(URL)
}

/// A TAESD (madebyollin's tiny autoencoder): the names of its tensors are brought to diffusers', and its architecture is seen from them.
///
/// It comes as diffusers' folder or file (`encoder.layers.0.weight`), as two files with the numbers of the layers alone (`0.weight` the
/// encoder's, `1.weight` the decoder's first), or as one with both behind `encoder.` and `decoder.`.
struct TinyAutoencoderFile {
    /// What models it was made for, where its name tells.
    enum Family: String {
        case first = "Stable Diffusion 1 and 2"
        case xl = "SDXL"
        case other = "another family"
    }

    /// As the person knows it.
    let name: String
    let weights: Weights
    let configuration: AutoencoderConfiguration
    let family: Family?

    init(at place: URL) throws {
        let files = try Self.files(at: place)
        name = Self.name(of: place)
        family = Self.family(name)
        var found: [(SafetensorsFile, Part?)] = []
        for url in files { found.append(try Self.opened(url)) }
        let parts = Dictionary(found.map { ($0.0.path, $0.1) }) { first, _ in first }
        let weights = try Weights(files: found.map(\.0)) { file, name in
            // An encoder's layers count as diffusers counts them; the first layer of a decoder, which has no weights, is none there.
            Self.diffusersName(of: name, in: parts[file.path] ?? nil).map { [TensorPlace($0)] } ?? []
        }
        self.weights = weights
        guard weights["encoder"].has("layers"), weights["decoder"].has("layers") else {
            let missing = weights["encoder"].has("layers") ? "decoder" : "encoder"
            throw DiffusionError.unreadable(
                file: place.path,
                reason: "the \(missing) of the tiny autoencoder is missing; put its file beside, as taesd_\(missing).safetensors")
        }
        configuration = try AutoencoderConfiguration(tiny: weights)
        try configuration.validate(in: place.path)
    }

    /// The one that is meant.
    ///
    /// - Parameter wanted: what the model is.
    /// - Throws: `DiffusionError.unreadable` where there is none, or where the files' names say that it was made for other models.
    init(_ choice: TinyAutoencoderChoice, for wanted: Family) throws {
        switch choice {
        case .at(let place): try self.init(at: place)
        case .named(let name, let folders):
            let shelf = Self.shelf(folders)
            guard let place = shelf.first(where: { Self.name(of: $0) == name }) else {
                throw DiffusionError.noTinyAutoencoder(name: name, known: Set(shelf.map(Self.name)).sorted())
            }
            try self.init(at: place)
        case .fitting(let folders):
            let shelf = Self.shelf(folders)
            guard let place = shelf.first(where: { Self.family(Self.name(of: $0)) == wanted }) else {
                throw DiffusionError.noTinyAutoencoder(name: wanted == .xl ? "taesdxl" : "taesd", known: Set(shelf.map(Self.name)).sorted())
            }
            try self.init(at: place)
        }
        if let family, family != wanted {
            throw DiffusionError.unreadable(
                file: name, reason: "its name says that it was made for \(family.rawValue), and the model is of \(wanted.rawValue)")
        }
    }

    /// Names of those in folders `vae_approx` of these.
    static func names(in folders: [URL]) -> [String] { Set(shelf(folders).map(name)).sorted() }

    private static func shelf(_ folders: [URL]) -> [URL] {
        let places = folders.flatMap { folder in ["vae_approx", "VAE-approx"].map { folder.appendingPathComponent($0) } }
        // Of two files one stands for both.
        return NamedFiles(in: places).urls.filter { !$0.lastPathComponent.lowercased().contains("encoder") }
    }

    /// `taesd` for `taesd_decoder.safetensors` and for `taesd/diffusion_pytorch_model.safetensors`.
    static func name(of place: URL) -> String {
        var name = place.lastPathComponent
        if name.lowercased().hasSuffix(".safetensors") { name = String(name.dropLast(".safetensors".count)) }
        if name == "diffusion_pytorch_model" || name == "vae" || partsOfName.contains(name.lowercased()) {
            return self.name(of: place.deletingLastPathComponent())
        }
        for part in partsOfName where name.lowercased().hasSuffix(part) {
            return String(name.dropLast(part.count)).trimmingCharacters(in: ["_", "-", "."])
        }
        return name
    }

    private static let partsOfName = ["encoder", "decoder"]

    static func family(_ name: String) -> Family? {
        let name = name.lowercased()
        guard let start = name.range(of: "tae") else { return name.contains("sdxl") ? .xl : nil }
        let kind = name[start.upperBound...]
        if kind.hasPrefix("sdxl") { return .xl }
        if kind.hasPrefix("sd3") || kind.hasPrefix("f") || kind.hasPrefix("w") || kind.hasPrefix("hv") { return .other }
        return kind.hasPrefix("sd") ? .first : nil
    }

    private enum Part: String { case encoder, decoder }

    private static func files(at place: URL) throws -> [URL] {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: place.path, isDirectory: &isFolder) else {
            throw DiffusionError.unreadable(file: place.path, reason: "there is no such file or folder")
        }
        guard isFolder.boolValue else { return withOther(place) }
        let names = try FileManager.default.contentsOfDirectory(atPath: place.path).filter { $0.lowercased().hasSuffix(".safetensors") }
        let whole = names.filter { name in !partsOfName.contains { name.lowercased().contains($0) } }.sorted()
        if let only = whole.first {
            return [place.appendingPathComponent(whole.count == 1 ? only : whole.first { $0.hasPrefix("diffusion") } ?? only)]
        }
        let decoders = names.filter { $0.lowercased().contains("decoder") }.sorted()
        guard decoders.count == 1 else {
            throw DiffusionError.unreadable(
                file: place.path,
                reason: decoders.isEmpty
                    ? "it holds no .safetensors file of a tiny autoencoder"
                    : "it holds several: \(decoders.joined(separator: ", ")); name one")
        }
        return withOther(place.appendingPathComponent(decoders[0]))
    }

    /// A file with the one of its other half where that lies beside it.
    private static func withOther(_ file: URL) -> [URL] {
        let name = file.lastPathComponent
        for (own, other) in [("encoder", "decoder"), ("decoder", "encoder")] where name.contains(own) {
            let beside = file.deletingLastPathComponent().appendingPathComponent(name.replacingOccurrences(of: own, with: other))
            if FileManager.default.fileExists(atPath: beside.path) { return [file, beside] }
        }
        return [file]
    }

    /// A file and which half it holds; nil where it holds both, or names its own.
    private static func opened(_ url: URL) throws -> (SafetensorsFile, Part?) {
        if let other = SafetensorsFile.foreignKind(of: url) { throw other }
        let file = try SafetensorsFile(url)
        let names = file.names
        func any(_ start: String) -> Bool { names.contains { $0.hasPrefix(start) } }
        if any("encoder.down") || any("decoder.up") || any("first_stage_model.") {
            throw DiffusionError.unreadable(
                file: url.path, reason: "it is a whole autoencoder and no tiny one; put it in with --vae")
        }
        // A whole file begins with scopes, a half of one with numbers.
        if file.has("1.weight"), file.has("3.conv.0.weight") { return (file, .decoder) }
        if file.has("0.weight"), file.has("1.conv.0.weight") { return (file, .encoder) }
        guard names.contains(where: { diffusersName(of: $0, in: nil) != nil }) else {
            throw DiffusionError.unreadable(
                file: url.path, reason: "it is no tiny autoencoder (TAESD), but holds \(names.prefix(3).joined(separator: ", "))")
        }
        return (file, nil)
    }

    /// `decoder.layers.0.weight` for `1.weight` of a decoder and for `decoder.1.weight`; nil for what is no layer's.
    private static func diffusersName(of name: String, in part: Part?) -> String? {
        var rest = name[...]
        if rest.hasPrefix("taesd_") { rest = rest.dropFirst("taesd_".count) }
        var part = part
        for one in [Part.encoder, .decoder] where rest.hasPrefix(one.rawValue + ".") {
            rest = rest.dropFirst(one.rawValue.count + 1)
            part = one
        }
        guard let part else { return nil }
        if rest.hasPrefix("layers.") { return "\(part.rawValue).\(rest)" }
        guard let dot = rest.firstIndex(of: "."), let number = Int(rest[..<dot]) else { return nil }
        return "\(part.rawValue).layers.\(number - (part == .decoder ? 1 : 0))\(rest[dot...])"
    }
}

extension AutoencoderConfiguration {
    /// The architecture as a tiny autoencoder's tensors show it: levels of blocks between convolutions.
    fileprivate init(tiny weights: Weights) throws {
        self.init()
        let (encoder, decoder) = (weights["encoder"]["layers"], weights["decoder"]["layers"])
        func blocks(_ scope: Weights, from first: Int) -> Int {
            var count = 0
            while scope["\(first + count)"].has("conv") { count += 1 }
            return count
        }
        let width = try encoder["0"].shape(of: "weight", ranks: 4)[0]
        var tiny = TinyBlocks(encoder: [], decoder: [])
        var number = 0
        // The last convolution has no blocks behind it.
        while encoder["\(number)"].has("weight"), encoder.has("\(number + 1)") {
            let count = blocks(encoder, from: number + 1)
            tiny.encoder.append(count)
            number += 1 + count
        }
        latentChannels = try decoder["0"].shape(of: "weight", ranks: 4)[1]
        number = 2
        while tiny.decoder.count < tiny.encoder.count {
            let count = blocks(decoder, from: number)
            tiny.decoder.append(count)
            // A doubling stands before each convolution but the last.
            number += count + (tiny.decoder.count < tiny.encoder.count ? 2 : 1)
        }
        channels = Array(repeating: width, count: tiny.encoder.count)
        scalingFactor = 1
        self.tiny = tiny
    }
}

extension ModelParts {
    /// Puts a tiny autoencoder in the place of the model's own.
    ///
    /// - Returns: what is to be said of it.
    mutating func take(_ choice: TinyAutoencoderChoice) throws -> String {
        let file = try TinyAutoencoderFile(choice, for: family.tinyAutoencoders)
        var tiny = file.configuration
        let own = autoencoderConfiguration
        guard own.latentChannels == tiny.latentChannels, own.scale == tiny.scale else {
            throw DiffusionError.unreadable(
                file: file.name,
                reason:
                    "its latents have \(tiny.latentChannels) channels for \(tiny.scale) pixels a side, the model's \(own.latentChannels) for \(own.scale)"
            )
        }
        if let spread = own.spread {
            // A tiny autoencoder's latents are as the family's networks see them, which this one's does not.
            tiny.spread = .init(mean: spread.mean * family.latentScale, deviation: spread.deviation * family.latentScale)
            tiny.scalingFactor = own.scalingFactor
        }
        (autoencoder, autoencoderConfiguration) = (file.weights, tiny)
        return "the tiny autoencoder \(file.name) stands in for the model's own: quicker, and with less detail"
    }
}

import Checkpoints
import Foundation
import Tensors
import TestSupport

@testable import Diffusion

/// The checkpoints of `make_families.py`: their values follow from the tensors' names, so only shapes and configurations are stored.
enum Families {
    /// A part of a model: what its `config.json` says and which tensors it has.
    struct Part {
        let configuration: [String: Any]
        let tensors: [(name: String, shape: Shape)]
    }

    static func part(_ name: String) throws -> Part {
        let all = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture("families/models.json", room: "Diffusion")))
        guard let part = (all as? [String: Any])?[name] as? [String: Any], let configuration = part["config"] as? [String: Any],
            let tensors = part["tensors"] as? [String: [Int]]
        else { throw Missing(name: name) }
        return Part(
            configuration: configuration, tensors: tensors.sorted { $0.key < $1.key }.map { (name: $0.key, shape: Shape($0.value)) })
    }

    struct Missing: Error { let name: String }

    static func goldens() throws -> Goldens { try Goldens("families/parts.safetensors") }

    /// The script's `values`: SplitMix64 of the name's hash and the position, uniform, scaled by a power of two.
    static func values(_ name: String, _ shape: Shape) -> Tensor {
        var seed: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in name.utf8 { seed = (seed ^ UInt64(byte)) &* 0x100_0000_01B3 }
        let fan = shape.dimensions.dropFirst().reduce(1, *)
        let scale: Float = shape.rank > 1 ? Float(pow(2, -(log2(Double(fan)) / 2).rounded(.toNearestOrEven))) : 0.125
        let offset: Float = shape.rank == 1 && name.contains("norm") && name.hasSuffix("weight") ? 1 : 0
        return Tensor(shape: shape) { target in
            for index in target.indices {
                var z = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15 &+ seed
                z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
                z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
                z = z ^ (z >> 31)
                target[index] = (Float(z >> 40) * 0x1p-23 - 1) * scale + offset
            }
        }
    }

    /// Writes `config.json` and the weights of a part into a folder, as diffusers does; the values are told apart by `component`.
    static func write(
        _ name: String, component: String, to folder: URL, file: String = "diffusion_pytorch_model.safetensors",
        as storage: SafetensorsFile.Storage = .f16, changing changes: [String: Any] = [:]
    ) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let part = try part(name)
        let configuration = part.configuration.merging(changes) { $1 }
        try JSONSerialization.data(withJSONObject: configuration).write(to: folder.appendingPathComponent("config.json"))
        try SafetensorsFile.write(
            tensors: part.tensors.map { ($0.name, values("\(component).\($0.name)", $0.shape)) }, as: storage,
            to: folder.appendingPathComponent(file))
    }

    /// Writes a single file with the names of the first releases, put together as `files.json` says.
    ///
    /// - Parameter change: what becomes of a tensor; nil leaves it out.
    static func writeFile(
        _ family: String, to url: URL, adding more: [(String, Tensor)] = [], metadata: [String: String] = [:],
        changing change: (String, Tensor) -> Tensor? = { $1 }
    ) throws {
        let all = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture("families/files.json", room: "Diffusion")))
        guard let files = all as? [String: [String: Any]], var recipe = files[family] else { throw Missing(name: family) }
        if let like = recipe["like"] as? String, let more = recipe["more"] as? [String: Any], let first = files[like] {
            recipe = first.merging(more) { $1 }
        }
        var shapes: [String: Shape] = [:]
        let text = family == "inpainting" ? "sd1" : family
        for (component, part) in [
            ("unet", "unet.\(family)"), ("vae", "vae.standard"), ("text_encoder", "text_encoder.\(text)"),
            ("text_encoder_2", "text_encoder_2.\(text)"),
        ] where component != "text_encoder_2" || family == "sdxl" {
            for tensor in try Self.part(part).tensors { shapes["\(component).\(tensor.name)"] = tensor.shape }
        }
        var tensors = more
        for (name, listed) in recipe.sorted(by: { $0.key < $1.key }) {
            guard let sources = listed as? [Any] else { throw Missing(name: name) }
            if sources.first as? String == "values" {
                tensors.append((name, .zeros(Shape(sources.dropFirst().compactMap { $0 as? Int }))))
                continue
            }
            let parts = sources.compactMap { $0 as? String }
            var made = Tensor.concatenated(
                parts.compactMap { part in shapes[part].map { values(part, $0) } }, axis: 0)
            if parts.contains("transposed") { made = made.transposed() }
            if parts.contains("4d") { made = made.reshaped(Shape(made.shape.dimensions + [1, 1])) }
            tensors.append((name, made))
        }
        try SafetensorsFile.write(
            tensors: tensors.compactMap { name, tensor in change(name, tensor).map { (name, $0) } }, metadata: metadata, as: .f16, to: url)
    }

    static func unet(_ name: String) throws -> UNet {
        let folder = try TemporaryFolder()
        try write("unet.\(name)", component: "unet", to: folder.url)
        return try UNet(
            Weights(url: folder.url.appendingPathComponent("diffusion_pytorch_model.safetensors")),
            configuration: UNetConfiguration(contentsOf: folder.url.appendingPathComponent("config.json")))
    }

    static func autoencoder(_ name: String) throws -> Autoencoder {
        let folder = try TemporaryFolder()
        try write("vae.\(name)", component: "vae", to: folder.url)
        return try Autoencoder(
            Weights(url: folder.url.appendingPathComponent("diffusion_pytorch_model.safetensors")),
            configuration: AutoencoderConfiguration(contentsOf: folder.url.appendingPathComponent("config.json")))
    }
}

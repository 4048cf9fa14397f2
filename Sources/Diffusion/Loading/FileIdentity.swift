import Checkpoints
import Foundation

/// What a file of weights is, as far as its tensors' names, their shapes and its metadata tell: also of what is not run here. Nothing but the
/// header is read.
package struct FileIdentity: Sendable, Equatable {
    /// What it is, in the words that people use of such files.
    package enum Kind: String, Sendable, Codable, CaseIterable {
        /// A whole model: network, autoencoder and text encoders.
        case checkpoint
        /// The network that denoises, alone.
        case network
        case autoencoder
        case textEncoder = "text encoder"
        case lora = "LoRA"
        case embedding = "textual inversion"
        case controlNet = "ControlNet"
        case adapter
        case upscaler
        case unknown
    }

    package var kind = Kind.unknown
    /// "SD 1.5", "SDXL", "Flux.1 dev" …; nil where nothing tells.
    package var family: String?
    /// Whether it is run, or used, by the built-in engine.
    package var runs = false
    /// What to do with it, or why it is not run.
    package var use = ""
    /// `noise`, `velocity` or `flow`; nil where the file does not tell.
    package var prediction: String?
    /// Whether the training's last step is noise alone.
    package var endsInNoise = false
    /// Number formats by the share of the bytes they take, the largest first.
    package var precisions: [String] = []
    /// "Lightning", "Turbo" … for models made for few steps, and what tells so.
    package var fewStep: String?
    /// Whether it was made for repainting: it wants the mask and the rest of the picture.
    package var repaints = false
    /// Whether a model that is run needs these from elsewhere.
    package var lacksAutoencoder = false
    package var lacksTextEncoder = false
    /// Of a LoRA.
    package var rank: Int?
    /// Words that call what it was trained on, the most frequent first.
    package var triggers: [String] = []
    /// The model it was trained on, as its metadata has it.
    package var base: String?
    package var title: String?
    /// How many numbers it holds.
    package var parameters = 0

    package init() {}

    /// - Parameter url: a safetensors, GGUF or any other file.
    /// - Throws: `CheckpointError` where it cannot be read, or is a damaged safetensors file.
    package init(file url: URL) throws {
        do {
            self = Self.identity(of: try SafetensorsFile(url), called: url.deletingPathExtension().lastPathComponent)
        } catch CheckpointError.foreign(_, let kind, let instead) {
            self.init()
            use = "it is \(kind), \(instead)"
            if let told = GGUFHeader(contentsOf: url) {
                family = told.family
                self.kind = told.isTextEncoder ? .textEncoder : .network
            }
        }
    }

    /// The family of a model that lacks nothing; nil for all else.
    ///
    /// - Parameter place: a folder in diffusers' layout, or a file.
    package static func family(ofWholeModel place: URL) -> String? {
        func isThere(_ name: String) -> Bool { FileManager.default.fileExists(atPath: place.appendingPathComponent(name).path) }
        guard isThere("unet/config.json") else {
            guard let identity = try? FileIdentity(file: place), identity.kind == .checkpoint, identity.runs else { return nil }
            return identity.family
        }
        guard isThere("vae/config.json"), isThere("text_encoder/config.json"),
            let unet = try? UNetConfiguration(contentsOf: place.appendingPathComponent("unet/config.json"))
        else { return nil }
        return FamilySigns.title(ofTextWidth: unet.textWidths[0])
    }

    static func identity(of file: SafetensorsFile, called name: String) -> FileIdentity {
        let names = TensorNames(file)
        var identity =
            KnownModels.identity(of: file) ?? FileSigns.all.lazy.compactMap { $0.identity(names, file) }.first ?? FileIdentity()
        if identity.kind == .unknown {
            let shown = file.names.prefix(3).joined(separator: ", ")
            identity.use = "nothing that is known is made of such tensors (\(shown.isEmpty ? "there are none" : shown))"
        }
        identity.tell(file, called: name)
        return identity
    }

    /// What the metadata and the numbers tell, whatever the file is.
    private mutating func tell(_ file: SafetensorsFile, called name: String) {
        let metadata = FileMetadata(file.metadata)
        var bytes: [String: Int] = [:]
        for tensor in file.names {
            guard let shape = try? file.shape(of: tensor), let type = try? file.elementType(of: tensor) else { continue }
            parameters += shape.count
            bytes[type.rawValue, default: 0] += shape.count * type.size
        }
        let total = max(bytes.values.reduce(0, +), 1)
        precisions = bytes.filter { Double($0.value) / Double(total) > 0.01 }.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        title = metadata.title
        base = metadata.base
        triggers = metadata.triggers
        if family == nil { family = metadata.family }
        guard [.checkpoint, .network, .lora].contains(kind) else { return }
        if fewStep == nil { fewStep = Self.fewStep(calledSo: [name, metadata.title ?? ""], isAdapter: kind == .lora) }
        guard prediction == nil else { return }
        endsInNoise = CheckpointSigns.endsInNoise(file)
        if let velocity = CheckpointSigns.predictsVelocity(file) {
            prediction = velocity ? "velocity" : "noise"
        } else if family != "SD 2", kind != .lora, runs {
            prediction = "noise"
        }
    }

    /// The ways to few steps, as files are called after them: those that a run goes by, and those of what is not run here.
    private static func fewStep(calledSo names: [String], isAdapter: Bool) -> String? {
        for name in names {
            if let found = FewStepModel(named: name, isAdapter: isAdapter) { return "\(found.kind.title), as its name says" }
            let words = name.lowercased().split { !$0.isLetter && !$0.isNumber }
            if words.contains(where: { $0.hasPrefix("schnell") }) { return "schnell, as its name says" }
        }
        return nil
    }
}

/// What trainers and collections write into a file's metadata.
struct FileMetadata {
    private let values: [String: String]

    init(_ values: [String: String]) { self.values = values }

    private func text(_ keys: String...) -> String? {
        keys.lazy.compactMap { values[$0] }.first { !$0.isEmpty && $0 != "None" }
    }

    var title: String? { text("modelspec.title", "ss_output_name") }
    var base: String? { text("ss_sd_model_name", "ss_base_model_version", "modelspec.architecture", "base_model") }

    /// As the specification of model metadata and kohya's scripts call families.
    var family: String? {
        guard let told = text("modelspec.architecture", "ss_base_model_version")?.lowercased() else { return nil }
        let known = [
            ("flux-1-schnell", "Flux.1 schnell"), ("flux", "Flux.1"), ("stable-diffusion-3", "SD 3"), ("sd3", "SD 3"),
            ("stable-diffusion-xl", "SDXL"), ("sdxl", "SDXL"), ("stable-diffusion-v2", "SD 2"), ("sd_v2", "SD 2"),
            ("stable-diffusion-v1", "SD 1.5"), ("sd_v1", "SD 1.5"), ("lumina", "Lumina 2"), ("wan", "Wan (video)"),
            ("hunyuan", "Hunyuan"), ("qwen", "Qwen-Image"),
        ]
        return known.first { told.hasPrefix($0.0) }?.1
    }

    /// Told outright, or the tags that the training's captions had most often.
    var triggers: [String] {
        if let told = text("modelspec.trigger_phrase") {
            return told.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        }
        guard let frequencies = text("ss_tag_frequency"),
            let sets = try? JSONDecoder().decode([String: [String: Int]].self, from: Data(frequencies.utf8))
        else { return [] }
        var counts: [String: Int] = [:]
        for (tag, count) in sets.values.joined() {
            counts[tag.trimmingCharacters(in: .whitespaces), default: 0] += max(0, min(count, 1 << 30))
        }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.prefix(8).map(\.key)
    }
}

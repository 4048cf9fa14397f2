import Hummingbird
import Studio

/// What there is: models, samplers and all the lists that clients ask for, empty ones included; and the settings.
struct WebUIInventory {
    let site: Site
    let settings: WebUISettings

    func add(to router: RouterGroup<Context>) {
        router.get("sd-models") { _, _ in Response.json(models.map(Model.init)) }
        router.post("refresh-checkpoints") { _, _ in
            // Manifests are read again whenever one has changed.
            _ = models
            return Response.json(JSONValue.null)
        }
        router.get("samplers") { _, _ in
            Response.json(Studio.samplerChoices.map { Sampler(name: $0.title, aliases: [$0.name]) })
        }
        router.get("schedulers") { _, _ in
            Response.json(Studio.schedules.map { Scheduler(name: $0.lowercased(), label: $0) })
        }
        router.get("loras") { _, _ in Response.json(site.studio.loras().map { Named(name: $0, alias: $0) }) }
        router.get("embeddings") { _, _ in
            Response.json(["loaded": Dictionary(site.studio.embeddings().map { ($0, Embedding()) }) { first, _ in first }, "skipped": [:]])
        }
        router.get("upscalers") { _, _ in
            Response.json(["None", "Lanczos"].map { Upscaler(name: $0, scale: $0 == "None" ? 1 : 4) })
        }
        for name in [
            "latent-upscale-modes", "sd-vae", "sd-modules", "prompt-styles", "hypernetworks", "face-restorers", "realesrgan-models",
            "script-info",
            "extensions",
        ] {
            router.get(.init(name)) { _, _ in Response.json([String]()) }
        }
        router.get("scripts") { _, _ in Response.json(["txt2img": [String](), "img2img": []]) }
        router.get("memory") { _, _ in
            let memory = site.studio.memory
            let total = memory.free.flatMap { free in memory.held.map { free + $0 } }
            return Response.json(
                Memory(
                    ram: .init(free: memory.free, used: memory.held, total: total), cuda: ["error": "pictures are made on the processor"]))
        }
        router.get("cmd-flags") { _, _ in
            Response.json(Flags(port: site.options.port, listen: !site.options.isLoopback))
        }
        router.get("options") { _, _ in Response.json(options) }
        router.post("options") { request, _ in
            try set(try await site.admit(request) { try await request.webUIBody() })
            return Response.json(JSONValue.null)
        }
    }

    private var models: [ModelEntry] { site.studio.models().models.filter { $0.kind == "generator" && $0.installed } }

    private struct Model: Encodable {
        let title: String
        let modelName: String
        @OrNull var hash: String? = nil
        @OrNull var sha256: String? = nil
        /// No path of the machine.
        let filename: String
        @OrNull var config: String? = nil

        enum CodingKeys: String, CodingKey {
            case title, hash, sha256, filename, config
            case modelName = "model_name"
        }

        init(_ model: ModelEntry) { (title, modelName, filename) = (model.name, model.name, model.name) }
    }

    private struct Sampler: Encodable {
        let name: String
        let aliases: [String]
        let options: [String: String] = [:]
    }

    private struct Scheduler: Encodable {
        let name: String
        let label: String
        let aliases: [String]? = nil
        let defaultRho = -1
        let needsInnerModel = false

        enum CodingKeys: String, CodingKey {
            case name, label, aliases
            case defaultRho = "default_rho"
            case needsInnerModel = "need_inner_model"
        }
    }

    private struct Named: Encodable {
        let name: String
        let alias: String
        let path = ""
        let metadata: [String: String] = [:]
    }

    private struct Embedding: Encodable {
        @OrNull var step: Int? = nil
        @OrNull var sdCheckpoint: String? = nil
        @OrNull var shape: Int? = nil
        @OrNull var vectors: Int? = nil

        enum CodingKeys: String, CodingKey {
            case step, shape, vectors
            case sdCheckpoint = "sd_checkpoint"
        }
    }

    private struct Upscaler: Encodable {
        let name: String
        @OrNull var modelName: String? = nil
        @OrNull var modelPath: String? = nil
        @OrNull var modelURL: String? = nil
        let scale: Double

        enum CodingKeys: String, CodingKey {
            case name, scale
            case modelName = "model_name"
            case modelPath = "model_path"
            case modelURL = "model_url"
        }
    }

    private struct Memory: Encodable {
        struct RAM: Encodable {
            @OrNull var free: Int?
            @OrNull var used: Int?
            @OrNull var total: Int?
        }
        let ram: RAM
        let cuda: [String: String]
    }

    private struct Flags: Encodable {
        let port: Int
        let listen: Bool
        let api = true
        let nowebui = false
    }

    private struct Options: Encodable {
        let checkpoint: String
        @OrNull var checkpointHash: String? = nil
        let clipSkip: Int
        let vae = "Automatic"
        let samplesFormat = "png"
        let enablesInfo = true

        enum CodingKeys: String, CodingKey {
            case checkpoint = "sd_model_checkpoint"
            case checkpointHash = "sd_checkpoint_hash"
            case clipSkip = "CLIP_stop_at_last_layers"
            case vae = "sd_vae"
            case samplesFormat = "samples_format"
            case enablesInfo = "enable_pnginfo"
        }
    }

    private var options: Options {
        let values = settings.values
        let usual = models.contains { $0.name == Studio.defaultPainter } ? Studio.defaultPainter : Studio.defaultGenerator
        return Options(checkpoint: values.model ?? usual, clipSkip: values.clipSkip ?? 1)
    }

    /// Takes what can be set; what cannot and is not so already is refused by its name.
    private func set(_ body: [String: JSONValue]) throws {
        var fields = FieldReader(body)
        var values = settings.values
        if let title = try fields.text("sd_model_checkpoint"), !title.isEmpty {
            let name = WebUISettings.name(ofModelTitled: title)
            guard models.contains(where: { $0.name == name }) else {
                let known = models.map(\.name).joined(separator: ", ")
                throw Refusal(
                    .unprocessableContent,
                    "there is no model \(name.prefix(80)); \(known.isEmpty ? "none is installed" : "there are \(known)")",
                    field: "sd_model_checkpoint")
            }
            values.model = name
        }
        if let skip = try fields.whole("CLIP_stop_at_last_layers") {
            guard (1...12).contains(skip) else { throw FieldReader.wrong("CLIP_stop_at_last_layers", "from 1 to 12") }
            // 1 is what it is without a word, too; models that want another layer are given it then.
            values.clipSkip = skip == 1 ? nil : skip
        }
        let fixed: [String: JSONValue] = ["sd_vae": .text("Automatic"), "samples_format": .text("png"), "enable_pnginfo": .flag(true)]
        for name in fields.names {
            guard let value = fields.take(name), value != fixed[name], !(fixed[name] == nil && value.isOff) else { continue }
            throw Refusal(.unprocessableContent, "\(name.prefix(80)) cannot be set here", field: String(name.prefix(80)))
        }
        settings.change { $0 = values }
    }
}

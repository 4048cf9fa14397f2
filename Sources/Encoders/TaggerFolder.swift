import Checkpoints
import FoundationEssentials
import Pixels
import Tensors

/// A tagger's folder as it was downloaded, read but for its weights: whose layout it is is told by its files.
struct TaggerFolder: Sendable {
    let labels: [(name: String, category: LabelCategory)]
    let preparation: PicturePreparation
    /// From where on its authors count a label.
    let thresholds: LabelThresholds
    let weights: [URL]
    /// What decides an answer besides the weights.
    let lists: [URL]
    let tower: @Sendable (Weights) throws -> any TaggerTower

    /// - Throws: ``EncoderError/notATagger(path:found:instead:)`` for a folder of no layout that is read.
    init(_ directory: URL) throws {
        guard let listed = try? FileManager.default.contentsOfDirectory(atPath: directory.path) else {
            throw EncoderError.notATagger(
                path: directory.path, found: nil,
                instead: "name the folder of a WD (version 3), JoyTag or PixAI tagger as it was downloaded")
        }
        let names = Set(listed)
        func url(_ name: String) -> URL { directory.appendingPathComponent(name) }
        let pixAI = names.filter { $0.hasPrefix("tags_") && $0.hasSuffix(".json") }.sorted().first
        let hasConfiguration = names.contains("config.json")
        let isKnown = hasConfiguration && (names.contains("selected_tags.csv") || names.contains("top_tags.txt")) || pixAI != nil
        guard isKnown, !Self.isCamie(names), names.contains(where: { $0.hasSuffix(".safetensors") || $0.hasSuffix(".index.json") }) else {
            throw Self.refusal(directory, names, isKnown: isKnown)
        }
        if let pixAI {
            try self.init(pixAI: directory, tags: url(pixAI), names)
        } else if names.contains("top_tags.txt") {
            try self.init(joyTag: url("config.json"), tags: url("top_tags.txt"), weights: ModelFiles.files(in: directory))
        } else {
            try self.init(timm: url("config.json"), tags: url("selected_tags.csv"), weights: ModelFiles.files(in: directory))
        }
    }

    private init(timm configurationFile: URL, tags: URL, weights: [URL]) throws {
        labels = try LabelList.read(tags)
        let configuration = try TaggerConfiguration(file: configurationFile, labels: labels.count)
        preparation = PicturePreparation(
            padsToSquare: true, fitting: .squashed(width: configuration.side, height: configuration.side), filter: .bicubic, crop: nil,
            mean: configuration.mean, deviation: configuration.deviation, bgr: true)
        thresholds = .fixed()
        (self.weights, lists) = (weights, [tags, configurationFile])
        tower = { try configuration.tower($0) }
    }

    /// fpgaminer's JoyTag. Source: its `Models.py` and the example of its README.
    private init(joyTag configurationFile: URL, tags: URL, weights: [URL]) throws {
        labels = try LabelList.plain(tags).map { ($0, .general) }
        let configuration = try JoyTagConfiguration(file: configurationFile, labels: labels.count)
        preparation = PicturePreparation(
            padsToSquare: true, fitting: .squashed(width: configuration.side, height: configuration.side), filter: .bicubic, crop: nil,
            mean: PicturePreparation.openAIMean, deviation: PicturePreparation.openAIDeviation)
        thresholds = .fixed(general: 0.4, character: 0.4)
        (self.weights, lists) = (weights, [tags, configurationFile])
        tower = { try JoyTagTower($0, configuration) }
    }

    /// PixAI's tagger: WD's EVA-02 without its head, and a head of its own behind it. Source: the `handler.py` beside the model.
    private init(pixAI directory: URL, tags: URL, _ names: Set<String>) throws {
        labels = try LabelList.mapped(tags)
        // Whoever converts it keeps the pickle's name, `model_v0.9`.
        let file = names.filter { $0.hasPrefix("model") && $0.hasSuffix(".safetensors") }.sorted().first
        weights = try ModelFiles.files(in: directory, preferring: file)
        lists = [tags]
        // The folder has no configuration: the encoder is always the same one, of squares whose side the positions tell.
        let header = try Weights(files: weights.map { try SafetensorsFile($0) })
        let configuration = try TaggerConfiguration(pixAI: header["0"], path: weights[0].path, labels: labels.count)
        preparation = PicturePreparation(
            fitting: .squashed(width: configuration.side, height: configuration.side), filter: .bilinear, crop: nil,
            mean: configuration.mean, deviation: configuration.deviation)
        thresholds = .fixed(general: 0.3, character: 0.85)
        tower = { weights in
            let tower = try EVATagger(weights["0"], head: weights["1"]["head"][0], configuration)
            try weights.requireAllRead()
            return tower
        }
    }

    // MARK: What is no tagger here

    private static func isCamie(_ names: Set<String>) -> Bool {
        names.contains { $0.lowercased().hasPrefix("camie") } || names.contains("model_initial_only.pt")
            || names.contains("model_refined.pt")
    }

    private static let instead = "take one that is: SmilingWolf/wd-vit-tagger-v3 or another WD tagger of version 3, or fancyfeast/joytag"

    private static func refusal(_ directory: URL, _ names: Set<String>, isKnown: Bool) -> EncoderError {
        func refusal(_ found: String, _ instead: String) -> EncoderError {
            .notATagger(path: directory.path, found: found, instead: instead)
        }
        if isCamie(names) {
            return refusal("the files of a Camie tagger, whose network (a second stage over its own labels) is not run here", instead)
        }
        let shown = names.filter { !$0.hasPrefix(".") }.sorted()
        if let pickle = shown.first(where: { name in [".pth", ".pt", ".bin", ".ckpt"].contains { name.hasSuffix($0) } }) {
            return refusal(
                "its weights in \(pickle), which may run programs when it is opened, so it is not",
                isKnown ? "fetch model.safetensors of it, or convert the file" : Self.instead)
        }
        if let onnx = shown.first(where: { $0.hasSuffix(".onnx") }) {
            // WD's versions 1 and 2, and everything that was only ever converted, have nothing else.
            return refusal(
                "its weights only as ONNX (\(onnx)), which is not read",
                isKnown ? "fetch model.safetensors of the same tagger into the folder, or \(Self.instead)" : Self.instead)
        }
        if isKnown { return refusal("no weights", "fetch model.safetensors of it, too") }
        let listed = shown.isEmpty ? "no files" : shown.prefix(8).joined(separator: ", ") + (shown.count > 8 ? ", …" : "")
        return refusal(listed, "name the folder of a WD (version 3), JoyTag or PixAI tagger as it was downloaded")
    }
}

import Foundation

/// What is loaded with a model.
public struct PipelineOptions: Sendable, Equatable {
    /// LoRA files to add to the weights, in this order.
    public var adaptations: [Adaptation]
    /// Textual inversions that prompts may call by name.
    public var embeddings: [URL]
    /// OpenAI's list of byte pairs, for models that bring no tokenizer: single files.
    public var merges: URL?
    /// How weights are held. `auto`: as the file has them where it is large, which changes no number; `bf16`: in two bytes a number, which
    /// rounds what the file has in four.
    public var precision = GenerationRequest.Precision.auto

    public init(adaptations: [Adaptation] = [], embeddings: [URL] = [], merges: URL? = nil) {
        self.adaptations = adaptations
        self.embeddings = embeddings
        self.merges = merges
    }

    /// What prompts call, looked up.
    ///
    /// - Parameters:
    ///   - prompts: with tags as `<lora:name:0.8>` or `<lora:name:unet multiplier:text multiplier>`, and names of textual inversions.
    ///   - precision: how weights are held.
    ///   - folders: searched in this order for `loras/name.safetensors` and `embeddings/name.safetensors`. A tag may also hold a path.
    /// - Throws: `DiffusionError.unknownAdaptation`, with the names that are there.
    public init(prompts: [String], folders: [URL], merges: URL?, precision: GenerationRequest.Precision = .auto) throws {
        self.init(merges: merges)
        self.precision = precision
        for tag in prompts.flatMap({ PromptTags($0).adaptations }) where !adaptations.contains(where: { $0.name == tag.name }) {
            let path = URL(fileURLWithPath: NSString(string: tag.name).expandingTildeInPath)
            let places = folders.map { $0.appendingPathComponent("loras/\(tag.name).safetensors") } + [path]
            guard let file = places.first(where: { Self.isFile($0) }) else {
                let known = folders.flatMap { Self.names(in: $0.appendingPathComponent("loras")) }
                throw DiffusionError.unknownAdaptation(name: tag.name, known: known)
            }
            adaptations.append(Adaptation(name: tag.name, file: file, multiplier: tag.unet, textMultiplier: tag.text))
        }
        var seen: Set<String> = []
        for folder in folders.map({ $0.appendingPathComponent("embeddings") }) {
            for name in Self.names(in: folder) where prompts.contains(where: { $0.contains(name) }) && seen.insert(name).inserted {
                embeddings.append(folder.appendingPathComponent("\(name).safetensors"))
            }
        }
    }

    private static func isFile(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && !isFolder.boolValue
    }

    private static func names(in folder: URL) -> [String] {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return files.filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(".safetensors".count)) }.sorted()
    }
}

/// A prompt and the LoRA files it calls: `<lora:name>`, `<lora:name:0.8>`, `<lora:name:0.8:0.5>` (UNet, then text encoder).
public struct PromptTags: Sendable, Equatable {
    public struct Tag: Sendable, Equatable {
        public var name: String
        public var unet: Float
        public var text: Float
    }

    /// The prompt without the tags.
    public private(set) var text = ""
    public private(set) var adaptations: [Tag] = []

    /// A tag whose multipliers are no numbers stays part of the text.
    public init(_ prompt: String) {
        var rest = prompt[...]
        while let start = rest.range(of: "<lora:") {
            guard let end = rest[start.upperBound...].firstIndex(of: ">") else { break }
            let fields = rest[start.upperBound..<end].split(separator: ":", omittingEmptySubsequences: false).map {
                $0.trimmingCharacters(in: .whitespaces)
            }
            let numbers = fields.dropFirst().map { Float($0) }
            text += rest[..<start.lowerBound]
            if let name = fields.first, !name.isEmpty, numbers.count <= 2, numbers.allSatisfy({ $0?.isFinite == true }) {
                let unet = numbers.first.flatMap { $0 } ?? 1
                adaptations.append(Tag(name: name, unet: unet, text: numbers.count == 2 ? numbers.last.flatMap { $0 } ?? unet : unet))
            } else {
                text += rest[start.lowerBound...end]
            }
            rest = rest[rest.index(after: end)...]
        }
        text += rest
    }
}

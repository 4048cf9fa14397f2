import FoundationEssentials

/// The beginning of a GGUF file, as far as it tells whose weights it holds. Every length in it is checked against what was read.
package struct GGUFHeader {
    /// `general.architecture`; nil where the file has none, as those of stable-diffusion.cpp.
    private let architecture: String?
    /// Of the first tensors.
    private let tensors: [String]

    /// Bytes that are read: the architecture stands among the first entries.
    static let read = 1 << 16
    private static let mostEntries = 1_024

    package init?(contentsOf url: URL) {
        guard let mapping = try? MappedFile(path: url.path) else { return nil }
        self.init(Array(mapping.bytes.prefix(Self.read)))
    }

    package init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard bytes.starts(with: Array("GGUF".utf8)), reader.skip(8), let count = reader.number(8), let entries = reader.number(8) else {
            return nil
        }
        var architecture: String?
        for _ in 0..<min(entries, Self.mostEntries) {
            guard let key = reader.text(), let type = reader.number(4) else { break }
            if key == "general.architecture", type == Reader.textType {
                architecture = reader.text()
                break
            }
            guard reader.skipValue(of: type) else { break }
        }
        var tensors: [String] = []
        while architecture == nil, tensors.count < min(count, Self.mostEntries), let name = reader.text() {
            tensors.append(name)
            // Its dimensions, their extents, the type of its numbers and where they lie.
            guard let rank = reader.number(4), rank <= 8, reader.skip(8 * rank + 12) else { break }
        }
        if architecture == nil, tensors.isEmpty { return nil }
        (self.architecture, self.tensors) = (architecture, tensors)
    }

    /// The model's family, in words; nil where nothing tells.
    package var family: String? {
        if let architecture { return Self.families[architecture] ?? architecture }
        func any(_ parts: String...) -> Bool { tensors.contains { name in parts.contains { name.contains($0) } } }
        if any("double_blocks.", "single_blocks.") { return "Flux.1" }
        if any("joint_blocks.") { return "SD 3" }
        if any("conditioner.embedders.", "label_emb.") { return "SDXL" }
        return any("input_blocks.", "cond_stage_model.") ? "SD 1.5" : nil
    }

    package var isTextEncoder: Bool {
        ["t5", "llama", "qwen2", "qwen3", "gemma", "mistral", "clip"].contains { architecture?.hasPrefix($0) == true }
    }

    /// What it is and what to do, for the words behind "it is".
    var told: (name: String, instead: String) {
        guard let family else { return ("a GGUF file", "which is not read; take the same model as .safetensors") }
        let own = architecture.map { $0 == family ? "" : " (architecture \($0))" } ?? ""
        if isTextEncoder { return ("a GGUF file of the text encoder \(family)\(own)", "which is not read; take it as .safetensors") }
        let runs = ["SD 1.5", "SDXL"].contains(family)
        return (
            "a GGUF file of \(family)\(own)",
            runs
                ? "a format that is not read; take the same model as .safetensors"
                : "a family that is not run here in any format; take a model of SD 1.5, SD 2 or SDXL as .safetensors"
        )
    }

    private static let families = [
        "flux": "Flux.1", "sd1": "SD 1.5", "sdxl": "SDXL", "sd3": "SD 3", "aura": "AuraFlow", "ltxv": "LTX-Video",
        "hyvid": "HunyuanVideo",
        "wan": "Wan (video)", "hidream": "HiDream", "cosmos": "Cosmos", "lumina2": "Lumina 2 or Z-Image", "qwen_image": "Qwen-Image",
        "t5": "T5", "t5encoder": "T5", "llama": "Llama", "qwen2": "Qwen 2", "qwen2vl": "Qwen 2 VL", "qwen3": "Qwen 3",
        "gemma2": "Gemma 2",
        "gemma3": "Gemma 3", "mistral3": "Mistral 3",
    ]
}

/// Numbers and texts one after the other, in little endian.
private struct Reader {
    let bytes: [UInt8]
    var place = 0

    static let (textType, listType) = (8, 9)
    /// Bytes of a value of each type; texts and lists apart.
    private static let sizes = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8]

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, count <= bytes.count - place else { return false }
        place += count
        return true
    }

    mutating func number(_ size: Int) -> Int? {
        guard size <= bytes.count - place else { return nil }
        defer { place += size }
        return Int(exactly: (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) })
    }

    mutating func text() -> String? {
        guard let length = number(8), length <= bytes.count - place else { return nil }
        defer { place += length }
        return String(decoding: bytes[place..<place + length], as: UTF8.self)
    }

    mutating func skipValue(of type: Int) -> Bool {
        if type == Self.textType { return text() != nil }
        guard type == Self.listType else { return Self.sizes[type].map { skip($0) } ?? false }
        guard let inner = number(4), let count = number(8) else { return false }
        if let size = Self.sizes[inner] {
            let (length, overflow) = size.multipliedReportingOverflow(by: count)
            return !overflow && skip(length)
        }
        guard inner == Self.textType else { return false }
        for _ in 0..<count { guard text() != nil else { return false } }
        return true
    }
}

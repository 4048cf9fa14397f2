import Checkpoints
import Foundation

/// The beginning of a GGUF file, as far as it tells whose weights it holds. Every length in it is checked against what was read.
struct GGUFHeader {
    /// `general.architecture`.
    let architecture: String

    /// Bytes that are read: the architecture stands among the first entries.
    private static let read = 1 << 16

    init?(contentsOf url: URL) {
        guard let handle = try? FileHandle(forReadingFrom: url), let data = try? handle.read(upToCount: Self.read) else { return nil }
        self.init([UInt8](data))
    }

    init?(_ bytes: [UInt8]) {
        guard bytes.starts(with: Array("GGUF".utf8)) else { return nil }
        var place = 8
        func number(_ size: Int) -> Int? {
            guard place + size <= bytes.count else { return nil }
            defer { place += size }
            return Int(exactly: (0..<size).reduce(UInt64(0)) { $0 | UInt64(bytes[place + $1]) << (8 * UInt64($1)) })
        }
        func text() -> String? {
            guard let length = number(8), length <= bytes.count - place else { return nil }
            defer { place += length }
            return String(decoding: bytes[place..<place + length], as: UTF8.self)
        }
        guard number(8) != nil, let entries = number(8) else { return nil }
        /// Bytes of a value of each type; texts and lists apart.
        let sizes = [0: 1, 1: 1, 2: 2, 3: 2, 4: 4, 5: 4, 6: 4, 7: 1, 10: 8, 11: 8, 12: 8]
        for _ in 0..<min(entries, 64) {
            guard let key = text(), let type = number(4) else { return nil }
            if type == 8 {
                guard let value = text() else { return nil }
                if key == "general.architecture" {
                    architecture = value
                    return
                }
            } else if let size = sizes[type] {
                place += size
            } else {
                return nil
            }
        }
        return nil
    }

    var family: String {
        let known = [
            "flux": "Flux.1", "sd1": "SD 1.5", "sdxl": "SDXL", "sd3": "SD 3", "aura": "AuraFlow", "ltxv": "LTX-Video",
            "hyvid": "HunyuanVideo",
            "wan": "Wan (video)", "hidream": "HiDream", "cosmos": "Cosmos", "lumina2": "Lumina 2 or Z-Image", "qwen_image": "Qwen-Image",
            "t5": "T5", "t5encoder": "T5", "llama": "Llama", "qwen2": "Qwen 2", "qwen2vl": "Qwen 2 VL", "qwen3": "Qwen 3",
            "gemma2": "Gemma 2",
            "gemma3": "Gemma 3", "mistral3": "Mistral 3",
        ]
        return known[architecture] ?? architecture
    }

    var kind: FileIdentity.Kind {
        let readers = ["t5", "llama", "qwen2", "qwen3", "gemma", "mistral", "clip"]
        return readers.contains { architecture.hasPrefix($0) } ? .textEncoder : .network
    }
}

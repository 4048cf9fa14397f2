import Foundation
import Studio

/// Sound files of the kinds that the fixtures have none of, written to be changed.
enum WrittenSamples {
    private static func write(_ texts: [String: String], _ kind: String, _ made: URL) throws -> [URL] {
        let folder = made.appendingPathComponent(kind)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try texts.sorted { $0.key < $1.key }.map { name, text in
            let file = folder.appendingPathComponent(name)
            try Data(text.utf8).write(to: file)
            return file
        }
    }

    static func styles(_ made: URL) throws -> [URL] {
        try write(
            [
                "styles.csv": """
                name,prompt,negative_prompt
                Ink,"{prompt}, ink drawing, ""bold"" lines",photo
                "Oil, thick","{prompt}, oil painting
                on canvas",
                None,,

                """,
                "old.csv": "name,text\r\nSoft,\"soft light, haze\"\r\n",
            ], "styles", made)
    }

    static func settings(_ made: URL) throws -> [URL] {
        try write(
            [
                "config.toml": """
                # What I like.
                model = "redraw-small"
                steps = 20
                guidance = 7.5
                engine = ["http://127.0.0.1:7860", "builtin"]
                threads = 2

                [preset.ink]
                prompt = "ink \\"drawing\\", {a|b}"
                strength = 0.55 # not too much
                size = "512x384"
                seed = 7

                [preset."oil, thick"]
                negative = "photo"
                """
            ], "settings", made)
    }

    static func wildcards(_ made: URL) throws -> [URL] {
        try write(
            [
                "animals.txt": "# animals\ncat\n3::dog\n{red|blue} bird\n__animals__ and __animals__\n{2-3$$ and $$fox|hare|owl}\n\n",
                "nested.txt": "{a|{b|{c|__*__}}}\n__sub/*__\n__**__\n",
            ], "wildcards", made)
    }

    static func wishes(_ made: URL) throws -> [URL] {
        try write(
            [
                "paint.json": """
                {"mode": "paint", "prompt": "a cat", "negative": "blurry", "steps": 20, "guidance": 7.5, "seed": 18446744073709551615,
                 "size": "512x384", "sampler": "dpmpp-2m", "count": 4, "model": "redraw-small", "strengths": [0.2, 0.4]}
                """,
                "repaint.json":
                    #"{"picture": 7, "mask": "\#(String(repeating: "a", count: 64))", "strength": 0.9, "grow": 12, "feather": 8.5}"#,
            ], "wishes", made)
    }

    static func listings(_ made: URL) throws -> [URL] {
        let digest = String(repeating: "0a", count: 32)
        func file(_ path: String, _ size: Int) -> String {
            #"{"type": "file", "path": "\#(path)", "size": \#(size), "lfs": {"oid": "sha256:\#(digest)", "size": \#(size)}}"#
        }
        let folder = [
            "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors", "unet/config.json",
            "vae/config.json", "vae/diffusion_pytorch_model-00001-of-00002.safetensors",
            "vae/diffusion_pytorch_model.safetensors.index.json",
            "model_index.json", "tokenizer/vocab.json", "../outside", "scheduler/scheduler_config.json",
        ].enumerated().map { file($1, 1000 + $0) }
        return try write(
            [
                "folder.json": "[" + folder.joined(separator: ",\n") + #", {"type": "directory", "path": "unet"}]"#,
                "file.json": "[" + file("model.safetensors", 4_000_000_000) + "]",
            ], "listings", made)
    }

    static func photoshopBlocks(_ made: URL) throws -> [URL] {
        func resource(_ id: UInt16, _ content: [UInt8]) -> [UInt8] {
            let length = (0..<4).map { UInt8(truncatingIfNeeded: content.count >> (24 - 8 * $0)) }
            return Array("8BIM".utf8) + [UInt8(id >> 8), UInt8(id & 255), 0, 0] + length + content + (content.count % 2 == 0 ? [] : [0])
        }
        func field(_ number: UInt8, _ text: String) -> [UInt8] {
            [0x1C, 2, number, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
        }
        let record = [0x1C, 1, 90, 0, 3, 0x1B, 0x25, 0x47] + field(25, "cat") + field(25, "a red house") + field(120, "a caption")
        let folder = made.appendingPathComponent("iptc")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let file = folder.appendingPathComponent("block.bin")
        try Data(resource(0x0404, record) + resource(0x0425, [UInt8](repeating: 7, count: 16)) + resource(0x03ED, [0, 72, 0, 1])).write(
            to: file)
        return [file]
    }
}

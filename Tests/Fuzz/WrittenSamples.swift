import Checkpoints
import Diffusion
import Foundation
import Studio
import TestSupport

/// Sound files of the kinds that the fixtures have none of, written to be changed.
enum WrittenSamples {
    private static func write(_ texts: [String: String], _ kind: String, _ made: URL) throws -> [URL] {
        try write(texts.mapValues { Array($0.utf8) }, kind, made)
    }

    /// The files, by their names, each written by whoever asks first: others may be reading it.
    static func write(_ samples: [String: [UInt8]], _ kind: String, _ made: URL) throws -> [URL] {
        let folder = made.appendingPathComponent(kind)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        return try samples.sorted { $0.key < $1.key }.map { name, bytes in
            let file = folder.appendingPathComponent(name)
            if !FileManager.default.fileExists(atPath: file.path) { try Data(bytes).write(to: file, options: .atomic) }
            return file
        }
    }

    private static func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) } }

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
            let length = Array(little(content.count, 4).reversed())
            return Array("8BIM".utf8) + [UInt8(id >> 8), UInt8(id & 255), 0, 0] + length + content + (content.count % 2 == 0 ? [] : [0])
        }
        func field(_ number: UInt8, _ text: String) -> [UInt8] {
            [0x1C, 2, number, UInt8(text.utf8.count >> 8), UInt8(text.utf8.count & 255)] + Array(text.utf8)
        }
        let record = [0x1C, 1, 90, 0, 3, 0x1B, 0x25, 0x47] + field(25, "cat") + field(25, "a red house") + field(120, "a caption")
        let block = resource(0x0404, record) + resource(0x0425, [UInt8](repeating: 7, count: 16)) + resource(0x03ED, [0, 72, 0, 1])
        return try write(["block.bin": block], "iptc", made)
    }

    /// Redraw's own record of how a picture was made.
    static func records(_ made: URL) throws -> [URL] {
        var request = GenerationRequest(mode: .repaint, prompt: "a cat, {red|blue}", negative: "blurry", strength: 0.6, seed: 7)
        (request.model, request.width, request.height) = ("redraw-small", 512, 384)
        return try write(["record.txt": String(decoding: try JSONEncoder().encode(request), as: UTF8.self)], "records", made)
    }

    /// What is no safetensors file, as far as such files are looked at.
    static func foreignWeights(_ made: URL) throws -> [URL] {
        func text(_ text: String) -> [UInt8] { little(text.utf8.count, 8) + Array(text.utf8) }
        func tensor(_ name: String) -> [UInt8] { text(name) + little(2, 4) + little(320, 8) + little(4, 8) + little(8, 4) + little(0, 8) }
        let head = Array("GGUF".utf8) + little(3, 4)
        let list = text("tokenizer.ggml.tokens") + little(9, 4) + little(8, 4) + little(2, 8) + text("a") + text("bc")
        let numbers = text("some.numbers") + little(9, 4) + little(4, 4) + little(3, 8) + little(7, 12)
        let files: [String: [UInt8]] = [
            "told.gguf": head + little(1, 8) + little(3, 8) + numbers + list + text("general.architecture") + little(8, 4) + text("flux"),
            "bare.gguf": head + little(2, 8) + little(0, 8) + tensor("model.diffusion_model.input_blocks.0.0.weight")
                + tensor("label_emb.0"),
            "torch.ckpt": [0x50, 0x4B, 3, 4] + little(0, 22) + little(16, 2) + little(0, 2) + Array("archive/data.pkl".utf8),
            "old.pt": [0x80, 2, 0x8A, 0x0A, 0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19, 0x2E],
            "pointer.safetensors": Array("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 12\n".utf8),
            "page.safetensors": Array("<!DOCTYPE html><html><body>Log in</body></html>".utf8),
        ]
        return try write(files, "weights", made)
    }

    /// Bytes behind a header of ``headers(_:)`` and ``parts(_:)``: more than any of them tells of.
    private static let weightBytes = 64 << 20

    /// A safetensors file of a header and zeros, which take no room.
    static func weights(_ header: [UInt8], to place: URL) throws {
        try Data(little(header.count, 8) + header).write(to: place)
        guard truncate(place.path, 8 + header.count + weightBytes) == 0 else { throw Loopback.failure("no room for \(place.path)") }
    }

    /// A header that gives each tensor its place behind the one before.
    private static func header(_ shapes: [(name: String, shape: [Int])]) throws -> String {
        var (entries, end) = ([String: [String: Any]](), 0)
        for (name, shape) in shapes {
            let size = shape.reduce(2, *)
            entries[name] = ["dtype": "F16", "shape": shape, "data_offsets": [end, end + size]]
            end += size
        }
        precondition(end < weightBytes && !entries.isEmpty, "a header of \(entries.count) tensors and \(end) bytes")
        let data = try JSONSerialization.data(withJSONObject: entries, options: [.sortedKeys, .withoutEscapingSlashes])
        return String(decoding: data, as: UTF8.self)
    }

    private static func json(_ name: String) throws -> [String: Any] {
        let data = try Data(contentsOf: fixture("families/\(name).json", room: "Diffusion"))
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    private static func tensors(_ part: String, _ models: [String: Any]) -> [String: [Int]] {
        (models[part] as? [String: Any])?["tensors"] as? [String: [Int]] ?? [:]
    }

    /// Headers of parts that can be given for a model's own.
    static func parts(_ made: URL) throws -> [URL] {
        let models = try json("models")
        let tiny = try SafetensorsFile(fixture("tiny-autoencoder.safetensors", room: "Diffusion"))
        func sorted(_ shapes: [String: [Int]]) -> [(name: String, shape: [Int])] {
            shapes.sorted { $0.key < $1.key }.map { (name: $0.key, shape: $0.value) }
        }
        return try write(
            [
                "vae.json": header(sorted(tensors("vae.standard", models))),
                "text.json": header(sorted(tensors("text_encoder.sd1", models))),
                "open.json": header(sorted(tensors("text_encoder.sd2", models))),
                "tiny.json": header(try tiny.names.map { (name: $0, shape: try tiny.shape(of: $0).dimensions) }),
            ], "parts", made)
    }

    /// The headers of whole models in a single file, of every family that is run, of the tests' own small shapes.
    static func headers(_ made: URL) throws -> [URL] {
        let (files, models) = (try json("files"), try json("models"))
        var headers: [String: String] = [:]
        for (family, listed) in files {
            guard let recipe = listed as? [String: Any], recipe["like"] == nil else { continue }
            var shapes: [String: [Int]] = [:]
            for (component, part) in [
                ("unet", "unet.\(family)"), ("vae", "vae.standard"), ("text_encoder", "text_encoder.\(family)"),
                ("text_encoder_2", "text_encoder_2.\(family)"),
            ] {
                for (name, shape) in tensors(part, models) { shapes["\(component).\(name)"] = shape }
            }
            let found = recipe.sorted { $0.key < $1.key }.compactMap { name, sources in
                (sources as? [Any]).flatMap { shape(of: $0, shapes) }.map { (name: name, shape: $0) }
            }
            precondition(found.count > 100, "\(family) is no whole model")
            headers["\(family).json"] = try header(found)
        }
        return try write(headers, "headers", made)
    }

    /// The shape of what is put together of other tensors as `files.json` says; nil for what is none.
    private static func shape(of sources: [Any], _ shapes: [String: [Int]]) -> [Int]? {
        if sources.first as? String == "values" { return sources.dropFirst().compactMap { $0 as? Int } }
        let parts = sources.compactMap { $0 as? String }
        let found = parts.compactMap { shapes[$0] }
        guard var shape = found.first, !shape.isEmpty else { return nil }
        shape[0] = found.reduce(0) { $0 + ($1.first ?? 0) }
        if parts.contains("transposed") { shape.reverse() }
        return parts.contains("4d") ? shape + [1, 1] : shape
    }
}

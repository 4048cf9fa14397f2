import Foundation
import TestSupport
import Testing

/// `models identify`, `add`, `show` and `remove`, through the built program.
@Suite struct ModelFilesTests {
    private let tool: Tool

    init() throws {
        tool = try Tool()
    }

    /// A safetensors file of zeros.
    private func weights(_ name: String, _ tensors: [(String, [Int])], metadata: [String: String] = [:]) throws -> String {
        let url = URL(fileURLWithPath: tool.path(name))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Tool.weights(tensors, metadata: metadata).write(to: url)
        return url.path
    }

    private static let lora: [(String, [Int])] = [
        ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 2048])
    ]
    private static let flux: [(String, [Int])] = [("double_blocks.0.img_attn.qkv.weight", [8]), ("single_blocks.0.linear1.weight", [8])]
    private static let checkpoint: [(String, [Int])] = [
        ("model.diffusion_model.input_blocks.0.0.weight", [8, 4, 3, 3]),
        ("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [8, 768]),
        ("first_stage_model.decoder.conv_in.weight", [8, 4, 3, 3]), ("cond_stage_model.transformer.x.weight", [8]),
    ]

    private func sum(_ file: String) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/sha256sum")
        process.arguments = [file]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        return String(decoding: output.fileHandleForReading.readDataToEndOfFile().prefix(64), as: UTF8.self)
    }

    @Test func aFileIsToldWithTheHashesThatToolsKnowItBy() throws {
        let file = try weights(
            "hat.safetensors", Self.lora + [("more", [700_000])], metadata: ["ss_tag_frequency": #"{"a": {"ohwx hat": 9}}"#])
        let told = try tool.run("models", "identify", file)
        #expect(told.status == 0, "\(told.errors)")
        for part in ["LoRA, SDXL", "<lora:name:0.8>", "rank        4", "ohwx hat"] { #expect(told.output.contains(part), "\(told.output)") }
        let outcome = try tool.run("models", "identify", "--json", file)
        let reports = try #require(try JSONSerialization.jsonObject(with: Data(outcome.output.utf8)) as? [[String: Any]])
        let digests = try #require(reports.first?["digests"] as? [String: Any])
        let whole = try sum(file)
        #expect(digests["sha256"] as? String == whole && digests["autoV2"] as? String == String(whole.prefix(10)))
        let data = try Data(contentsOf: URL(fileURLWithPath: file))
        let header = Int(data.prefix(8).withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) })
        for (name, part) in [("autoV3", data.dropFirst(8 + header)), ("short", data.dropFirst(0x100000).prefix(0x10000))] {
            try part.write(to: URL(fileURLWithPath: tool.path(name)))
            let expected = try sum(tool.path(name)).prefix(name == "short" ? 8 : 12)
            #expect(digests[name] as? String == String(expected), "\(name)")
        }
        #expect(try tool.run("models", "identify", "--no-hash", file).output.contains("SHA-256") == false)
    }

    @Test func whatCannotBeRunIsToldByName() throws {
        let file = try weights("unknown.safetensors", Self.flux)
        let told = try tool.run("models", "identify", "--no-hash", file)
        #expect(told.status == 0 && told.output.contains("network, Flux.1 schnell") && told.output.contains("not run"), "\(told.output)")
        let pickle = tool.path("old.ckpt")
        try Data([0x50, 0x4B, 3, 4] + [UInt8](repeating: 0, count: 60)).write(to: URL(fileURLWithPath: pickle))
        let gone = tool.path("gone")
        let several = try tool.run("models", "identify", "--no-hash", pickle, gone, file)
        #expect(several.status == 1 && several.output.contains("pickle") && several.output.contains("Flux"), "\(several.output)")
        #expect(several.errors.contains("gone: there is no such file"), "\(several.errors)")
        #expect(several.errors.hasPrefix("redraw: ") && !several.output.contains("0 in"), "\(several)")
    }

    @Test func whatIsNotHereIsToldWithTheWayToGetIt() throws {
        let known = try tool.run("models", "show", "sdxl").output
        #expect(known.contains("here        no; redraw models pull sdxl") && known.contains("to fetch    about 6.9 GB"), "\(known)")
        #expect(known.contains("pictures    1024x1024 and the 40 other sizes") && known.contains("prompts     as a phrase"), "\(known)")
        #expect(try tool.run("models", "list").output.contains("(6.9 GB)"))
        let pony = try tool.run("models", "show", "pony-diffusion-v6-xl").output
        #expect(pony.contains("as tags, with score_9, score_8_up") && pony.split(separator: "\n").allSatisfy { $0.count <= 110 }, "\(pony)")
        let elsewhere = try tool.run("models", "show", "flux2-klein-4b").output
        #expect(elsewhere.contains("--engine") && elsewhere.contains("sides from 256 to 2048 in steps of 16"), "\(elsewhere)")
        #expect(try !tool.run("models", "show", "redraw-small").output.contains("pull"))
    }

    @Test func aPathIsChecked() throws {
        let sound = try weights("folder/hat.safetensors", Self.lora)
        let checked = try tool.run("models", "check", sound)
        #expect(checked.status == 0 && checked.output.contains("as it should be"), "\(checked)")
        #expect(try tool.run("models", "check", tool.path("folder")).status == 0)
        var bytes = try Data(contentsOf: URL(fileURLWithPath: sound))
        bytes.replaceSubrange(bytes.count - 2..<bytes.count, with: [0, 0x7E])
        try bytes.write(to: URL(fileURLWithPath: tool.path("folder/broken.safetensors")))
        try bytes.dropLast(4).write(to: URL(fileURLWithPath: tool.path("folder/short.safetensors")))
        let broken = try tool.run("models", "check", tool.path("folder"))
        #expect(broken.status == 1, "\(broken)")
        for said in ["broken.safetensors", "no numbers", "short.safetensors"] { #expect(broken.output.contains(said), "\(broken)") }
        let model = try tool.run("models", "check", try weights("model.safetensors", Self.checkpoint))
        #expect(model.status == 1 && model.output.contains("model.safetensors"), "\(model)")
        let flux = try tool.run("models", "check", try weights("flux.safetensors", Self.flux))
        #expect(flux.status == 1 && flux.output.contains("not run here"), "\(flux)")
        #expect(try tool.run("models", "check", tool.path("nowhere.safetensors")).status == 1)
    }

    @Test func aTreeIsRegisteredWithoutBeingCopied() throws {
        let checkpoint = try weights("tree/checkpoints/photoreal.safetensors", Self.checkpoint)
        _ = try weights("tree/loras/styles/hat.safetensors", Self.lora)
        _ = try weights("tree/unet/flux.safetensors", Self.flux)
        _ = try weights("tree/embeddings/bad.safetensors", [("emb_params", [2, 768])])
        _ = try weights(
            "tree/vae/soft.safetensors", [("decoder.conv_in.weight", [8, 4, 3, 3]), ("encoder.conv_in.weight", [8, 3, 3, 3])])
        _ = try weights("tree/clip/clip_l.safetensors", [("text_model.embeddings.token_embedding.weight", [8, 768])])
        let added = try tool.run("models", "add", tool.path("tree"))
        #expect(added.status == 0, "\(added.errors)")
        for part in [
            "added photoreal (checkpoint, SD 1.5): --model photoreal", "added hat (LoRA, SDXL): in the prompt: <lora:hat:0.8>",
            "added bad (textual inversion, SD 1.5)", "added soft (autoencoder, SD 1.5, SD 2 or SDXL): --vae soft",
            "added clip_l (text encoder, CLIP L): --text-encoder clip_l", "skipped",
        ] { #expect(added.output.contains(part), "\(added.output)") }
        let list = try tool.run("models", "list").output
        #expect(list.contains("photoreal") && list.contains("textual inversion  ") && !list.contains(" – \n"), "\(list)")
        #expect(try tool.run("models", "show", "photoreal").output.contains("SD 1.5"))
        // It is used from where it lies: what is wrong with it is said of that file.
        let used = try tool.run("paint", "a hat", "--model", "photoreal", "--size", "64x64", "--output", tool.path("x.png"))
        #expect(used.status == 1 && used.errors.contains("photoreal.safetensors") && !used.errors.contains("no model"), "\(used.errors)")
        let part = try tool.run(
            "paint", "a hat", "--model", "redraw-painter", "--vae", "soft", "--size", "64x64", "--output", tool.path("x.png"))
        #expect(part.status == 1 && part.errors.contains("soft.safetensors"), "\(part.errors)")
        #expect(try tool.run("models", "add", checkpoint).output.contains("known already"))
        let other = try weights("other/photoreal.safetensors", Self.checkpoint)
        let taken = try tool.run("models", "add", other)
        #expect(taken.status == 1 && taken.output.contains("is taken by"), "\(taken.output)")
        #expect(try tool.run("models", "add", other, "--name", "second").output.contains("--model second"))
        #expect(try tool.run("models", "add", other, "--name", "../x").status == 1)
        let removed = try tool.run("models", "remove", "photoreal", "hat")
        #expect(removed.status == 0 && FileManager.default.fileExists(atPath: checkpoint), "\(removed.errors)")
        #expect(try !tool.run("models", "list").output.contains("photoreal"))
        let again = try tool.run("models", "remove", "photoreal")
        #expect(again.status == 1 && again.errors.contains("There is no registered model photoreal"), "\(again.errors)")
    }
}

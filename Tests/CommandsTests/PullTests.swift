import Foundation
import TestSupport
import Testing

/// `models pull` from a hub on loopback, through the built program.
@Suite struct PullTests {
    private let tool: Tool
    private let servers = ServingProcesses()

    init() throws {
        tool = try Tool()
    }

    private func put(_ path: String, _ data: Data) throws {
        let url = URL(fileURLWithPath: tool.path("hub/" + path))
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try data.write(to: url)
    }

    private func hub(_ arguments: String...) throws -> [String: String] {
        let server = try servers.start(
            python: [fixture("hub_server.py", room: "Engines").path, tool.path("hub")] + arguments)
        return ["HF_ENDPOINT": server.address]
    }

    static let lora: [(String, [Int])] = [
        ("lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 768])
    ]

    @Test func aFileIsFetchedIdentifiedAndRegistered() throws {
        try put("owner/hats/hat.safetensors", try Tool.weights(Self.lora))
        try put("owner/hats/README.md", Data("hats".utf8))
        try put("owner/many/a.safetensors", try Tool.weights(Self.lora))
        try put("owner/many/b.safetensors", try Tool.weights(Self.lora))
        try put("owner/pickles/model.ckpt", Data(count: 2000))
        let environment = try hub("--fault", "cut", "--times", "2")
        let made = try tool.run("models", "pull", "owner/hats", environment: environment)
        #expect(made.status == 0 && made.output.contains("hat (LoRA, SD 1.5): in the prompt: <lora:hat:0.8>"), "\(made.errors)")
        #expect(try tool.run("models", "list").output.contains("hat"))
        let several = try tool.run("models", "pull", "owner/many", environment: environment)
        #expect(several.status == 1 && several.errors.contains("owner/many:a.safetensors"), "\(several.errors)")
        #expect(try tool.run("models", "pull", "owner/many:b.safetensors", environment: environment).status == 0)
        let pickles = try tool.run("models", "pull", "owner/pickles", environment: environment)
        #expect(pickles.status == 1 && pickles.errors.contains("holds no model"), "\(pickles.errors)")
        let gone = try tool.run("models", "pull", "owner/nobody", environment: environment)
        #expect(gone.status == 1 && gone.errors.contains("there is no such file"), "\(gone.errors)")
        let offline = try tool.run("models", "pull", "owner/hats", "--offline", environment: environment)
        #expect(offline.status == 1 && offline.errors.contains("nothing is fetched"))
        // Of a known model it is known what is missing, and one that is here needs nothing.
        let missing = try tool.run("models", "pull", "sd-turbo", "--offline", environment: environment)
        #expect(missing.status == 1 && missing.errors.contains("sd-turbo lacks ") && missing.errors.contains("nothing is fetched"))
        let here = try tool.run("models", "pull", "redraw-small", "--offline", environment: environment)
        #expect(here.status == 0 && here.output.contains("--model redraw-small"), "\(here)")
        // Reserved for names that there never are: RFC 6761.
        let nowhere = try tool.run("models", "pull", "owner/hats", environment: ["HF_ENDPOINT": "http://hub.invalid", "HTTP_PROXY": ""])
        #expect(nowhere.status == 1 && nowhere.errors.contains("cannot reach hub.invalid (its name is not known"), "\(nowhere.errors)")
        #expect(try tool.run("models", "pull", "nonsense", environment: environment).errors.contains("is neither a known model"))
    }

    @Test func ofAModelInPartsOnlyWhatIsNeededComes() throws {
        let part = try Tool.weights([("x", [600])])
        for file in [
            "unet/diffusion_pytorch_model.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors", "unet/diffusion_pytorch_model.bin",
            "vae/diffusion_pytorch_model.safetensors", "text_encoder/model.safetensors", "safety_checker/model.safetensors",
            "whole.safetensors",
        ] { try put("owner/parts/" + file, part) }
        for file in [
            "model_index.json", "unet/config.json", "vae/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json",
            "tokenizer/vocab.json", "tokenizer/merges.txt",
        ] {
            try put("owner/parts/" + file, Data("{}".utf8))
        }
        let made = try tool.run("models", "pull", "owner/parts", "--json", environment: try hub())
        #expect(made.status == 0, "\(made.errors)")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any])
        #expect(
            (report["files"] as? [String])?.sorted() == [
                "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json", "text_encoder/model.safetensors",
                "tokenizer/merges.txt", "tokenizer/vocab.json", "unet/config.json", "unet/diffusion_pytorch_model.fp16.safetensors",
                "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
            ])
        #expect(report["name"] as? String == "parts" && report["use"] as? String == "--model parts")
        #expect(try tool.run("models", "show", "parts").output.contains("generator"))
    }

    @Test func aFileThatIsNotWhatTheHubSaysIsNotKept() throws {
        try put("owner/hats/hat.safetensors", try Tool.weights(Self.lora))
        let made = try tool.run("models", "pull", "owner/hats", environment: try hub("--fault", "digest"))
        #expect(made.status == 1 && made.errors.contains("is not the file that was promised"), "\(made.errors)")
        #expect(try !tool.run("models", "list").output.contains("hat "))
    }
}

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Files told by nothing but their tensors' names and shapes: tiny ones with the names of the real.
@Suite struct FileIdentityTests {
    private let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
    }

    private func identity(
        _ tensors: [(String, [Int])], metadata: [String: String] = [:], called name: String = "file"
    ) throws -> FileIdentity {
        let url = folder.url.appendingPathComponent(name + ".safetensors")
        try SafetensorsFile.write(tensors: tensors.map { ($0.0, .zeros(Shape($0.1))) }, metadata: metadata, as: .f16, to: url)
        return try FileIdentity(file: url)
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let kind: FileIdentity.Kind
        let family: String?
        let runs: Bool
        let tensors: [(String, [Int])]

        init(_ kind: FileIdentity.Kind, _ family: String?, runs: Bool = false, _ tensors: [(String, [Int])]) {
            (self.kind, self.family, self.runs, self.tensors) = (kind, family, runs, tensors)
            testDescription = "\(kind.rawValue) \(family ?? "of no family")"
        }
    }

    /// A single file of the first releases: network, autoencoder, text encoder.
    private static func single(_ context: Int, channels: Int = 4, without part: String? = nil) -> [(String, [Int])] {
        let tensors: [(String, [Int])] = [
            ("model.diffusion_model.input_blocks.0.0.weight", [8, channels, 3, 3]),
            ("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [8, context]),
            ("model.diffusion_model.output_blocks.0.0.in_layers.0.weight", [8]),
            ("first_stage_model.decoder.conv_in.weight", [8, 4, 3, 3]), ("conditioner.embedders.0.transformer.x.weight", [8]),
        ]
        return tensors.filter { tensor in part.map { !tensor.0.hasPrefix($0) } ?? true }
    }

    static let cases: [Case] = [
        Case(.checkpoint, "SD 1.5", runs: true, single(768)), Case(.checkpoint, "SD 2", runs: true, single(1024)),
        Case(.checkpoint, "SDXL", runs: true, single(2048)), Case(.checkpoint, "SDXL refiner", single(1280)),
        Case(.network, "SDXL", runs: true, single(2048, without: "first_stage_model")),
        Case(
            .network, "SDXL", runs: true,
            [
                ("conv_in.weight", [8, 4, 3, 3]), ("time_embedding.linear_1.weight", [8]),
                ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", [8, 2048]),
            ]),
        Case(
            .network, "Redraw small",
            [
                ("conv_in.weight", [8, 6, 3, 3]), ("time_embedding.linear_1.weight", [8]),
                ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", [8, 384]),
            ]),
        Case(
            .network, nil,
            [
                ("conv_in.weight", [8, 4, 3, 3]), ("time_embedding.linear_1.weight", [8]),
                ("down_blocks.1.attentions.0.transformer_blocks.0.attn2.to_k.weight", [8, 384]),
            ]),
        Case(
            .network, "Flux.1 dev",
            [("double_blocks.0.img_attn.qkv.weight", [8]), ("single_blocks.0.linear1.weight", [8]), ("guidance_in.in_layer.weight", [8])]),
        Case(
            .network, "Flux.1 schnell",
            [
                ("model.diffusion_model.double_blocks.0.img_attn.qkv.weight", [8]),
                ("model.diffusion_model.single_blocks.0.linear1.weight", [8]),
            ]),
        Case(.network, "Flux.1", [("transformer_blocks.0.attn.to_q.weight", [8]), ("single_transformer_blocks.0.attn.to_q.weight", [8])]),
        Case(.network, "FLUX.2", [("double_stream_modulation_img.lin.weight", [8]), ("double_blocks.0.img_attn.qkv.weight", [8])]),
        Case(
            .network, "Chroma", [("distilled_guidance_layer.layers.0.in_layer.weight", [8]), ("double_blocks.0.img_attn.qkv.weight", [8])]),
        Case(.network, "SD 3", [("model.diffusion_model.joint_blocks.0.context_block.attn.qkv.weight", [8])]),
        Case(.network, "SD 3.5 medium", [("model.diffusion_model.joint_blocks.0.x_block.attn2.qkv.weight", [8])]),
        Case(.network, "Qwen-Image", [("transformer_blocks.0.img_mlp.net.0.proj.weight", [8]), ("txt_norm.weight", [8])]),
        Case(.network, "Z-Image", [("noise_refiner.0.attention.qkv.weight", [8]), ("x_pad_token", [8])]),
        Case(.network, "Lumina 2", [("noise_refiner.0.attention.qkv.weight", [8]), ("cap_embedder.1.weight", [8])]),
        Case(.network, "Wan (video)", [("blocks.0.cross_attn.k.weight", [8]), ("patch_embedding.weight", [8])]),
        Case(.network, "HunyuanVideo", [("txt_in.individual_token_refiner.blocks.0.x.weight", [8]), ("double_blocks.0.x.weight", [8])]),
        Case(.network, "AnimateDiff (video)", [("down_blocks.0.motion_modules.0.temporal_transformer.proj_in.weight", [8])]),
        Case(.textEncoder, "T5", [("encoder.block.0.layer.0.SelfAttention.k.weight", [8]), ("shared.weight", [32, 8])]),
        Case(
            .textEncoder, "CLIP L", runs: true,
            [("text_model.embeddings.token_embedding.weight", [4, 768]), ("text_model.encoder.layers.0.x.weight", [8])]),
        Case(.textEncoder, "a language model", [("model.layers.0.self_attn.q_proj.weight", [8]), ("model.embed_tokens.weight", [8])]),
        Case(
            .autoencoder, "SD 1.5, SD 2 or SDXL", runs: true, [("decoder.conv_in.weight", [8, 4, 3, 3]), ("encoder.conv_in.weight", [8])]),
        Case(.autoencoder, "Redraw small", [("decoder.conv_in.weight", [8, 6, 3, 3]), ("encoder.conv_in.weight", [8])]),
        Case(.autoencoder, "Flux.1 or SD 3", [("decoder.conv_in.weight", [8, 16, 3, 3])]),
        Case(
            .controlNet, "SD 1.5",
            [
                ("control_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [8, 768]),
                ("control_model.zero_convs.0.0.weight", [8]),
            ]),
        Case(.adapter, nil, [("ip_adapter.1.to_k_ip.weight", [8]), ("image_proj.proj.weight", [8])]),
        Case(.upscaler, nil, [("model.0.weight", [8]), ("model.1.sub.0.RDB1.conv1.0.weight", [8])]),
        Case(.embedding, "SD 1.5", runs: true, [("emb_params", [2, 768])]),
        Case(.embedding, "SDXL", runs: true, [("clip_l", [2, 768]), ("clip_g", [2, 1280])]),
        Case(.lora, "SDXL", runs: true, [("lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 2048])]),
        Case(
            .lora, "SD 1.5", runs: true,
            [("lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 768])]),
        Case(.lora, "SD 1.5", runs: true, [("unet.down_blocks.0.attentions.0.transformer_blocks.0.attn2.to_k.lora_A.weight", [4, 768])]),
        Case(.lora, "Flux.1", [("transformer.single_transformer_blocks.0.attn.to_q.lora_A.weight", [4, 3072])]),
        Case(.lora, "Qwen-Image", [("transformer.transformer_blocks.0.img_mlp.net.2.lora_A.weight", [4, 8])]),
        Case(.lora, "Wan (video)", [("diffusion_model.blocks.0.cross_attn.k.lora_A.weight", [4, 8])]),
        Case(.unknown, nil, [("something.else", [3])]),
    ]

    @Test(arguments: cases) func aFileIsToldByItsTensors(_ example: Case) throws {
        let identity = try identity(example.tensors)
        #expect(identity.kind == example.kind && identity.family == example.family && identity.runs == example.runs, "\(identity)")
        #expect(!identity.use.isEmpty && identity.precisions == ["F16"] && identity.parameters > 0)
        if example.kind == .lora { #expect(identity.rank == 4) }
    }

    /// The parts of the generator that comes along, and what to do with them.
    @Test(arguments: [("unet", FileIdentity.Kind.network), ("vae", .autoencoder)])
    func redrawsOwnPartsAreKnown(_ part: String, _ kind: FileIdentity.Kind) throws {
        let file = checkout.appendingPathComponent("Models/redraw-small/\(part)/diffusion_pytorch_model.safetensors")
        let identity = try FileIdentity(file: file)
        #expect(identity.kind == kind && identity.family == "Redraw small" && !identity.runs, "\(identity)")
        #expect(identity.use.contains("name the folder with --model"), "\(identity.use)")
    }

    @Test func whatItPredictsAndWhatItWasMadeForIsTold() throws {
        let plain = try identity(Self.single(2048))
        #expect(plain.prediction == "noise" && plain.fewStep == nil && !plain.repaints)
        let velocity = try identity(Self.single(2048) + [("v_pred", [1]), ("ztsnr", [1])])
        #expect(velocity.prediction == "velocity" && velocity.endsInNoise)
        // Kinds without training steps, which are of SDXL's layout alone.
        let layout = [("model.diffusion_model.label_emb.0.0.weight", [8, 8])]
        for (mark, kind, prediction) in [("edm_vpred.sigma_max", "CosXL", "velocity"), ("edm_mean", "Playground 2.5", "noise")] {
            let level = try identity(Self.single(2048) + layout + [(mark, [1])])
            #expect(level.runs && level.prediction == prediction && level.family == "SDXL", "\(level)")
            let nothing = try identity(Self.single(768) + [(mark, [1])])
            #expect(!nothing.runs && nothing.use.contains(kind) && nothing.use.contains(mark), "\(nothing)")
        }
        #expect(try identity(Self.single(1024)).prediction == nil, "SD 2 files of both kinds have the same tensors")
        #expect(try identity(Self.single(768, channels: 9)).repaints)
        #expect(try identity(Self.single(768, channels: 8)).runs == false)
        for (name, way) in [
            ("dreamshaperXL_lightningDPMSDE", "Lightning"), ("sd_xl_turbo_1.0_fp16", "Turbo"), ("Hyper-SDXL-8steps", "Hyper-SD"),
            ("photonLCM_v10", "LCM"), ("tcd_merge", "TCD"), ("flux1-schnell-fp8", "schnell"),
        ] {
            #expect(try identity(Self.single(2048), called: name).fewStep == "\(way), as its name says")
        }
        // What a run goes by no name for is not told as if it did.
        for name in ["hyperrealistic_v3", "hyperDetailed"] {
            #expect(try identity(Self.single(2048), called: name).fewStep == nil, "\(name)")
        }
        let consistency = try identity(Self.single(768) + [("model.diffusion_model.time_embed.cond_proj.weight", [8, 8])])
        #expect(consistency.fewStep?.hasPrefix("LCM") == true)
    }

    @Test func metadataTellsBaseAndTriggers() throws {
        let tensors: [(String, [Int])] = [("lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k.lora_down.weight", [4, 768])]
        let frequencies = #"{"10_set": {"ohwx": 20, "hat": 3}, "5_more": {"hat": 30, " dog": 1}}"#
        let kohya = try identity(tensors, metadata: ["ss_tag_frequency": frequencies, "ss_sd_model_name": "v1-5-pruned.safetensors"])
        #expect(kohya.triggers == ["hat", "ohwx", "dog"] && kohya.base == "v1-5-pruned.safetensors")
        let told = try identity(tensors, metadata: ["modelspec.trigger_phrase": "ohwx, hat", "modelspec.title": "Hats"])
        #expect(told.triggers == ["ohwx", "hat"] && told.title == "Hats")
        #expect(try identity(tensors, metadata: ["ss_tag_frequency": "{broken"]).triggers.isEmpty)
        #expect(try identity([("odd.lora_down.weight", [4, 8])], metadata: ["ss_base_model_version": "sdxl_base_v1-0"]).family == "SDXL")
    }

    /// (First bytes, what is said of them).
    static let foreign: [([UInt8], String)] = [
        ([0x50, 0x4B, 3, 4] + Array("archive/data.pkl".utf8), "pickle"), ([0x80, 2, 0x7D, 0x71], "pickle"),
        (Array("<!DOCTYPE html><html>".utf8), "web page"), (Array("version https://git-lfs.github.com/spec/v1".utf8), "Git LFS"),
    ]

    @Test(arguments: foreign.indices) func whatIsNoSafetensorsFileIsNamed(_ index: Int) throws {
        let url = folder.url.appendingPathComponent("file.ckpt")
        try Data(Self.foreign[index].0 + [UInt8](repeating: 0, count: 64)).write(to: url)
        let identity = try FileIdentity(file: url)
        #expect(identity.kind == .unknown && !identity.runs && identity.use.contains(Self.foreign[index].1), "\(identity.use)")
    }

    @Test func aGGUFFileTellsItsArchitectureAndABrokenOneIsNoCrash() throws {
        func little(_ value: Int, _ size: Int) -> [UInt8] { (0..<size).map { UInt8(value >> (8 * $0) & 255) } }
        func text(_ text: String) -> [UInt8] { little(text.utf8.count, 8) + Array(text.utf8) }
        let bytes =
            Array("GGUF".utf8) + little(3, 4) + little(1, 8) + little(2, 8) + text("general.file_type") + little(4, 4) + little(7, 4)
            + text("general.architecture") + little(8, 4) + text("flux")
        let url = folder.url.appendingPathComponent("flux.gguf")
        try Data(bytes).write(to: url)
        let identity = try FileIdentity(file: url)
        #expect(identity.family == "Flux.1" && identity.kind == .network && identity.use.contains("GGUF"))
        for length in 0..<bytes.count { _ = GGUFHeader(Array(bytes.prefix(length))) }
        var generator = SeededGenerator.announced()
        for _ in 0..<2000 {
            var broken = bytes
            for _ in 0..<3 { broken[Int.random(in: 4..<broken.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator) }
            _ = GGUFHeader(broken)
        }
    }
}

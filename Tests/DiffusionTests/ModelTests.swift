import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

@Suite struct ModelTests {
    /// Largest error of the largest magnitude, f32 against torch f32.
    private let tolerance: Float = 2e-5

    @Test(arguments: [("tiny", "even"), ("tiny", "odd"), ("variant", "variant"), ("variant", "variantOdd")])
    func unetAgreesWithDiffusers(_ folder: String, _ name: String) throws {
        let goldens = try Goldens("models.safetensors")
        let unet = try loadUNet("\(folder)/unet")
        let latent = try goldens["unet.\(name).latent"]
        for (text, expected) in [("text", "long"), ("text.short", "short")] {
            let context = TextContext(states: try goldens[text], mask: .none)
            let output = try unet(latent, timestep: 321, context) {}
            let agreement = Agreement(output.values, try goldens["unet.\(name).\(expected)"].values)
            #expect(agreement.relative < tolerance, "\(name) \(expected): \(agreement)")
        }
    }

    /// Two prompts of different lengths in one batch give what each gives alone.
    @Test func guidanceOfUnequalLengthsEqualsTwoPasses() throws {
        let goldens = try Goldens("models.safetensors")
        let unet = try loadUNet("tiny/unet")
        let latent = try goldens["unet.even.latent"]
        let guidance = Guidance(
            conditional: Conditioning(states: try goldens["text"]), unconditional: Conditioning(states: try goldens["text.short"]), scale: 3
        )
        #expect(guidance.batch == 2)
        let output = try unet(guidance.input(latent), timestep: 321, guidance.context) {}
        let (long, short) = (try goldens["unet.even.long"], try goldens["unet.even.short"])
        let expected = short.scaled(by: -2, adding: long, scaledBy: 3)
        let agreement = Agreement(guidance.combined(output).values, expected.values)
        #expect(agreement.relative < 5 * tolerance, "\(agreement)")

        let alone = Guidance(
            conditional: Conditioning(states: try goldens["text"]), unconditional: Conditioning(states: try goldens["text.short"]), scale: 1
        )
        #expect(alone.batch == 1)
        let single = try unet(alone.input(latent), timestep: 321, alone.context) {}
        #expect(alone.combined(single) == single && single.shape == latent.shape)
    }

    @Test(arguments: ["tiny", "variant"])
    func autoencoderAgreesWithDiffusers(_ name: String) throws {
        let goldens = try Goldens("models.safetensors")
        let autoencoder = try loadAutoencoder("\(name)/vae")
        let posterior = try autoencoder.encode(goldens["vae.\(name).picture"])
        let mean = Agreement(posterior.mean.values, try goldens["vae.\(name).mean"].values)
        let deviation = Agreement(try #require(posterior.deviation).values, try goldens["vae.\(name).deviation"].values)
        let decoded = Agreement(
            try autoencoder.decode(goldens["vae.\(name).mean"]).values, try goldens["vae.\(name).decoded"].values)
        #expect(mean.relative < tolerance, "\(mean)")
        #expect(deviation.relative < tolerance, "\(deviation)")
        #expect(decoded.relative < tolerance, "\(decoded)")
    }

    /// A configuration with one value changed is refused with that key's name, never run as something else.
    @Test(arguments: [
        ("class_embed_type", "\"timestep\""), ("addition_embed_type", "\"image\""), ("act_fn", "\"gelu\""),
        ("time_embedding_type", "\"fourier\""), ("mid_block_type", "\"UNetMidBlock2DSimpleCrossAttn\""), ("dual_cross_attention", "true"),
        ("down_block_types", "[\"AttnDownBlock2D\", \"DownBlock2D\"]"), ("up_block_types", "[\"UpBlock2D\"]"),
        ("resnet_time_scale_shift", "\"scale_shift\""), ("conv_in_kernel", "5"), ("time_cond_proj_dim", "3"),
        ("attention_head_dim", "3"), ("norm_num_groups", "5"), ("layers_per_block", "[1, 2, 3]"), ("block_out_channels", "[]"),
        ("in_channels", "\"four\""),
    ])
    func foreignUNetConfigurationIsRefusedByName(_ key: String, _ value: String) throws {
        let folder = try TemporaryFolder()
        let path = folder.url.appendingPathComponent("config.json")
        var values = try #require(
            try JSONSerialization.jsonObject(with: Data(contentsOf: modelFolder("tiny/unet/config.json"))) as? [String: Any])
        values[key] = try JSONSerialization.jsonObject(with: Data(value.utf8), options: .fragmentsAllowed)
        try JSONSerialization.data(withJSONObject: values).write(to: path)
        let error = #expect(throws: DiffusionError.self) { try UNetConfiguration(contentsOf: path) }
        #expect(error?.description.contains("\"\(key)\"") == true, "\(error?.description ?? "no error")")
    }

    @Test func aCheckpointOfAnotherArchitectureIsRefused() throws {
        let file = modelFolder("variant/unet/diffusion_pytorch_model.safetensors")
        let configuration = try UNetConfiguration(contentsOf: modelFolder("tiny/unet/config.json"))
        #expect(throws: CheckpointError.self) { try UNet(Weights(url: file), configuration: configuration) }
    }

    /// The check is called between blocks, so that a long forward pass is given up early.
    @Test func bothModelsCanBeStoppedBetweenBlocks() throws {
        struct Stopped: Error {}
        let goldens = try Goldens("models.safetensors")
        let unet = try loadUNet("tiny/unet")
        let autoencoder = try loadAutoencoder("tiny/vae")
        let context = TextContext(states: try goldens["text"], mask: .none)
        let latent = try goldens["unet.even.latent"]
        let picture = try goldens["vae.tiny.picture"]
        let works: [((@escaping CancellationCheck) throws -> Void)] = [
            { check in _ = try unet(latent, timestep: 1, context, checkCancelled: check) },
            { check in _ = try autoencoder.encode(picture, checkCancelled: check) },
            { check in _ = try autoencoder.decode(latent, checkCancelled: check) },
        ]
        for work in works {
            var calls = 0
            try work { calls += 1 }
            #expect(calls >= 6)
            for limit in 0..<calls {
                var left = limit
                #expect(throws: Stopped.self) {
                    try work {
                        if left == 0 { throw Stopped() }
                        left -= 1
                    }
                }
            }
        }
    }
}

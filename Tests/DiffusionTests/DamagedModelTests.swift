import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Single files whose tensors make no architecture: each is refused by what is wrong, none ends the process.
@Suite struct DamagedModelTests {
    private func refusal(_ change: @escaping (String, Tensor) -> Tensor?) throws -> String {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("sd1", to: file, changing: change)
        do {
            _ = try Pipeline(model: file, options: PipelineOptions(merges: FamilyPipelineTests.merges)) {
                throw Families.Missing(name: "sentences")
            }
            return "ran"
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: [
        ("model.diffusion_model.input_blocks.0.0.weight", "conv_in.weight"),
        ("model.diffusion_model.out.2.weight", "conv_out.weight"),
        ("cond_stage_model.transformer.text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
        ("first_stage_model.decoder.conv_in.weight", "decoder.conv_in.weight"),
    ])
    func aTensorOfTooFewDimensionsIsNamed(_ name: String, _ told: String) throws {
        for rank in 0...1 {
            let said = try refusal { $0 == name ? .zeros(Shape([Int](repeating: 3, count: rank))) : $1 }
            #expect(said.contains(told) && said.contains("dimensions"), "\(said)")
        }
    }

    @Test func aUNetWithoutBlocksIsRefused() throws {
        let said = try refusal { name, tensor in
            name.contains("input_blocks") && !name.contains("input_blocks.0.") || name.contains("output_blocks") ? nil : tensor
        }
        #expect(said.contains("no blocks"), "\(said)")
    }

    @Test func channelsThatMakeNoGroupsAreRefused() throws {
        let unet = try refusal { name, tensor in
            name == "model.diffusion_model.input_blocks.1.0.in_layers.2.weight" ? .zeros([36, 32, 3, 3]) : tensor
        }
        #expect(unet.contains("norm_num_groups"), "\(unet)")
        let autoencoder = try refusal { name, tensor in
            name == "first_stage_model.encoder.down.0.block.0.conv1.weight" ? .zeros([24, 32, 3, 3]) : tensor
        }
        #expect(autoencoder.contains("norm_num_groups"), "\(autoencoder)")
    }

    /// Latent consistency models are told the scale; a layer for an odd number of waves is none.
    @Test func anOddWidthOfTheScalesEmbeddingIsRefused() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("lcm", to: file) { name, tensor in
            name == "model.diffusion_model.time_embed.cond_proj.weight" ? .zeros([tensor.shape[0], 7]) : tensor
        }
        let error = #expect(throws: DiffusionError.self) {
            try Pipeline(model: file, options: PipelineOptions(merges: FamilyPipelineTests.merges)) {
                throw Families.Missing(name: "sentences")
            }
        }
        #expect(error?.description.contains("time_cond_proj_dim") == true, "\(String(describing: error))")
    }

    @Test func aTextEncoderWithOnePositionIsRefused() throws {
        let said = try refusal { name, tensor in
            name.hasSuffix("position_embedding.weight") ? .zeros([1, tensor.shape[1]]) : tensor
        }
        #expect(said.contains("max_position_embeddings"), "\(said)")
    }

    /// A UNet that was read from a folder is checked by the same lines.
    @Test(arguments: [Int.min, -1, 0, 1535, .max])
    func theWidthOfWhatXLIsToldIsChecked(_ width: Int) throws {
        let folder = try TemporaryFolder()
        try Families.write(
            "unet.sdxl", component: "unet", to: folder.url, changing: ["projection_class_embeddings_input_dim": width])
        let error = #expect(throws: DiffusionError.self) {
            try UNetConfiguration(contentsOf: folder.url.appendingPathComponent("config.json"))
        }
        #expect(error?.description.contains("projection_class_embeddings_input_dim") == true)
    }
}

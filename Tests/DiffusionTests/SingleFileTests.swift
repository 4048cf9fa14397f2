import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What single files hold beside the weights: markers of what they predict, leftovers, names of other tools.
@Suite struct SingleFileTests {
    private let folder: TemporaryFolder
    private let file: URL

    init() throws {
        folder = try TemporaryFolder()
        file = folder.url.appendingPathComponent("model.safetensors")
    }

    private func source() throws -> PipelineSource {
        try PipelineSource(model: file, options: PipelineOptions(merges: FamilyPipelineTests.merges))
    }

    private func scheduler() throws -> SchedulerConfiguration {
        try source().outline.noise.configuration
    }

    private func load() throws -> Pipeline {
        try source().load { throw Families.Missing(name: "sentences") }
    }

    @Test func markersTellWhatIsPredicted() throws {
        try Families.writeFile("sdxl", to: file)
        #expect(
            try scheduler().prediction == .epsilon && scheduler().spacing == .leading
                && !scheduler().rescalesToNoise)
        try Families.writeFile(
            "sdxl", to: file, adding: [("v_pred", .zeros([0])), ("ztsnr", .zeros([0]))])
        #expect(
            try scheduler().prediction == .velocity && scheduler().rescalesToNoise
                && scheduler().spacing == .trailing)
        for (key, value) in [("modelspec.prediction_type", "v"), ("ss_v_parameterization", "True")] {
            try Families.writeFile("sd1", to: file, metadata: [key: value])
            #expect(try scheduler().prediction == .velocity, "\(key)")
        }
        try Families.writeFile("sd1", to: file, metadata: ["modelspec.prediction_type": "epsilon"])
        #expect(try scheduler().prediction == .epsilon && scheduler().spacing == nil)
    }

    @Test func whatThePersonSaysOfThePredictionGoesFirst() throws {
        for (family, metadata) in [("sd1", [String: String]()), ("sd2", [:]), ("sdxl", ["modelspec.prediction_type": "v"])] {
            try Families.writeFile(family, to: file, metadata: metadata)
            for prediction in GenerationRequest.Prediction.allCases {
                var options = PipelineOptions(merges: FamilyPipelineTests.merges)
                options.prediction = prediction
                let found = try PipelineSource(model: file, options: options).outline.noise.configuration.prediction
                #expect(found == prediction.configured, "\(family) \(prediction)")
            }
        }
    }

    /// As diffusers has it: zeros where nothing was given, the empty text where it was; the web UI always reads it.
    @Test func anEmptyNegativePromptOfSDXLIsZerosUnlessItWasGiven() throws {
        try Families.writeFile("sdxl", to: file)
        let pipeline = try load()
        var request = GenerationRequest(mode: .paint, prompt: "a cat", guidance: 5)
        func negative() throws -> Conditioning? { try pipeline.texts(request).first.unconditional }
        for profile in [GenerationRequest.Profile.redraw, .diffusers] {
            (request.profile, request.readsEmptyNegative) = (profile, false)
            let nothing = try #require(try negative())
            #expect(nothing.states.values.allSatisfy { $0 == 0 } && nothing.pooled?.values.allSatisfy { $0 == 0 } == true)
            request.readsEmptyNegative = true
            let read = try #require(try negative())
            let empty = try pipeline.text.conditioning(for: "", PromptReading(profile: profile))
            #expect(read.states == empty.states && read.pooled == empty.pooled && read.states.values.contains { $0 != 0 })
        }
        request.profile = .redraw
        (request.negative, request.readsEmptyNegative) = ("[fog::0.5]", false)
        let later = try #require(try pipeline.texts(request).later.last?.unconditional)
        #expect(later.states.values.contains { $0 != 0 }, "a prompt that comes to nothing on the way was given")
    }

    @Test(arguments: [
        ("edm_vpred.sigma_max", "CosXL"), ("edm_mean", "Playground"), ("edm_std", "Playground"),
    ])
    func marksOfSDXLsKindsInAnotherLayoutAreNamed(_ marker: String, _ kind: String) throws {
        try Families.writeFile("sd1", to: file, adding: [(marker, .zeros([1]))])
        let error = #expect(throws: DiffusionError.self) { try source() }
        #expect(error?.description.contains(kind) == true)
    }

    @Test(arguments: [
        ("double_blocks.0.img_attn.qkv.weight", "Flux"),
        ("joint_blocks.0.x_block.attn.qkv.weight", "Stable Diffusion 3"),
    ])
    func otherFamiliesAreNamed(_ tensor: String, _ family: String) throws {
        try SafetensorsFile.write(tensors: [("model.diffusion_model." + tensor, .zeros([1]))], to: file)
        let error = #expect(throws: DiffusionError.self) { try source() }
        #expect(error?.description.contains(family) == true)
    }

    @Test func leftoversAreReadPast() throws {
        let leftovers = [
            "embedding_manager.embedder.transformer.x", "denoiser.sigmas", "model_ema.decay",
            "global_step", "cond_stage_model.logit_scale",
            "cond_stage_model.model.visual.conv1.weight",
            "cond_stage_model.transformer.text_model.embeddings.position_ids",
            "cond_stage_model.transformer.vision_model.x",
        ]
        try Families.writeFile("sd1", to: file, adding: leftovers.map { ($0, .zeros([1])) })
        #expect(try load().text.states(for: "a cat").shape[2] == 64)
    }

    /// Names of the autoencoder's attention as diffusers converts them, within the old names.
    @Test func namesOfOtherToolsAreKnown() throws {
        try Families.writeFile("sd1", to: file)
        let plain = try load().autoencoder.decode(Families.goldens()["vae.standard.latent"])
        let old = try SafetensorsFile(file)
        let renamed = try old.names.map { name -> (String, Tensor) in
            var new = name
            for (from, to) in [
                (".attn_1.q.", ".attn_1.to_q."), (".attn_1.k.", ".attn_1.to_k."),
                (".attn_1.v.", ".attn_1.to_v."), (".attn_1.proj_out.", ".attn_1.to_out.0."),
            ] {
                new = new.replacing(from, with: to)
            }
            return (new, try old.tensor(name))
        }
        let again = folder.url.appendingPathComponent("again.safetensors")
        try SafetensorsFile.write(tensors: renamed, as: .f16, to: again)
        let pipeline = try Pipeline(
            model: again, options: PipelineOptions(merges: FamilyPipelineTests.merges)
        ) {
            throw Families.Missing(name: "sentences")
        }
        #expect(try pipeline.autoencoder.decode(Families.goldens()["vae.standard.latent"]) == plain)
    }

    /// The number of heads is the generation's, however a tool stored the projections around attention.
    @Test func matricesInsteadOfConvolutionsKeepTheHeads() throws {
        try Families.writeFile("sd1", to: file) { name, tensor in
            name.hasSuffix("proj_in.weight")
                || name.hasSuffix("proj_out.weight") && tensor.shape.rank == 4
                    && name.contains("diffusion_model")
                ? tensor.reshaped([tensor.shape[0], tensor.shape[1]]) : tensor
        }
        let goldens = try Families.goldens()
        let context = TextContext(states: try goldens["unet.sd1.text"], mask: .none)
        let output = try load().unet(goldens["unet.sd1.latent"], timestep: 601, context) {}
        #expect(Agreement(output.values, try goldens["unet.sd1.output"].values).relative < 2e-5)
    }

    @Test func whatIsNoNumberIsNamed() throws {
        for part in ["attn1.to_q.weight", "norm1.weight", "attn_1.norm.bias"] {
            try Families.writeFile("sd1", to: file) { name, tensor in
                name.hasSuffix(part)
                    ? Tensor([.nan] + tensor.values.dropFirst(), shape: tensor.shape) : tensor
            }
            let error = #expect(throws: CheckpointError.self) { try load() }
            #expect(error?.description.contains("no numbers") == true)
        }
    }
}

import Checkpoints
import Encoders
import Foundation
import Pixels
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Whole models of every family, in diffusers' layout and as single files, against diffusers' own pipelines.
@Suite(.serialized) struct FamilyPipelineTests {
    struct Case: Decodable, Sendable, CustomTestStringConvertible {
        let name: String
        let unet: String
        let vae: String
        let scaling: Double
        let prompt: String
        let negative: String
        let guidance: Double
        let clipSkip: Int?
        let steps: Int
        let seed: UInt64
        let mode: GenerationRequest.Mode
        let strength: Double
        /// Of the latents, where the network is given them so.
        let latentsMean: [Float]?
        let latentsDeviation: [Float]?

        var testDescription: String { name }

        var request: GenerationRequest {
            var request = GenerationRequest(
                mode: mode, prompt: prompt, negative: negative, strength: strength, steps: steps, guidance: guidance, seed: seed, width: 32,
                height: 32)
            (request.clipSkip, request.profile) = (clipSkip, .diffusers)
            return request
        }
    }

    static let cases: [Case] = (try? json("families/pipelines.json")) ?? []
    static let merges = checkout.appendingPathComponent("Models/clip-tokenizer/bpe_simple_vocab_16e6.txt")
    let goldens: Goldens

    init() throws {
        goldens = try Goldens("families/pipelines.safetensors")
    }

    /// diffusers' folder of a case, its tokenizers left out: the byte pairs come from Redraw's own list.
    static func folder(_ one: Case, in folder: URL, listedIn list: String = "families/pipelines.json") throws {
        try Families.write("unet.\(one.unet)", component: "unet", to: folder.appendingPathComponent("unet"))
        var changes: [String: Any] = ["scaling_factor": one.scaling]
        if let mean = one.latentsMean, let deviation = one.latentsDeviation {
            (changes["latents_mean"], changes["latents_std"]) = (mean, deviation)
        }
        try Families.write("vae.\(one.vae)", component: "vae", to: folder.appendingPathComponent("vae"), changing: changes)
        for encoder in one.unet == "sdxl" ? ["text_encoder", "text_encoder_2"] : ["text_encoder"] {
            try Families.write(
                "\(encoder).\(one.unet)", component: encoder, to: folder.appendingPathComponent(encoder), file: "model.fp16.safetensors")
        }
        let all = try JSONSerialization.jsonObject(with: Data(contentsOf: fixture(list, room: "Diffusion")))
        let scheduler = (all as? [[String: Any]])?.first { $0["name"] as? String == one.name }?["scheduler"] ?? [:]
        let place = folder.appendingPathComponent("scheduler")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        try JSONSerialization.data(withJSONObject: scheduler).write(to: place.appendingPathComponent("scheduler_config.json"))
    }

    func pipeline(_ model: URL, options: PipelineOptions = PipelineOptions(merges: merges)) throws -> Pipeline {
        try Pipeline(model: model, options: options) { throw Families.Missing(name: "sentences") }
    }

    /// diffusers' own pipelines for latent consistency models: no second pass, the scale as an input, steps spread over the strength.
    @Test func consistencyModelsRunAsInTheirOwnPipelines() throws {
        let goldens = try Goldens("families/consistency.safetensors")
        let cases: [Case] = try json("families/consistency.json")
        #expect(cases.count == 4)
        for one in cases {
            let folder = try TemporaryFolder()
            try Self.folder(one, in: folder.url, listedIn: "families/consistency.json")
            let pipeline = try pipeline(folder.url)
            var request = one.request
            request.sampler = try #require(ModelHabits(model: folder.url).sampler)
            var latent: Tensor?
            let result = try pipeline.run(request, source: one.mode == .paint ? nil : try goldens.image("source")) { latent = $0.latent }
            #expect(result.plan.steps.run == one.steps)
            let agreement = Agreement(try #require(latent).values, try goldens["\(one.name).latent"].values)
            print("consistency \(one.name): latent \(agreement.relative)")
            #expect(agreement.relative < 1e-3, "\(one.name): latent \(agreement)")
            let expected = try goldens.image("\(one.name).picture")
            let largest = zip(result.pictures[0].image.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
            #expect(largest <= 2, "\(one.name): pictures differ by \(largest)")
        }
    }

    @Test(arguments: cases) func fromWordsToPicturesAsDiffusers(_ one: Case) throws {
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let pipeline = try pipeline(folder.url)
        let guidance = try pipeline.guidance(one.request, working: PixelSize(width: 32, height: 32))
        let states = Agreement(guidance.conditional.states.everyToken(8).values, try goldens["\(one.name).states"].values)
        #expect(states.relative < 2e-5, "\(one.name): states \(states)")
        if let negative = guidance.unconditional {
            let wanted = try goldens["\(one.name).negative"].values
            let found = negative.states.everyToken(8).values
            #expect(wanted.allSatisfy { $0 == 0 } ? found == wanted : Agreement(found, wanted).relative < 2e-5, "\(one.name): negative")
        }
        if let pooled = guidance.conditional.pooled {
            let agreement = Agreement(pooled.values, try goldens["\(one.name).pooled"].values)
            #expect(agreement.relative < 2e-5, "\(one.name): pooled \(agreement)")
        }
        var latent: Tensor?
        let source = one.mode == .paint ? nil : try goldens.image("source")
        let result = try pipeline.run(one.request, source: source) { latent = $0.latent }
        let agreement = Agreement(try #require(latent).values, try goldens["\(one.name).latent"].values)
        print("\(one.name): latent \(agreement.relative)")
        #expect(agreement.relative < 1e-3, "\(one.name): latent \(agreement)")
        let expected = try goldens.image("\(one.name).picture")
        let largest = zip(result.pictures[0].image.bytes, expected.bytes).map { abs(Int($0) - Int($1)) }.max() ?? 255
        #expect(largest <= 2, "\(one.name): pictures differ by \(largest)")
    }

    /// A single file gives bit for bit what the folder gives that it was made of.
    @Test(arguments: ["sd1", "sd2", "sdxl", "inpainting", "lcm"]) func singleFilesAnswerAsTheirFolders(_ family: String) throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile(family, to: file)
        // Nothing but a description beside the file tells what a UNet of the second generation predicts.
        try Data("model:\n  params:\n    parameterization: \"v\"\n".utf8).write(to: folder.url.appendingPathComponent("model.yaml"))
        let single = try pipeline(file)
        #expect(single.noise.configuration.prediction == .velocity)
        #expect(single.autoencoder.configuration.scalingFactor == (family == "sdxl" ? 0.13025 : 0.18215))
        #expect(single.unet.configuration.inputChannels == (family == "inpainting" ? 9 : 4))
        #expect(single.usualSide == (family == "sdxl" ? 256 : family == "sd2" ? 192 : 128))
        let unet = try Families.unet(family)
        var expected = unet.configuration
        expected.sampleSize = single.unet.configuration.sampleSize
        #expect(single.unet.configuration == expected)

        let goldens = try Families.goldens()
        var context = TextContext(states: try goldens["unet.\(family).text"], mask: .none)
        if family == "sdxl" {
            context.added = StableDiffusionXL.Added(whole: (try goldens["unet.sdxl.pooled"], try goldens["unet.sdxl.sizes"].values))
        }
        let latent = try goldens["unet.\(family).latent"]
        #expect(try single.unet(latent, timestep: 601, context) {} == unet(latent, timestep: 601, context) {})
        let decoded = try Families.autoencoder("standard").decode(goldens["vae.standard.latent"])
        #expect(try single.autoencoder.decode(goldens["vae.standard.latent"]) == decoded)
        let name = family == "inpainting" ? "sd1" : family
        let one = try #require(Self.cases.first { $0.name == name })
        let states = try single.text.conditioning(for: one.prompt, PromptReading(profile: .diffusers)).states
        let agreement = Agreement(states.everyToken(8).values, try self.goldens["\(name).states"].values)
        #expect(agreement.relative < 2e-5, "\(family): \(agreement)")
    }

    @Test func whatIsNoWholeModelIsRefusedByName() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("sd1", to: file, adding: [("model.diffusion_model.surprise.weight", .zeros([2]))])
        #expect(throws: CheckpointError.unfit(["model.diffusion_model.surprise.weight"], file: file.path)) { try pipeline(file) }
        try SafetensorsFile.write(tensors: [("lora_unet_mid_block.lora_down.weight", .zeros([2]))], to: file)
        let lora = #expect(throws: DiffusionError.self) { try pipeline(file) }
        #expect(lora?.description.contains("<lora:name:0.8>") == true)
        #expect(throws: DiffusionError.self) { try pipeline(folder.url.appendingPathComponent("nothing")) }
    }

    /// The files hold two bytes a number, so that weights held in two bytes are the same and so is the answer, to the bit.
    @Test func weightsInHalvesChangeNothingThatTheFileDoesNotRound() throws {
        let goldens = try Families.goldens()
        let one = try #require(Self.cases.first { $0.name == "sd1" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let context = TextContext(states: try goldens["unet.sd1.text"], mask: .none)
        let configuration = try pipeline(folder.url, options: PipelineOptions(merges: Self.merges)).outline.unet
        let files = try CheckpointFolder.files(in: folder.url.appendingPathComponent("unet"), stem: "diffusion_pytorch_model")
        let weights = try Weights(files: files.map { try SafetensorsFile($0) })
        let answers = try [false, true].map { inHalves in
            try UNet(weights.held(WeightHolding(inHalves: inHalves)), configuration: configuration)(
                goldens["unet.sd1.latent"], timestep: 601, context
            ) {}
        }
        #expect(answers[0] == answers[1])
    }

    /// Products in bfloat16 lose what is behind their factors' eighth bit: the answers of these small networks, whose few channels average
    /// little of it out, are within some per cent. Where the processor has no such products, weights alone are rounded.
    @Test func answersInBfloatsAreNear() throws {
        let goldens = try Families.goldens()
        let one = try #require(Self.cases.first { $0.name == "sd1" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let context = TextContext(states: try goldens["unet.sd1.text"], mask: .none)
        var answers: [[Tensor]] = []
        for precision in [GenerationRequest.Precision.f32, .bf16] {
            var options = PipelineOptions(merges: Self.merges)
            options.precision = precision
            let pipeline = try pipeline(folder.url, options: options)
            #expect(pipeline.outline.arithmetic == (precision == .bf16 ? .bf16 : .f32))
            answers.append([
                try pipeline.unet(goldens["unet.sd1.latent"], timestep: 601, context) {},
                try pipeline.autoencoder.decode(goldens["vae.standard.latent"]),
                try pipeline.text.states(for: "a fox"),
            ])
        }
        for (floats, pairs) in zip(answers[0], answers[1]) {
            let difference = (floats - pairs).values.reduce(0) { $0 + $1 * $1 }
            let error = (difference / floats.values.reduce(0) { $0 + $1 * $1 }).squareRoot()
            #expect(error < 0.03 && error > 0, "\(error)")
        }
    }

    /// A folder whose weights are cut into shards, and one that has only a variant.
    @Test func shardsAndVariantsAreFound() throws {
        let folder = try TemporaryFolder()
        let part = try Families.part("vae.tiny")
        let halves = [part.tensors.prefix(10), part.tensors.dropFirst(10)]
        var map: [String: String] = [:]
        for (number, half) in halves.enumerated() {
            let name = "diffusion_pytorch_model.fp16-0000\(number + 1)-of-00002.safetensors"
            for tensor in half { map[tensor.name] = name }
            try SafetensorsFile.write(
                tensors: half.map { ($0.name, Families.values("vae.\($0.name)", $0.shape)) }, to: folder.url.appendingPathComponent(name))
        }
        let index = folder.url.appendingPathComponent("diffusion_pytorch_model.safetensors.index.fp16.json")
        try JSONEncoder().encode(["weight_map": map]).write(to: index)
        let files = try CheckpointFolder.files(in: folder.url, stem: "diffusion_pytorch_model")
        #expect(files.map(\.lastPathComponent) == Set(map.values).sorted())
        #expect(try Weights(files: files.map { try SafetensorsFile($0) }).names().count == part.tensors.count)
        try JSONEncoder().encode(["weight_map": ["a": "../a.safetensors"]]).write(to: index)
        #expect(throws: CheckpointError.self) { try CheckpointFolder.files(in: folder.url, stem: "diffusion_pytorch_model") }
        #expect(throws: CheckpointError.self) { try CheckpointFolder.files(in: folder.url, stem: "model") }
    }
}

extension Tensor {
    /// Tokens 0, n, 2n and so on of [1, tokens, width].
    func everyToken(_ step: Int) -> Tensor {
        Tensor.concatenated(stride(from: 0, to: shape[1], by: step).map { sliced($0..<$0 + 1, axis: 1) }, axis: 1)
    }
}

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

    struct Adapted: Decodable {
        struct Layer: Decodable {
            let module: String
            let old: String
            let down: [Int]
            let up: [Int]
        }
        let layers: [Layer]
        let rank: Int
        let alpha: Float
        let scale: Float
        let textScale: Float
        let text: String
    }

    /// A LoRA under kohya's names, those of the first releases, and diffusers' and peft's gives what the merged weights gave in torch.
    @Test func adaptationsAreAddedToTheWeights() throws {
        let adapted: Adapted = try json("families/adaptations.json")
        let answers = try Goldens("families/adaptations.safetensors")
        let one = try #require(Self.cases.first { $0.name == "sd1" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let loras = folder.url.appendingPathComponent("loras")
        try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
        func flat(_ name: String) -> String { name.split(separator: ".").joined(separator: "_") }
        let spellings: [(name: String, unet: (Adapted.Layer) -> String, text: String, ends: (String, String))] = [
            ("kohya", { "lora_unet_" + flat($0.module) }, "lora_te_" + flat(adapted.text), (".lora_down.weight", ".lora_up.weight")),
            ("old", { "lora_unet_" + flat($0.old) }, "lora_te1_" + flat(adapted.text), (".lora_down.weight", ".lora_up.weight")),
            ("peft", { "unet." + $0.module }, "text_encoder." + adapted.text, (".lora_A.weight", ".lora_B.weight")),
        ]
        let context = TextContext(states: try answers["text"], mask: .none)
        for spelling in spellings {
            var tensors: [(String, Tensor)] = []
            for layer in adapted.layers {
                let name = spelling.unet(layer)
                tensors.append((name + spelling.ends.0, Families.values("lora.\(layer.module).down", Shape(layer.down))))
                tensors.append((name + spelling.ends.1, Families.values("lora.\(layer.module).up", Shape(layer.up))))
                tensors.append((name + ".alpha", Tensor([adapted.alpha], shape: [1])))
            }
            tensors.append((spelling.text + spelling.ends.0, Families.values("lora.text.down", [adapted.rank, 64])))
            tensors.append((spelling.text + spelling.ends.1, Families.values("lora.text.up", [64, adapted.rank])))
            tensors.append((spelling.text + ".alpha", Tensor([adapted.alpha], shape: [1])))
            let file = loras.appendingPathComponent("\(spelling.name).safetensors")
            try SafetensorsFile.write(tensors: tensors, as: .f16, to: file)

            let prompt = "a cat <lora:\(spelling.name):\(adapted.textScale):\(adapted.scale)>"
            let options = try PipelineOptions(prompts: [prompt, ""], folders: [folder.url], merges: Self.merges)
            #expect(options.adaptations.map(\.file.path) == [file.path])
            let made = try pipeline(folder.url, options: options)
            let output = Agreement(
                try made.unet(answers["latent"], timestep: 401, context) {}.values, try answers["output"].values)
            #expect(output.relative < 2e-5, "\(spelling.name): \(output)")
            let clip = try #require(made.text as? CLIPPrompts)
            let states = try clip.states(for: "a photo of a cat").sliced(0..<7, axis: 1)
            let text = Agreement(states.values, try answers["states"].values)
            #expect(text.relative < 2e-5, "\(spelling.name): \(text)")
        }
        // The same in a single file, under the names of the first releases.
        let single = folder.url.appendingPathComponent("single.safetensors")
        try Families.writeFile("sd1", to: single)
        let whole = "<LoRA:Old:te=\(adapted.textScale):unet=\(adapted.scale)>"
        let fromFile = try pipeline(
            single, options: try PipelineOptions(prompts: [whole], folders: [folder.url], merges: Self.merges))
        let same = Agreement(try fromFile.unet(answers["latent"], timestep: 401, context) {}.values, try answers["output"].values)
        #expect(same.relative < 2e-5, "\(same)")

        // Twice half of it is all of it, by two names or by one.
        let half = "<lora:kohya:0.25:0.4> <lyco:kohya.safetensors:0.25:0.4>"
        let made = try pipeline(
            folder.url, options: try PipelineOptions(prompts: [half], folders: [folder.url], merges: Self.merges))
        let output = Agreement(try made.unet(answers["latent"], timestep: 401, context) {}.values, try answers["output"].values)
        #expect(output.relative < 2e-5, "\(output)")

        let stray = loras.appendingPathComponent("stray.safetensors")
        try SafetensorsFile.write(
            tensors: [("lora_unet_nowhere.lora_down.weight", .zeros([1, 2])), ("x.hada_w1_a", .zeros([1]))], to: stray)
        let options = try PipelineOptions(prompts: ["<lora:stray>"], folders: [folder.url], merges: Self.merges)
        let names = ["lora_unet_nowhere.lora_down.weight", "x.hada_w1_a"]
        #expect(throws: CheckpointError.unmatched(names, kind: nil, file: stray.path)) { try pipeline(folder.url, options: options) }
        #expect(throws: DiffusionError.unknownAdaptation(name: "none", known: ["kohya", "old", "peft", "stray"])) {
            try PipelineOptions(prompts: ["<lora:none:1>"], folders: [folder.url], merges: nil)
        }
    }

    struct Prompt: Decodable {
        let prompt: String
        let pieces: [[Int]]
    }

    /// Pieces of 75 tokens, commas, BREAK, and both ways to weigh.
    @Test func longAndWeightedPromptsAreReadByEachProfilesRules() throws {
        let prompts: [Prompt] = try json("families/prompts.json")
        let answers = try Goldens("families/prompts.safetensors")
        let tokenizer = try CLIPTokenizer(merges: Self.merges)
        let one = try #require(Self.cases.first { $0.name == "sd1" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let clip = try pipeline(folder.url).text
        for (number, prompt) in prompts.enumerated() {
            let chunks = PromptChunks(PromptWeights.parts(prompt.prompt), limit: 75, comma: tokenizer.numbers(of: ",").first) { text in
                tokenizer.numbers(of: text).map { .token($0) }
            }
            #expect(chunks.chunks.map(\.tokens) == prompt.pieces, "\(prompt.prompt)")
            for profile in [GenerationRequest.Profile.a1111, .redraw] {
                let states = try clip.conditioning(for: prompt.prompt, PromptReading(profile: profile)).states
                #expect(states.shape == [1, 77 * prompt.pieces.count, 64])
                let agreement = Agreement(states.everyToken(5).values, try answers["\(number).\(profile.rawValue)"].values)
                #expect(agreement.relative < 2e-5, "\(number) \(profile): \(agreement)")
                let length = try clip.length(of: prompt.prompt, PromptReading(profile: profile))
                #expect(
                    length.chunks == prompt.pieces.count && length.tokens == prompt.pieces.reduce(0) { $0 + $1.count }
                        && length.cutOff == nil)
            }
        }
        let long = try clip.length(of: prompts[2].prompt, PromptReading(profile: .diffusers))
        #expect(long.limit == 75 && long.tokens > 75 && long.chunks == 1)
        #expect(prompts[2].prompt.hasSuffix(try #require(long.cutOff)))
        #expect(throws: DiffusionError.clipSkip(requested: 4, maximum: 3)) {
            try clip.conditioning(for: "a", PromptReading(clipSkip: 4))
        }
    }

    @Test func trainedEmbeddingsAreCalledByName() throws {
        let answers = try Goldens("families/prompts.safetensors")
        let one = try #require(Self.cases.first { $0.name == "sd1" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let embeddings = folder.url.appendingPathComponent("embeddings")
        try FileManager.default.createDirectory(at: embeddings, withIntermediateDirectories: true)
        let file = embeddings.appendingPathComponent("my-style.safetensors")
        try SafetensorsFile.write(tensors: [("emb_params", Families.values("embedding", [2, 64]))], as: .f16, to: file)
        let options = try PipelineOptions(prompts: ["a photo of my-style cat"], folders: [folder.url], merges: Self.merges)
        #expect(options.embeddings.map(\.path) == [file.path])
        let clip = try pipeline(folder.url, options: options).text
        for profile in GenerationRequest.Profile.allCases {
            let states = try clip.conditioning(for: "a photo of my-style cat", PromptReading(profile: profile)).states
            let agreement = Agreement(states.everyToken(5).values, try answers["embedding"].values)
            #expect(agreement.relative < 2e-5, "\(profile): \(agreement)")
        }
        // As OneTrainer bundles it with a LoRA, which may hold nothing else.
        let loras = folder.url.appendingPathComponent("loras")
        try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
        try SafetensorsFile.write(
            tensors: [("bundle_emb.my-style.string_to_param.*", Families.values("embedding", [2, 64]))], as: .f16,
            to: loras.appendingPathComponent("bundle.safetensors"))
        let prompt = "a photo of My-Style cat <lora:bundle>"
        var bundled = try PipelineOptions(prompts: [prompt], folders: [folder.url], merges: Self.merges)
        bundled.embeddings = []
        let with = try pipeline(folder.url, options: bundled)
        #expect(with.notes.contains { $0.contains("brings the embedding my-style") }, "\(with.notes)")
        let fromBundle = Agreement(
            try with.text.conditioning(for: PromptTags(prompt).text, PromptReading()).states.everyToken(5).values,
            try answers["embedding"].values)
        #expect(fromBundle.relative < 2e-5, "\(fromBundle)")
        // In any case and with ComfyUI's mark; a whole word only; one of another width is told and passed over.
        let marked = try clip.conditioning(for: "a photo of embedding:My-Style cat", PromptReading()).states
        #expect(try marked == clip.conditioning(for: "a photo of my-style cat", PromptReading()).states)
        #expect(try PipelineOptions(prompts: ["my-styles, amy-style"], folders: [folder.url], merges: nil).embeddings.isEmpty)
        try SafetensorsFile.write(tensors: [("emb_params", .zeros([2, 32]))], to: file)
        let other = try pipeline(folder.url, options: options)
        #expect(other.notes.count == 1 && other.notes[0].contains("my-style") && other.notes[0].contains("32"))
        #expect(try other.text.conditioning(for: "a photo of my-style cat", PromptReading()).states != marked)
        // A pickle beside is told, too.
        try FileManager.default.moveItem(at: file, to: embeddings.appendingPathComponent("My-Style.pt"))
        #expect(try PipelineOptions(prompts: ["my-style"], folders: [folder.url], merges: nil).notes.first?.contains("pickle") == true)
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
    /// little of it out, are within some per cent. Where the processor has no such products, only weights are rounded, and these already are.
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
            #expect(error < 0.03 && (error > 0) == Arithmetic.bf16.isNative, "\(error)")
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
    fileprivate func everyToken(_ step: Int) -> Tensor {
        Tensor.concatenated(stride(from: 0, to: shape[1], by: step).map { sliced($0..<$0 + 1, axis: 1) }, axis: 1)
    }
}

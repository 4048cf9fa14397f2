import Checkpoints
import Encoders
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What a prompt does to a whole model: adaptations and embeddings that it calls, its length and its weights.
extension FamilyPipelineTests {
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

    /// SDXL leaves a layer out by itself. "Clip skip: 2" stands under most of its pictures and means that one; diffusers counts on from it.
    @Test func clipSkipOfTwoIsUsualForXL() throws {
        let one = try #require(Self.cases.first { $0.name == "sdxl" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let clip = try pipeline(folder.url).text
        func states(_ profile: GenerationRequest.Profile, _ clipSkip: Int?) throws -> Tensor {
            try clip.conditioning(for: "a bowl", PromptReading(profile: profile, clipSkip: clipSkip)).states
        }
        for profile in [GenerationRequest.Profile.redraw, .a1111] {
            #expect(try states(profile, 2) == states(profile, nil), "\(profile)")
        }
        #expect(try states(.redraw, 3) == states(.diffusers, 2))
        #expect(try states(.diffusers, 2) != states(.diffusers, nil))
        #expect(try states(.a1111, 3) == states(.a1111, nil), "there the web UI has no choice")
    }

    /// Old configurations give the end mark as 2, and mean the highest number of a text; a trained embedding's is higher and ends nothing.
    @Test func theEndOfATextWithATrainedEmbeddingIsItsEndMark() throws {
        let one = try #require(Self.cases.first { $0.name == "sdxl" })
        let folder = try TemporaryFolder()
        try Self.folder(one, in: folder.url)
        let embeddings = folder.url.appendingPathComponent("embeddings")
        try FileManager.default.createDirectory(at: embeddings, withIntermediateDirectories: true)
        try SafetensorsFile.write(
            tensors: [("clip_l", Families.values("embedding", [2, 64])), ("clip_g", Families.values("embedding", [2, 128]))], as: .f16,
            to: embeddings.appendingPathComponent("my-style.safetensors"))
        func pooled() throws -> [Float] {
            let prompt = "a my-style bowl of fruit"
            let options = try PipelineOptions(prompts: [prompt], folders: [folder.url], merges: Self.merges)
            let made = try pipeline(folder.url, options: options)
            #expect(made.notes.isEmpty, "\(made.notes)")
            return try #require(try made.text.conditioning(for: prompt, PromptReading()).pooled).values
        }
        let wanted = try pooled()
        for encoder in ["text_encoder", "text_encoder_2"] {
            let path = folder.url.appendingPathComponent("\(encoder)/config.json")
            var values = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: path)) as? [String: Any])
            values["eos_token_id"] = 2
            try JSONSerialization.data(withJSONObject: values).write(to: path)
        }
        #expect(try pooled() == wanted)
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
}

import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// What the web UI's users write into prompts beside words: tags, schedules, composition.
@Suite struct PromptSyntaxTests {
    @Test func tagsAreTakenOutOfPrompts() {
        let tags = PromptTags("a cat <lora:fur:0.5> asleep <LoRA: x:1:0> <lyco:y:te=0.2:unet=0.3:dyn=4> 1 < 2 <lora:open")
        #expect(tags.text == "a cat  asleep   1 < 2 <lora:open" && tags.problems.isEmpty)
        // The text encoder's number first, the UNet's second; one number is both.
        #expect(
            tags.adaptations == [
                .init(name: "fur", text: 0.5, unet: 0.5), .init(name: "x", text: 1, unet: 0),
                .init(name: "y", text: 0.2, unet: 0.3, ranks: 4),
            ])
        #expect(PromptTags("<lora:z>").adaptations == [.init(name: "z", text: 1, unet: 1)])
        #expect(PromptTags("<lora:z:0.8:te=0.5>").adaptations == [.init(name: "z", text: 0.5, unet: 0.5)])
        #expect(PromptTags("<lora:z:unet=0.5>").adaptations == [.init(name: "z", text: 1, unet: 0.5)])
    }

    @Test(arguments: [
        "<lora:a:b>", "<lora::1>", "<lora:a:1:2:3:4>", "<lora:a:lbw=IN02>", "<lora:a:1:1:lbw=1,2>", "<lora:a:q=1>", "<hypernet:a:1>",
        "<lora:a:inf>", "<unknown:x:1>", "<wildcard:animals>",
    ])
    func tagsThatAreNotUnderstoodAreToldAndNoWords(_ tag: String) {
        let tags = PromptTags("x \(tag) y")
        #expect(tags.text == "x  y" && tags.adaptations.isEmpty && tags.problems.map(\.tag) == [tag])
        #expect(throws: DiffusionError.self) { try PipelineOptions(prompts: [tag], folders: [], merges: nil) }
    }

    @Test func blockWeightsNameTheBlocksOfTheFirstReleases() throws {
        let list = (0..<17).map { "\($0)" }.joined(separator: ",")
        let blocks = try #require(PromptTags("<lora:a:1:1:lbw=\(list)>").adaptations.first?.blocks)
        #expect(blocks.base == 0)
        #expect(blocks.factor(ofOldName: "input_blocks.1.1.proj_in") == 1 && blocks.factor(ofOldName: "input_blocks.8.1.proj_in") == 6)
        #expect(blocks.factor(ofOldName: "middle_block.1.proj_in") == 7 && blocks.factor(ofOldName: "output_blocks.3.1.x") == 8)
        #expect(blocks.factor(ofOldName: "output_blocks.11.1.x") == 16 && blocks.factor(ofOldName: "time_embed.0") == 1)
        let inputs = try #require(PromptTags("<lora:a:lbw=inall>").adaptations.first?.blocks)
        #expect(
            inputs.base == 1 && inputs.factor(ofOldName: "input_blocks.4.1.x") == 1 && inputs.factor(ofOldName: "output_blocks.4.1.x") == 0)
        let all = try #require(BlockWeights((0..<26).map { "\($0)" }.joined(separator: ",")))
        #expect(all.factor(ofOldName: "input_blocks.0.0") == 1 && all.factor(ofOldName: "output_blocks.0.0") == 14)
        let xl = try #require(BlockWeights((0..<12).map { "\($0)" }.joined(separator: ",")))
        #expect(xl.factor(ofOldName: "input_blocks.4.1") == 1 && xl.factor(ofOldName: "output_blocks.5.1") == 11)
    }

    /// Names are looked up in folders, below them too, and are never paths.
    @Test func namesAreNeverPaths() throws {
        let folder = try TemporaryFolder()
        let loras = folder.url.appendingPathComponent("loras/styles")
        try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
        let file = loras.appendingPathComponent("Ink.SAFETENSORS")
        let outside = folder.url.appendingPathComponent("secret.safetensors")
        for url in [file, outside] { try Data().write(to: url) }
        for name in ["Ink", "ink", "styles/Ink", "styles/ink.safetensors", "styles\\Ink"] {
            let options = try PipelineOptions(prompts: ["<lora:\(name):1>"], folders: [folder.url], merges: nil)
            #expect(options.adaptations.map { $0.file.standardizedFileURL } == [file.standardizedFileURL], "\(name)")
        }
        for name in ["../secret", outside.path, outside.deletingPathExtension().path, "~/secret", "/etc/passwd"] {
            #expect(throws: DiffusionError.unknownAdaptation(name: name, known: ["Ink"])) {
                try PipelineOptions(prompts: ["<lora:\(name):1>"], folders: [folder.url], merges: nil)
            }
        }
    }

    typealias Stretch = PromptSchedule.Stretch

    /// The examples of the web UI's own parser and of its documentation, for ten steps.
    @Test(arguments: [
        ("test", [Stretch(end: 10, text: "test")]),
        ("a [b:3]", [Stretch(end: 3, text: "a "), Stretch(end: 10, text: "a b")]),
        ("a [b: 3]", [Stretch(end: 3, text: "a "), Stretch(end: 10, text: "a b")]),
        ("a [[[b]]:2]", [Stretch(end: 2, text: "a "), Stretch(end: 10, text: "a [[b]]")]),
        ("[(a:2):3]", [Stretch(end: 3, text: ""), Stretch(end: 10, text: "(a:2)")]),
        ("a [b : c : 1] d", [Stretch(end: 1, text: "a b  d"), Stretch(end: 10, text: "a  c  d")]),
        ("a[b:[c:d:2]:1]e", [Stretch(end: 1, text: "abe"), Stretch(end: 2, text: "ace"), Stretch(end: 10, text: "ade")]),
        ("a [unbalanced", [Stretch(end: 10, text: "a [unbalanced")]),
        ("a [b:.5] c", [Stretch(end: 5, text: "a  c"), Stretch(end: 10, text: "a b c")]),
        ("a [{b|d{:.5] c", [Stretch(end: 10, text: "a [{b|d{:.5] c")]),
        ("((a][:b:c [d:3]", [Stretch(end: 10, text: "((a][:b:c [d:3]")]),
        ("[a::5]", [Stretch(end: 5, text: "a"), Stretch(end: 10, text: "")]),
        ("[:a:5]", [Stretch(end: 5, text: ""), Stretch(end: 10, text: "a")]),
        ("[x]", [Stretch(end: 10, text: "[x]")]),
    ])
    func schedulesAreReadAsTheWebUIDoes(_ prompt: String, _ expected: [Stretch]) {
        #expect(PromptSchedule(prompt, steps: 10).stretches == expected)
        #expect(PromptSchedule(prompt, steps: 10, isRead: false).stretches == [Stretch(end: 10, text: prompt)])
    }

    @Test func alternativesChangeFromStepToStep() {
        let schedule = PromptSchedule("[a|(b:1.1)|]x", steps: 4)
        #expect(schedule.stretches.map(\.text) == ["ax", "(b:1.1)x", "x", "ax"])
        #expect(schedule.text(at: 0) == "ax" && schedule.text(at: 1) == "ax" && schedule.text(at: 2) == "(b:1.1)x")
        #expect(PromptSchedule(String(repeating: "[", count: 15_000), steps: 4).stretches.count == 1)
    }

    @Test func promptsAreComposedWithWeights() {
        #expect(
            ComposedPrompt.parts("a cat AND a dog :0.6 AND  x: 2 ") == [
                WeightedText("a cat ", 1), WeightedText(" a dog ", 0.6), WeightedText("  x", 2),
            ])
        #expect(ComposedPrompt.parts("sand AND_ BRAND a:b") == [WeightedText("sand AND_ BRAND a:b", 1)])
    }

    /// Guidance over parts: the negative text, and from it towards each part by its weight.
    @Test func partsPushByTheirWeights() {
        func text(_ count: Int) -> Conditioning { Conditioning(states: .zeros([1, count, 2])) }
        let guidance = Guidance(parts: [(text(3), 1), (text(2), 0.5)], unconditional: text(3), scale: 4)
        #expect(guidance.batch == 3 && guidance.context.states.shape == [3, 3, 2])
        let output = Tensor([1, 3, 7], shape: [3, 1, 1, 1])
        // 1 + 4 (3 - 1) + 2 (7 - 1)
        #expect(guidance.combined(output).values == [21])
        let changing = guidance.changing([(2, Guidance(conditional: text(1)))])
        #expect(changing.at(step: 1).batch == 3 && changing.at(step: 2).batch == 1 && changing.at(step: 9).batch == 1)
    }

    /// A prompt that changes is, up to there, the one and then the other, to the bit.
    @Test func aScheduledPromptRunsAsItsStretches() throws {
        let one = try #require(FamilyPipelineTests.cases.first { $0.name == "sd1" && $0.mode == .paint })
        let folder = try TemporaryFolder()
        try FamilyPipelineTests.folder(one, in: folder.url)
        let pipeline = try Pipeline(model: folder.url, options: PipelineOptions(merges: FamilyPipelineTests.merges)) {
            throw Families.Missing(name: "sentences")
        }
        var request = GenerationRequest(mode: .paint, prompt: "", steps: 6, guidance: 5, seed: 3, width: 32, height: 32)
        func latents(_ prompt: String) throws -> [Tensor] {
            request.prompt = prompt
            var found: [Tensor] = []
            _ = try pipeline.run(request) { found.append($0.latent) }
            return found
        }
        let (cat, changing, dog) = (try latents("a cat"), try latents("a [cat:dog:0.5]"), try latents("a dog"))
        // The step of the number itself still has the first.
        #expect(changing[..<4].elementsEqual(cat[..<4]) && changing[4] != cat[4] && changing[5] != dog[5])
        let twice = try latents("a cat AND a cat :0")
        #expect(Agreement(twice[5].values, cat[5].values).relative < 1e-5)
        // Each part is a pass, which is planned for; too many are refused, and so are weights that cannot be divided by.
        func pass(_ prompt: String) throws -> Double {
            request.prompt = prompt
            return try pipeline.outline.plan(request, picture: nil).work.pass
        }
        #expect(try pass("a AND b AND c") == 2 * pass("a"))
        let many = [String](repeating: "a", count: 9).joined(separator: " AND ")
        #expect(throws: DiffusionError.promptParts(found: 9, limit: 8)) { try pass(many) }
        request.guidance = 1
        #expect(throws: DiffusionError.partsWithoutWeight) { try latents("a cat AND a dog :-1") }
    }
}

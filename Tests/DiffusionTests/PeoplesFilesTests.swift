import Checkpoints
import Foundation
import Tensors
import TestSupport
import Testing

@testable import Diffusion

/// Files that people have and that once gave another picture without a word, each beside what it must be equal to.
@Suite struct PeoplesFilesTests {
    private func pipeline(_ model: URL, prompts: [String] = [], folders: [URL] = []) throws -> Pipeline {
        let options = try PipelineOptions(prompts: prompts, folders: folders, merges: FamilyPipelineTests.merges)
        return try Pipeline(model: model, options: options) { throw Families.Missing(name: "sentences") }
    }

    private func folder(of name: String, in folder: TemporaryFolder) throws -> URL {
        let one = try #require(FamilyPipelineTests.cases.first { $0.name == name })
        let url = folder.url.appendingPathComponent("model")
        try FamilyPipelineTests.folder(one, in: url)
        return url
    }

    /// Tools that convert second-generation models leave out the text encoder's last block, which is never used: 23 are all there are to run,
    /// of 24 the last is not.
    @Test func theLastBlockOfASecondGenerationsTextIsLeftOutOnce() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("model.safetensors")
        try Families.writeFile("sd2", to: file)
        let stored = try SafetensorsFile(file)
        let blocks = "cond_stage_model.model.transformer.resblocks."
        func states(_ count: Int) throws -> Tensor {
            var tensors = try stored.names.filter { !$0.hasPrefix(blocks) }.map { ($0, try stored.tensor($0)) }
            for name in stored.names where name.hasPrefix(blocks + "0.") {
                for block in 0..<count {
                    let own = "\(blocks)\(block)." + name.dropFirst(blocks.count + 2)
                    tensors.append((own, Families.values(own, try stored.shape(of: name))))
                }
            }
            let url = folder.url.appendingPathComponent("\(count).safetensors")
            try SafetensorsFile.write(tensors: tensors, as: .f16, to: url)
            let text = try #require(try pipeline(url).text as? CLIPPrompts)
            return try text.states(for: "a castle on a hill")
        }
        let whole = try states(24)
        let (left, shorter) = (try states(23), try states(22))
        #expect(left == whole && shorter != whole)
    }

    /// A LoRA on the table of tokens or of positions is added to it as to any other weight.
    @Test(arguments: ["token_embedding", "position_embedding"]) func tablesAreAdapted(_ table: String) throws {
        let temporary = try TemporaryFolder()
        let model = try folder(of: "sd1", in: temporary)
        let encoder = model.appendingPathComponent("text_encoder/model.fp16.safetensors")
        let stored = try SafetensorsFile(encoder)
        let full = try #require(stored.names.first { $0.hasSuffix("embeddings.\(table).weight") })
        let name = String(full.dropLast(".weight".count))
        let weight = try stored.tensor(name + ".weight")
        let (down, up) = (Families.values("down", [2, weight.shape[1]]), Families.values("up", [weight.shape[0], 2]))
        let loras = model.appendingPathComponent("loras")
        try FileManager.default.createDirectory(at: loras, withIntermediateDirectories: true)
        let module = "lora_te_" + name.replacingOccurrences(of: ".", with: "_")
        try SafetensorsFile.write(
            tensors: [(module + ".lora_down.weight", down), (module + ".lora_up.weight", up)],
            to: loras.appendingPathComponent("table.safetensors"))
        func states(_ prompts: [String]) throws -> Tensor {
            let made = try pipeline(model, prompts: prompts, folders: [model])
            let text = try #require(made.text as? CLIPPrompts)
            return try text.states(for: "a castle on a hill")
        }
        let plain = try states([])
        let adapted = try states(["<lora:table>"])
        let merged = try stored.names.map { ($0, $0 == name + ".weight" ? weight + matmul(up, down) : try stored.tensor($0)) }
        let replaced = model.appendingPathComponent("text_encoder/new.safetensors")
        try SafetensorsFile.write(tensors: merged, to: replaced)
        try FileManager.default.removeItem(at: encoder)
        try FileManager.default.moveItem(at: replaced, to: encoder)
        let wanted = try states([])
        let agreement = Agreement(adapted.values, wanted.values)
        #expect(agreement.relative < 2e-5, "\(agreement)")
        #expect(Agreement(plain.values, wanted.values).relative > 1e-2)
    }

    /// Trained for one of XL's two encoders, it counts for that one; the other reads its name as words.
    @Test func anEmbeddingOfOneEncoderIsUsedForThatOne() throws {
        let temporary = try TemporaryFolder()
        let model = try folder(of: "sdxl", in: temporary)
        let embeddings = model.appendingPathComponent("embeddings")
        try FileManager.default.createDirectory(at: embeddings, withIntermediateDirectories: true)
        let first = try SafetensorsFile(model.appendingPathComponent("text_encoder/model.fp16.safetensors"))
        let table = try #require(first.names.first { $0.hasSuffix("token_embedding.weight") })
        let width = try first.shape(of: table)[1]
        func states() throws -> Tensor {
            let made = try pipeline(model, prompts: ["a qxhero on a hill"], folders: [model])
            return try made.text.conditioning(for: "a qxhero on a hill", PromptReading()).states
        }
        let plain = try states()
        try SafetensorsFile.write(
            tensors: [("clip_l", Families.values("hero", [1, width]))], to: embeddings.appendingPathComponent("qxhero.safetensors"))
        let called = try states()
        #expect(called.shape == plain.shape)
        func part(_ states: Tensor, _ range: Range<Int>) -> [Float] { states.sliced(range, axis: 2).values }
        #expect(Agreement(part(called, 0..<width), part(plain, 0..<width)).relative > 1e-3)
        #expect(called.values.allSatisfy { $0.isFinite })
    }
}

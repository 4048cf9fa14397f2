import Foundation
import TestSupport
import Testing

@testable import Studio

/// Where a model gets the parts that it lacks.
@Suite struct MissingPartsTests {
    private let folder: TemporaryFolder
    private let studio: Studio

    init() throws {
        folder = try TemporaryFolder()
        let installation = Installation(
            data: checkout, personalModels: folder.url.appendingPathComponent("models"), cache: folder.url.appendingPathComponent("cache"),
            defaultLibrary: folder.url)
        studio = Studio(installation: installation, library: folder.url.appendingPathComponent("library"))
    }

    /// A file of two bytes a number, all zero, with these parts of a model whose texts have a width.
    private func model(_ name: String, _ width: Int, _ parts: String...) throws -> String {
        let tensors: [(String, [Int])] = [
            ("model.diffusion_model.input_blocks.0.0.weight", [8, 4, 3, 3]),
            ("model.diffusion_model.input_blocks.1.1.transformer_blocks.0.attn2.to_k.weight", [8, width]),
            ("first_stage_model.decoder.conv_in.weight", [8, 4, 3, 3]), ("cond_stage_model.transformer.x.weight", [8]),
        ]
        var header: [String: Any] = [:]
        var end = 0
        for (tensor, shape) in tensors where parts.contains(where: { tensor.hasPrefix($0) }) {
            let bytes = shape.reduce(2, *)
            header[tensor] = ["dtype": "F16", "shape": shape, "data_offsets": [end, end + bytes]] as [String: Any]
            end += bytes
        }
        let text = try JSONSerialization.data(withJSONObject: header)
        let url = folder.url.appendingPathComponent(name + ".safetensors")
        try (withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) } + text + Data(count: end)).write(to: url)
        return url.path
    }

    private func wish(_ model: String, _ change: (inout GenerationWish) -> Void = { _ in }) -> GenerationWish {
        var wish = GenerationWish()
        (wish.prompt, wish.model, wish.seed) = ("a cat", model, 1)
        change(&wish)
        return wish
    }

    @Test func aModelOfTheSameFamilyLendsThem() async throws {
        let (network, noText) = (try model("network", 768, "model."), try model("text", 768, "model.", "first_stage_model."))
        let whole = try model("whole", 768, "model.", "first_stage_model.", "cond_stage_model.")
        let other = try model("other", 2048, "model.", "first_stage_model.", "cond_stage_model.")
        #expect(try await studio.order(wish(network)).model.vae == nil, "nothing is registered that could lend them")
        _ = try await studio.addModels(at: other)
        #expect(try await studio.order(wish(network)).model.vae == nil, "another family lends nothing")
        _ = try await studio.addModels(at: whole)
        let order = try await studio.order(wish(network))
        #expect(order.model.vae == whole && order.model.textEncoders == [whole])
        let half = try await studio.order(wish(noText))
        #expect(half.model.vae == nil && half.model.textEncoders == [whole])
        // What the person names goes first: a path, or a model's name.
        let told = try await studio.order(wish(network) { ($0.vae, $0.textEncoders) = ("other", [noText]) })
        #expect(told.model.vae == other && told.model.textEncoders == [noText])
        #expect(try await studio.order(wish(whole) { $0.vae = noText }).model.vae == noText)
        await #expect(throws: StudioError.self) { try await studio.order(wish(whole) { $0.vae = "nowhere" }) }
        // A network can be registered, too, and is told what it lacks.
        let report = try await studio.addModels(at: network)
        #expect(report.first?.state == "added" && report.first?.use.contains("--vae") == true)
        #expect(try await studio.order(wish("network")).model.vae == whole)
    }
}
